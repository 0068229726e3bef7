package org.bitnetj.cli;

import java.io.IOException;
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

/** {@code bitnet perplexity}: how surprising a text is to a model. */
@Command(
    name = "perplexity",
    description = "Measures how surprising a text is to a model.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  bitnet perplexity -m model.gguf -f wiki.test.raw",
      "  bitnet perplexity -m model.gguf -f book.txt --chunk 1024 --stride 512",
      "",
      "The text is read in windows of --chunk tokens, each --stride tokens after the one before. If"
          + " the model asks for a beginning-of-text token, each window begins with it. In a"
          + " window, those tokens are scored that no window before it has scored: all but the"
          + " first window's have at least chunk - stride tokens before them. Without --stride the"
          + " windows do not overlap. A token with nothing before it is not scored.",
      "",
      "The error is the standard error of the mean, as if tokens were independent. Perplexities"
          + " compare only with the same text, tokenizer, chunk and stride."
    })
final class PerplexityCommand implements Callable<Integer> {
  private static final int USUAL_CHUNK = 512;

  @ParentCommand private BitnetCommand bitnet;
  @Spec private CommandSpec spec;
  @Mixin private ModelOption model;
  @Mixin private TextInput text;
  @Mixin private EngineOptions engine;

  @Option(
      names = "--chunk",
      paramLabel = "N",
      description = "Tokens of a window. Default: 512, or the model's context if that is shorter.")
  private @Nullable Integer chunk;

  @Option(
      names = "--stride",
      paramLabel = "N",
      description = "Tokens from one window to the next. Default: as many as a window has.")
  private @Nullable Integer stride;

  @Option(
      names = "--cache",
      paramLabel = "TYPE",
      description = "How keys and values are stored: f16 or f32. Default: f16.")
  private CacheType cache = CacheType.F16;

  @Mixin private OutputOption output;
  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException {
    byte[] bytes = text.bytes(bitnet.streams());
    Path path = model.path(bitnet.streams());
    Path[] inputs = Stream.concat(Stream.of(path), text.file().stream()).toArray(Path[]::new);
    try (Result written = output.open(bitnet.streams(), engine.layouts(), inputs);
        LanguageModel loaded = engine.load(path, HeadMode.FULL, bitnet.streams());
        ProgressLine progress = new ProgressLine(bitnet.streams())) {
      Tokenizer tokenizer = loaded.tokenizer();
      int context = loaded.info().contextLength();
      int window = chunk != null ? chunk : Math.min(USUAL_CHUNK, context);
      int begin = tokenizer.addsBos() ? 1 : 0;
      if (window < 2 || window > context) {
        throw usage("--chunk must be 2 to " + context + ", the model's context, not " + window);
      }
      int step = stride != null ? stride : window - begin;
      if (step < 1 || step > window - begin) {
        throw usage("--stride must be 1 to " + (window - begin) + ", not " + step);
      }
      int[] tokens = tokenizer.encode(bytes, false, false);
      if (tokens.length < 2 - begin) {
        throw new Failures.Failure(
            "the text is too short: a token is scored by what comes before it.");
      }
      SessionOptions options = SessionOptions.defaults().withContext(window).withCacheType(cache);
      try (Session session = loaded.openSession(options)) {
        Perplexity result = new Perplexity();
        int scored = 1 - begin; // without a token before it, the first cannot be scored
        for (int from = 0; scored < tokens.length; from += step) {
          int to = Math.min(from + window - begin, tokens.length);
          int[] ids = new int[begin + to - from];
          if (begin > 0) {
            ids[0] = tokenizer.bos().orElseThrow();
          }
          System.arraycopy(tokens, from, ids, begin, to - from);
          int first = Math.max(1, begin + scored - from);
          if (first < ids.length) {
            for (double nats : session.score(ids, first)) {
              result.add(nats);
            }
          }
          scored = to;
          progress.update(() -> result + " of " + tokens.length);
        }
        written.out().println(result.toString());
        written.commit();
      }
    }
    return 0;
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message + ".");
  }
}
