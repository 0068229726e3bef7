package org.bitnetj.cli;

import org.bitnetj.bench.energy.EnergyReading;
import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.GenerationResult;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** How much standard error gets to hear of a text. */
final class Reporting {
  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--stats",
      description =
          "After a text say all that was measured: the speed of prefill and decode, kernels,"
              + " threads, bytes read per token, active hidden units, energy. Default: tokens,"
              + " tokens/s, the time to the first token and the seed.")
  private boolean stats;

  @Option(
      names = {"-q", "--quiet"},
      description = "Say nothing but warnings and errors.")
  private boolean quiet;

  /** Refuses options that contradict each other. */
  void check() {
    if (stats && quiet) {
      throw new ParameterException(spec.commandLine(), "Give --stats or -q, not both.");
    }
  }

  /** Whether all that is measured is wanted. */
  boolean isFull() {
    return stats;
  }

  boolean isQuiet() {
    return quiet;
  }

  /**
   * Says what a text took.
   *
   * @param energy what the machine took meanwhile; null if that was not measured
   */
  void tell(
      Streams streams,
      LanguageModel model,
      GenerationResult result,
      @Nullable EnergyReading energy) {
    if (stats) {
      streams.tell(
          energy == null ? Statistics.line(model, result) : Statistics.line(model, result, energy));
    } else if (!quiet) {
      streams.tell(Statistics.brief(result));
    }
  }

  /** Loads without notes and progress if nothing is to be said. */
  LoadOptions in(LoadOptions options) {
    return quiet ? options.withNotes(note -> {}).withProgress((done, total) -> {}) : options;
  }

  /**
   * Shows a person at a terminal how much of a long prompt is computed, until the text begins. To
   * be used for one text.
   */
  PrefillProgress withProgress(Streams streams, GenerationListener listener) {
    boolean shown = !quiet && streams.isTerminal(Streams.Standard.ERR);
    return new PrefillProgress(shown ? new ProgressLine(streams) : null, listener);
  }
}
