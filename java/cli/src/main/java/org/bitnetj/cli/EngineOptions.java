package org.bitnetj.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.stream.Stream;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.selection.KernelSelection;
import org.bitnetj.option.HeadMode;
import org.bitnetj.option.LayoutOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/**
 * How a model is loaded and computed. Of what is computed, none of it but --activations changes a
 * result.
 */
final class EngineOptions {
  /** What --from-disk does. */
  static final String FROM_DISK =
      "Use a model that is larger than the memory: what does not fit is read from disk again for"
          + " every token. Default: it is refused.";

  private static final int MOST_THREADS = 1024;

  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      description =
          "Threads that compute, 1 to "
              + MOST_THREADS
              + ". Default: one for each processor. Fewer may be faster where two share a core.")
  private @Nullable Integer threads;

  @Option(
      names = "--kernels",
      paramLabel = "TIER",
      completionCandidates = Tiers.class,
      description =
          "${COMPLETION-CANDIDATES}; all give the same text. Default: auto, the fastest that runs"
              + " here, unless BITNET_KERNELS names another.")
  private @Nullable String kernels;

  @Option(
      names = "--sparse",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "Keep the feed-forward weights by rows and columns where that pays, so that a token reads"
              + " only those it needs (the default).")
  private boolean sparse;

  @Option(
      names = "--mmap",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "Map the model file (the default). --no-mmap reads it into memory instead: slower to"
              + " start, but safe if another program may shorten or overwrite the file meanwhile.")
  private boolean mapped;

  @Option(
      names = "--no-cache",
      description =
          "Pack the weights of a large GGUF file in memory. Default: once, into a file in the"
              + " user's cache folder that is mapped from then on (see 'bitnet cache --help').")
  private boolean uncached;

  @Option(names = "--from-disk", description = FROM_DISK)
  private boolean fromDisk;

  @Mixin private ReadingOptions reading;

  /** Loads a model, and says on standard error what its user must know. */
  LanguageModel load(Path path, HeadMode head, Streams streams) throws IOException {
    return LanguageModel.load(path, options(head, streams));
  }

  /** What the options say, for a command that adds to it. */
  LoadOptions options(HeadMode head, Streams streams) {
    LoadingLine line = new LoadingLine(streams);
    return options()
        .withHead(head)
        .withWarnings(warning -> line.tell("bitnet: warning: " + warning + "."))
        .withNotes(note -> line.tell("bitnet: note: " + note + "."))
        .withProgress(line);
  }

  LayoutOptions layouts() {
    return reading.layouts();
  }

  private LoadOptions options() {
    LoadOptions options =
        reading.in(
            LoadOptions.defaults()
                .withSparse(sparse)
                .withMapped(mapped)
                .withPackedCache(!uncached)
                .withFromDisk(fromDisk));
    if (threads != null) {
      if (threads < 1 || threads > MOST_THREADS) {
        throw new ParameterException(
            spec.commandLine(),
            "The number of threads (-t) must be from 1 to "
                + MOST_THREADS
                + ", not "
                + threads
                + ".");
      }
      options = options.withThreads(threads);
    }
    if (kernels != null) {
      if (!kernels.equalsIgnoreCase(KernelSelection.AUTO)
          && KernelTier.ofLabel(kernels).isEmpty()) {
        throw new ParameterException(
            spec.commandLine(),
            "Unknown kernels '"
                + kernels
                + "'; choose one of "
                + KernelSelection.AUTO
                + ", "
                + KernelTier.labels()
                + ".");
      }
      options = options.withKernels(kernels);
    }
    return options;
  }

  private static final class Tiers implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Stream.concat(
              Stream.of(KernelSelection.AUTO),
              Stream.of(KernelTier.values()).map(KernelTier::label))
          .iterator();
    }
  }
}
