package org.bitnetj.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.generate.SessionOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code bitnet chat}: a conversation. */
@Command(
    name = "chat",
    description = "Talks with a model that was made to chat.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  bitnet chat -m model.gguf",
      "  bitnet chat -m 2b4t",
      "  bitnet chat -m 2b4t \"Why is the sky blue?\"",
      "  bitnet chat -m model.gguf --system \"Answer in one sentence.\" --temp 0.6",
      "  bitnet chat -m model.gguf --think off",
      "  bitnet chat -m model.gguf <questions.txt >answers.txt",
      "",
      "At a terminal you can edit lines; they are remembered in a file that only you can read."
          + " Ctrl-C ends an answer, Ctrl-D ends the chat, and /help lists the commands. Without a"
          + " terminal each line of standard input is a message, the answers go to standard output,"
          + " and the first error ends the chat.",
      "",
      "Where the messages no longer fit the context, the oldest ones are dropped and a line says"
          + " so; --no-context-shift ends the chat instead, or lets you decide at a terminal.",
      "",
      "A line that ends in a backslash continues on the next line. A message between \"\"\" and"
          + " \"\"\" may have several lines. A model without a chat template, such as the one that"
          + " ships, only continues texts: use 'bitnet run'."
    })
final class ChatCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @ParentCommand private BitnetCommand bitnet;
  @Mixin private ModelOption model;

  @Parameters(
      arity = "0..*",
      paramLabel = "[MESSAGE]",
      hideParamSyntax = true,
      description = "The first message, in quotes; the chat goes on after its answer.")
  private List<String> first = List.of();

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      defaultValue = "",
      description =
          "The system message: how the model should behave. Where the chat format has none, the"
              + " text is put in front of the first message. Default: none.")
  private String system;

  @Option(
      names = "--chat-template",
      paramLabel = "FILE",
      description = "A Jinja chat template to use instead of the model's own.")
  private @Nullable Path chatTemplate;

  @Option(
      names = {"-n", "--predict"},
      paramLabel = "N",
      description =
          "Generate at most N tokens for an answer, -1 for as many as fit. Default:"
              + " ${DEFAULT-VALUE}.")
  private int maxTokens = -1;

  @Mixin private ThinkOption think;
  @Mixin private GenerationFlags generation;
  @Mixin private ContextOptions context;
  @Mixin private EngineOptions engine;
  @Mixin private HeadOption head;

  @Mixin private SessionFlags sessions;
  @Mixin private Reporting reporting;
  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException {
    GenerationOptions options = generation.options(maxTokens);
    reporting.check();
    SessionOptions place = context.session();
    if (first.size() > 1) {
      throw new ParameterException(
          spec.commandLine(),
          "Put the message in quotes, so that it is one argument: \""
              + String.join(" ", first)
              + "\".");
    }
    if (first.equals(List.of(TextInput.STANDARD_INPUT))) {
      throw new ParameterException(
          spec.commandLine(),
          "A chat reads its messages from standard input anyway; leave out the '-'.");
    }
    Streams streams = bitnet.streams();
    LoadOptions load = reporting.in(engine.options(head.mode(), streams));
    if (!reporting.isQuiet()) {
      model.suggestAnother(streams);
    }
    LoadOptions with =
        chatTemplate == null
            ? load
            : load.withChatTemplate(
                TextInput.decoded(
                    TextInput.withoutByteOrderMark(TextInput.contents(chatTemplate)),
                    chatTemplate.toString()));
    try (Messages messages = messages(streams);
        Chat chat =
            new Chat(
                streams,
                messages,
                LoadedModel.forChat(LanguageModel.load(model.path(streams), with), place),
                name ->
                    LoadedModel.forChat(LanguageModel.load(model.path(name, streams), load), place),
                new Chat.Manner(options, think, system, sessions.shifts(true), reporting))) {
      chat.greet();
      return chat.hold(first.stream().findFirst());
    }
  }

  private Messages messages(Streams streams) throws IOException {
    return SessionFlags.isPossible(streams)
        ? sessions.typed(streams, Chat.names())
        : new PipedMessages(streams.lines());
  }
}
