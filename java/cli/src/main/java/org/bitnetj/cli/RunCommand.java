package org.bitnetj.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.bitnetj.bench.energy.EnergyMeter;
import org.bitnetj.bench.energy.EnergyReading;
import org.bitnetj.generate.FinishReason;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.GenerationResult;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.Session;
import org.bitnetj.generate.SessionOptions;
import org.bitnetj.tokenizer.Tokenizer;
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
      "  echo \"Once upon a time\" | bitnet run --no-echo",
      "",
      "Standard output gets the prompt, its continuation as it comes, and a line break; standard"
          + " error gets a line of statistics. A prompt from a file or standard input loses one"
          + " line break at its end. An empty prompt (\"\") lets the model begin.",
      "",
      "Ctrl-C ends the text; the statistics still come, and the exit code is 130."
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

  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException {
    GenerationOptions options = generation.options(maxTokens);
    if (think.isOff()) {
      throw new ParameterException(
          spec.commandLine(),
          "--think off needs a chat format, which 'bitnet chat' has; here it is show or hide.");
    }
    SessionOptions place = context.session();
    Streams streams = bitnet.streams();
    String prompt = text.prompt(streams);
    model.suggestAnother(streams);
    try (LanguageModel loaded = engine.load(model.path(streams), head.mode(), streams);
        Session session = loaded.openSession(place);
        EnergyMeter meter = EnergyMeter.ofMachine();
        Interruption _ = new Interruption(session)) {
      int[] ids = tokens(loaded.tokenizer(), prompt);
      Output out = streams.out();
      if (echo) {
        out.print(prompt).flush();
      }
      GenerationResult result;
      meter.start();
      if (think.isGiven()) {
        try (Reply reply = new Reply(streams, false, think.hides())) {
          result = session.generate(ids, options, reply);
        }
      } else {
        result = session.generate(ids, options, piece -> out.print(piece).flush());
      }
      EnergyReading energy = meter.stop();
      out.print("\n").flush();
      streams.tell(Statistics.line(loaded, result, energy));
      return result.finishReason() == FinishReason.CANCELLED ? INTERRUPTED : 0;
    }
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
