package org.bitnetj.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.Session;
import org.bitnetj.generate.SessionOptions;
import org.bitnetj.option.CacheType;
import org.bitnetj.option.HeadMode;
import org.bitnetj.tokenizer.Tokenizer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code bitnet logits}: what a model says about every next token, for numpy. */
@Command(
    name = "logits",
    description = "Writes the logits after a text as a numpy file.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  bitnet logits -p \"Once upon a time\" -o next.npy",
      "  bitnet logits --ids 4094,351,975 --all -o logits.npy",
      "  bitnet logits -m model.gguf -f book.txt --all --cache f16 -o book.npy",
      "",
      "The result is in numpy's format .npy, float32 in C order: [vocabulary] after the last token,"
          + " or with --all [positions, vocabulary], row i after token i. A text gets the"
          + " beginning-of-text token if the model file asks for it; ids are taken as they are.",
      "",
      "Keys and values are stored in float32 here, as in the reference implementations that logits"
          + " are compared with. 'run' and 'chat' use float16; --cache f16 gives their logits."
    })
final class LogitsCommand implements Callable<Integer> {
  @ParentCommand private BitnetCommand bitnet;
  @Spec private CommandSpec spec;
  @Mixin private ModelOption model;
  @Mixin private TextInput text;
  @Mixin private EngineOptions engine;

  @Option(
      names = "--ids",
      paramLabel = "ID,ID,…",
      description = "Token ids instead of a text, exactly these.")
  private @Nullable String ids;

  @Option(names = "--all", description = "A row for every position, not only the last one.")
  private boolean all;

  @Option(
      names = "--cache",
      paramLabel = "TYPE",
      description = "How keys and values are stored: f32 or f16. Default: f32.")
  private CacheType cache = CacheType.F32;

  @Mixin private OutputOption output;
  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException {
    if (ids != null && text.isGiven()) {
      throw new ParameterException(spec.commandLine(), "Give a text or --ids, not both.");
    }
    if (!output.isGiven()) {
      throw new ParameterException(
          spec.commandLine(), "Name the .npy file to write by -o ('-' is standard output).");
    }
    byte[] bytes = ids == null ? text.bytes(bitnet.streams()) : new byte[0];
    Path[] inputs =
        Stream.concat(Stream.of(model.path(bitnet.streams())), text.file().stream())
            .toArray(Path[]::new);
    try (Result result = output.openBinary(bitnet.streams(), engine.layouts(), inputs);
        LanguageModel loaded =
            engine.load(model.path(bitnet.streams()), HeadMode.FULL, bitnet.streams());
        Session session = loaded.openSession(SessionOptions.defaults().withCacheType(cache));
        ProgressLine progress = new ProgressLine(bitnet.streams())) {
      int[] tokens = tokens(loaded.tokenizer(), bytes);
      int vocabulary = loaded.info().vocabulary();
      ByteBuffer row =
          ByteBuffer.allocate(Math.multiplyExact(vocabulary, Float.BYTES))
              .order(ByteOrder.LITTLE_ENDIAN);
      result
          .out()
          .write(all ? NpyFormat.header(tokens.length, vocabulary) : NpyFormat.header(vocabulary));
      session.logits(
          tokens,
          all ? 0 : tokens.length - 1,
          (position, logits) -> {
            row.clear().asFloatBuffer().put(logits);
            result.out().write(row.array());
            progress.update(() -> position + 1 + " of " + tokens.length + " positions");
          });
      result.commit();
    }
    return 0;
  }

  private int[] tokens(Tokenizer tokenizer, byte[] bytes) {
    int[] tokens =
        ids != null
            ? TokenIds.parse(ids, tokenizer.vocabularySize())
            : tokenizer.encode(bytes, false, tokenizer.addsBos());
    if (tokens.length == 0) {
      throw new Failures.Failure("the text is empty; give at least one token.");
    }
    return tokens;
  }
}
