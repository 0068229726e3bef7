package org.bitnetj.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.bitnetj.chat.ChatTemplate;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.generate.Session;
import org.bitnetj.generate.SessionOptions;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

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
      "  bitnet chat -m model.gguf --system \"Answer in one sentence.\" --temp 0.6",
      "  bitnet chat -m model.gguf --think off",
      "  bitnet chat -m model.gguf <questions.txt >answers.txt",
      "",
      "At a terminal you can edit lines; they are remembered in a file that only you can read."
          + " Ctrl-C ends an answer, Ctrl-D ends the chat, and /help lists the commands. Without a"
          + " terminal each line of standard input is a message, the answers go to standard output,"
          + " and the first error ends the chat.",
      "",
      "A line that ends in a backslash continues on the next line. A message between \"\"\" and"
          + " \"\"\" may have several lines. A model without a chat template, such as the one that"
          + " ships, only continues texts: use 'bitnet run'."
    })
final class ChatCommand implements Callable<Integer> {
  @ParentCommand private BitnetCommand bitnet;
  @Mixin private ModelOption model;

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

  @Option(names = "--no-history", description = "Do not remember what is typed.")
  private boolean noHistory;

  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException {
    GenerationOptions options = generation.options(maxTokens);
    SessionOptions place = context.session();
    Streams streams = bitnet.streams();
    LoadOptions load = engine.options(head.mode(), streams);
    model.suggestAnother(streams);
    if (chatTemplate != null) {
      load =
          load.withChatTemplate(
              TextInput.decoded(
                  TextInput.withoutByteOrderMark(TextInput.contents(chatTemplate)),
                  chatTemplate.toString()));
    }
    try (LanguageModel loaded = LanguageModel.load(model.path(streams), load)) {
      ChatTemplate template = template(loaded);
      try (Session session = loaded.openSession(place);
          Messages messages = messages(streams)) {
        template.note().ifPresent(note -> streams.tell("bitnet: note: " + note));
        if (!system.isEmpty() && !loaded.hasSystemRole()) {
          streams.tell("bitnet: note: " + Chat.NO_SYSTEM_ROLE);
        }
        String thinking = think.note(template);
        if (thinking != null) {
          streams.tell("bitnet: note: " + thinking);
        }
        if (messages.isConversation()) {
          streams.tell(greeting(loaded, session, template));
        }
        return new Chat(streams, loaded, session, options, messages, think, system).hold();
      }
    }
  }

  private static ChatTemplate template(LanguageModel loaded) {
    try {
      return loaded.requireChatTemplate();
    } catch (IllegalStateException e) {
      throw new Failures.Failure(
          loaded.info().name() + ": " + e.getMessage() + " 'bitnet run' continues a text.");
    }
  }

  private static String greeting(LanguageModel loaded, Session session, ChatTemplate template) {
    return loaded.info().name()
        + " (chat format: "
        + template.name()
        + "; "
        + loaded.kernels()
        + " kernels, context of "
        + session.context()
        + " tokens). /help lists commands, Ctrl-D ends the chat.";
  }

  private Messages messages(Streams streams) throws IOException {
    if (!streams.isTerminal(Streams.Standard.IN) || !streams.isTerminal(Streams.Standard.OUT)) {
      return new PipedMessages(streams.lines());
    }
    return new TypedMessages(
        TerminalBuilder.builder().name("bitnet").encoding(StandardCharsets.UTF_8).build(),
        noHistory ? Optional.empty() : history(streams),
        Chat.orders());
  }

  /** The file of what was typed, which only the user can read. */
  private static Optional<Path> history(Streams streams) {
    Optional<Path> folder = StateFolder.find();
    try {
      if (folder.isPresent() && !Files.isDirectory(folder.get())) {
        Files.createDirectories(folder.get());
        if (folder.get().getFileSystem().supportedFileAttributeViews().contains("posix")) {
          Files.setPosixFilePermissions(folder.get(), PosixFilePermissions.fromString("rwx------"));
        }
      }
      Optional<Path> file = folder.map(f -> f.resolve("chat-history"));
      if (file.isPresent()) {
        StateFolder.keepPrivate(file.get());
      }
      return file;
    } catch (IOException e) {
      streams.tell(
          "bitnet: note: what you type is not remembered: cannot use "
              + folder.orElseThrow()
              + ": "
              + Failures.reason(e)
              + ".");
      return Optional.empty();
    }
  }
}
