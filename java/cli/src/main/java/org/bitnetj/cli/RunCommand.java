package org.bitnetj.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.bitnetj.bench.energy.EnergyMeter;
import org.bitnetj.bench.energy.EnergyReading;
import org.bitnetj.generate.FinishReason;
import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.GenerationResult;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.generate.Session;
import org.bitnetj.generate.SessionOptions;
import org.bitnetj.tokenizer.Tokenizer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code bitnet run}: continues a text. */
@Command(
    name = "run",
    description = "Continues a text.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  bitnet run \"Once upon a time\"",
      "  bitnet run -m model.gguf -n 64 --temp 0 -p \"The capital of France is\"",
      "  bitnet run -m 2b4t \"The capital of France is\"",
      "  bitnet run --seed 7 --stop \"The End\" -f beginning.txt >story.txt",
      "  echo \"Once upon a time\" | bitnet run --no-echo -",
      "",
      "Standard output gets the prompt, its continuation as it comes, and a line break; standard"
          + " error gets a line of statistics (--stats: all of them, -q: none). A prompt from a"
          + " file or standard input loses one line break at its end. An empty prompt (\"\") lets"
          + " the model begin; -p - is the prompt '-'.",
      "",
      "At a terminal 'bitnet run' without a text opens a session: a chat with a model that has a"
          + " chat format, and with any other one a loop that continues each text that you type. In"
          + " both /help lists commands, among them /set for the options of sampling.",
      "",
      "Ctrl-C ends the text; the statistics still come, and the exit code is 130. A file (-o) gets"
          + " a text that is complete or none."
    })
final class RunCommand implements Callable<Integer> {
  private static final int INTERRUPTED = 130;

  @Spec private CommandSpec spec;
  @ParentCommand private BitnetCommand bitnet;
  @Mixin private ModelOption model;
  @Mixin private TextInput text;

  @Option(
      names = {"-n", "--predict"},
      paramLabel = "N",
      description =
          "Generate at most N tokens, -1 for as many as fit. The model may end the text sooner."
              + " Default: ${DEFAULT-VALUE}.")
  private int maxTokens = 256;

  @Mixin private ThinkOption think;
  @Mixin private GenerationFlags generation;
  @Mixin private ContextOptions context;
  @Mixin private EngineOptions engine;
  @Mixin private HeadOption head;

  @Option(
      names = "--echo",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description = "Print the prompt before its continuation (the default).")
  private boolean echo;

  @Option(
      names = "--parse-special",
      description = "Read the names of special tokens in the prompt as these tokens, not as text.")
  private boolean parseSpecial;

  @Mixin private OutputOption output;
  @Mixin private SessionFlags sessions;
  @Mixin private Reporting reporting;
  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException {
    GenerationOptions options = generation.options(maxTokens);
    reporting.check();
    SessionOptions place = context.session();
    if (!text.isGiven() && SessionFlags.isPossible(bitnet.streams())) {
      if (output.isGiven()) {
        throw new ParameterException(
            spec.commandLine(), "-o takes the text that is generated; give the text before it.");
      }
      return hold(options, place, bitnet.streams());
    }
    if (think.isOff()) {
      throw noChatFormat();
    }
    String prompt = text.prompt(bitnet.streams());
    suggestAnother(bitnet.streams());
    LoadOptions load = reporting.in(engine.options(head.mode(), bitnet.streams()));
    Path path = model.path(bitnet.streams());
    Path[] inputs = Stream.concat(Stream.of(path), text.file().stream()).toArray(Path[]::new);
    try (Result written = output.openWhole(bitnet.streams(), engine.layouts(), inputs);
        LanguageModel loaded = LanguageModel.load(path, load);
        Session session = loaded.openSession(place);
        @Nullable EnergyMeter meter = reporting.isFull() ? EnergyMeter.ofMachine() : null;
        Interruption interruption = new Interruption(session)) {
      int[] ids = tokens(loaded.tokenizer(), prompt);
      Streams streams = written.streams();
      Output out = streams.out();
      Echo echoed = new Echo(out, echo ? prompt : "");
      GenerationResult result;
      if (meter != null) {
        meter.start();
      }
      if (think.isGiven()) {
        try (Reply reply = new Reply(streams, false, think.hides());
            PrefillProgress progress =
                reporting.withProgress(streams, echoed.before(reply::onText))) {
          result = session.generate(ids, options, progress);
        }
      } else {
        try (PrefillProgress progress =
            reporting.withProgress(streams, echoed.before(piece -> out.print(piece).flush()))) {
          result = session.generate(ids, options, progress);
        }
      }
      echoed.print();
      EnergyReading energy = meter == null ? null : meter.stop();
      out.print("\n");
      boolean cancelled = result.finishReason() == FinishReason.CANCELLED;
      boolean kept = !(cancelled && written.isWhole()) && commits(written, interruption);
      if (!kept) {
        streams.tell("bitnet: interrupted: " + output.file().orElseThrow() + " was not written.");
      }
      reporting.tell(streams, loaded, result, energy);
      return cancelled || !kept ? INTERRUPTED : 0;
    }
  }

  /** False if a signal that came after the text took the file away that was to have it. */
  private static boolean commits(Result written, Interruption interruption) {
    try {
      written.commit();
      return true;
    } catch (Failures.Failure e) {
      if (interruption.hasCome()) {
        return false;
      }
      throw e;
    }
  }

  /**
   * The prompt before its continuation. It is printed once it is computed: till then its last line
   * would be where the line of progress is.
   */
  private static final class Echo {
    private final Output out;
    private final String prompt;
    private boolean printed;

    Echo(Output out, String prompt) {
      this.out = out;
      this.prompt = prompt;
    }

    void print() {
      if (!printed) {
        printed = true;
        out.print(prompt).flush();
      }
    }

    /** Prints it as soon as it is computed, before the text. */
    GenerationListener before(Consumer<String> text) {
      return new GenerationListener() {
        @Override
        public void onPrefill(int done, int total) {
          if (done == total) {
            print();
          }
        }

        @Override
        public void onText(String piece) {
          print();
          text.accept(piece);
        }
      };
    }
  }

  /** A session at the terminal: a chat, if the model was made for that. */
  private int hold(GenerationOptions options, SessionOptions place, Streams streams)
      throws IOException {
    suggestAnother(streams);
    LoadOptions load = reporting.in(engine.options(head.mode(), streams));
    try (LoadedModel loaded =
        LoadedModel.of(LanguageModel.load(model.path(streams), load), place)) {
      return hold(loaded, load, options, place, streams);
    }
  }

  private int hold(
      LoadedModel loaded,
      LoadOptions load,
      GenerationOptions options,
      SessionOptions place,
      Streams streams)
      throws IOException {
    boolean chats = loaded.model().chatTemplate().isPresent();
    if (!chats && think.isOff()) {
      throw noChatFormat();
    }
    try (Messages typed = sessions.typed(streams, chats ? Chat.names() : Continuation.names())) {
      if (chats) {
        boolean limited = spec.commandLine().getParseResult().hasMatchedOption("-n");
        GenerationOptions answers = limited ? options : options.withMaxTokens(Integer.MAX_VALUE);
        Chat.Manner manner = new Chat.Manner(answers, think, "", sessions.shifts(false), reporting);
        try (Chat chat =
            new Chat(
                streams,
                typed,
                loaded,
                name ->
                    LoadedModel.forChat(LanguageModel.load(model.path(name, streams), load), place),
                manner)) {
          chat.greet();
          return chat.hold(Optional.empty());
        }
      }
      try (Continuation continuation =
          new Continuation(
              streams,
              typed,
              loaded,
              said -> tokens(loaded.model().tokenizer(), said),
              options,
              reporting)) {
        continuation.greet();
        return continuation.hold(Optional.empty());
      }
    }
  }

  private void suggestAnother(Streams streams) {
    if (!reporting.isQuiet()) {
      model.suggestAnother(streams);
    }
  }

  private ParameterException noChatFormat() {
    return new ParameterException(
        spec.commandLine(),
        "--think off needs a chat format, which 'bitnet chat' has; here it is show or hide.");
  }

  private int[] tokens(Tokenizer tokenizer, String prompt) {
    // An empty text needs some token before it, whether or not others do.
    int[] ids = tokenizer.encode(prompt, parseSpecial, tokenizer.addsBos() || prompt.isEmpty());
    if (ids.length == 0) {
      throw new Failures.Failure(
          "the prompt is empty and the model has no token to begin a text with; give it some"
              + " text.");
    }
    return ids;
  }
}
