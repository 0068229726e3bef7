package org.bitnetj.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.bitnetj.convert.Conversion;
import org.bitnetj.convert.ConversionOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code bitnet convert}: a model of any container and type as a GGUF file. */
@Command(
    name = "convert",
    description = "Writes a model as a GGUF file, its weights in the types that are asked for.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  bitnet convert i2_s.gguf tq2_0.gguf --weights tq2_0    # for llama.cpp",
      "  bitnet convert Falcon3-1B-Instruct-1.58bit falcon3.gguf --head q6_k",
      "  bitnet convert i2_s.gguf panels.gguf --weights panels  # ready when mapped",
      "  bitnet convert i2_s.gguf small.gguf --weights panels1.6 --no-sparse",
      "  bitnet convert model-00001-of-00003.gguf model.gguf    # into one file",
      "",
      "Digits of ternary weights are never changed. Scales are rounded where the type of --weights"
          + " cannot hold them exactly; a warning says so. The file appears when it is complete;"
          + " one that exists is replaced only with --force."
    })
final class ConvertCommand implements Callable<Integer> {
  @ParentCommand private BitnetCommand bitnet;
  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "SRC",
      completionCandidates = NamedModel.ShortNamesAndFiles.class,
      description =
          "A GGUF file (any one of a split model's), the folder of a Hugging Face checkpoint, or a"
              + " name, as for -m of 'bitnet run'.")
  private String model;

  @Parameters(index = "1", paramLabel = "DST", description = "The GGUF file to write.")
  private Path target;

  @Option(
      names = "--weights",
      paramLabel = "TYPE",
      completionCandidates = StoredTypes.OfConvertedWeights.class,
      description =
          "How ternary weights are stored: ${COMPLETION-CANDIDATES}. Default: as they are; types"
              + " that are only read, as i2_s, or as pq2_0 with scales by groups of columns. With"
              + " panels or panels1.6, in the layouts that this engine computes with, of two or 1.6"
              + " bits a weight: such a file is mapped and ready, and no other engine reads it.")
  private @Nullable String weights;

  @Option(
      names = "--head",
      paramLabel = "HEAD",
      completionCandidates = StoredTypes.OfHeads.class,
      description =
          "How embedding and head are stored: ${COMPLETION-CANDIDATES}. Default: as they are.")
  private @Nullable String head;

  @Option(
      names = "--exact-scales",
      description =
          "Where --weights is a type with float16 scales, keep one that is none in a tensor beside"
              + " the weights, which not every engine reads. Default: round it, and say so.")
  private boolean exactScales;

  @Option(
      names = "--sparse",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "With --weights panels or panels1.6, store the feed-forward weights by rows and columns,"
              + " of two bits a weight, where a token can skip some (the default). --no-sparse:"
              + " in panels, like all others; then no token skips any.")
  private boolean sparse;

  @Mixin private HubOption hub;
  @Mixin private ReadingOptions reading;
  @Mixin private ForceOption force;
  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException {
    ConversionOptions options = options();
    Path source = hub.path(model, bitnet.streams());
    force.check(target, reading.layouts(), source);
    long start = System.nanoTime();
    long[] size = new long[1];
    try (ProgressLine progress = new ProgressLine(bitnet.streams())) {
      Conversion.convert(
          source,
          target,
          options
              .withProgress(
                  (written, total) -> {
                    size[0] = total;
                    progress.written(written, total, start);
                  })
              .withWarnings(warning -> bitnet.streams().tell("bitnet: warning: " + warning + ".")));
    }
    double seconds = (System.nanoTime() - start) * 1e-9;
    bitnet
        .streams()
        .tell(
            String.format(
                Locale.ROOT,
                "%s: %d bytes in %.1f s, %.0f MB/s",
                target,
                size[0],
                seconds,
                size[0] * 1e-6 / seconds));
    return 0;
  }

  private ConversionOptions options() {
    try {
      ConversionOptions defaults = ConversionOptions.defaults();
      return new ConversionOptions(
          Optional.ofNullable(weights),
          Optional.ofNullable(head),
          exactScales,
          reading.activations(),
          reading.layouts(),
          defaults.lowBitHead(),
          sparse,
          defaults.progress(),
          defaults.warnings());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }
}
