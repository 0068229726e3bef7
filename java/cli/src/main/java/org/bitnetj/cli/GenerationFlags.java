package org.bitnetj.cli;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.option.SamplingOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** How the next token is chosen and when a text ends, apart from its length. */
final class GenerationFlags {
  private static final SamplingOptions DEFAULTS = SamplingOptions.defaults();

  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = {"--temp", "--temperature"},
      paramLabel = "T",
      description =
          "How freely to choose; 0 always takes the most probable token. Default:"
              + " ${DEFAULT-VALUE}.")
  private double temperature = DEFAULTS.temperature();

  @Option(
      names = "--top-k",
      paramLabel = "K",
      description =
          "Choose among the K most probable tokens, 0 for all. Default: ${DEFAULT-VALUE}.")
  private int topK = DEFAULTS.topK();

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description =
          "Choose among the most probable tokens that together have probability P. Default:"
              + " ${DEFAULT-VALUE}.")
  private double topP = DEFAULTS.topP();

  @Option(
      names = "--min-p",
      paramLabel = "P",
      description =
          "Choose among tokens at least P times as probable as the first. Default:"
              + " ${DEFAULT-VALUE}.")
  private double minP = DEFAULTS.minP();

  @Option(
      names = "--repeat-penalty",
      paramLabel = "X",
      description = "Divides the logits of recent tokens; 1 is neutral. Default: ${DEFAULT-VALUE}.")
  private double repetition = DEFAULTS.repetitionPenalty();

  @Option(
      names = "--presence-penalty",
      paramLabel = "X",
      description =
          "Subtracted from the logits of recent tokens; 0 is neutral. Default: ${DEFAULT-VALUE}.")
  private double presence = DEFAULTS.presencePenalty();

  @Option(
      names = "--frequency-penalty",
      paramLabel = "X",
      description =
          "Subtracted from a token's logit once for each time it recently occurred; 0 is neutral."
              + " Default: ${DEFAULT-VALUE}.")
  private double frequency = DEFAULTS.frequencyPenalty();

  @Option(
      names = "--repeat-last-n",
      paramLabel = "N",
      description = "The last N tokens are recent. Default: ${DEFAULT-VALUE}.")
  private int window = DEFAULTS.penaltyWindow();

  @Option(
      names = "--seed",
      paramLabel = "N",
      description =
          "Seed of the random choices: the same one gives the same text. Default: another one each"
              + " time.")
  private @Nullable Long seed;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "End before this text; may be given several times.")
  private List<String> stops = List.of();

  @Option(names = "--ignore-eos", description = "Continue after a token that ends the text.")
  private boolean ignoreEnd;

  @Option(
      names = "--no-draft",
      description =
          "Compute one token at a time, also where an earlier part of the text suggests the next"
              + " ones. The text is the same.")
  private boolean noDraft;

  /**
   * @param maxTokens most tokens; −1 for no bound but the context
   */
  GenerationOptions options(int maxTokens) {
    try {
      if (maxTokens < -1) {
        throw new IllegalArgumentException(
            "The number of tokens (-n) must be 0 or more, or -1 for as many as fit, not "
                + maxTokens
                + ".");
      }
      SamplingOptions sampling =
          new SamplingOptions(
              temperature,
              topK,
              topP,
              minP,
              repetition,
              presence,
              frequency,
              window,
              Map.of(),
              seed == null ? OptionalLong.empty() : OptionalLong.of(seed));
      return GenerationOptions.defaults()
          .withSampling(sampling)
          .withMaxTokens(maxTokens < 0 ? Integer.MAX_VALUE : maxTokens)
          .withStopStrings(stops)
          .withIgnoreEnd(ignoreEnd)
          .withDrafting(!noDraft);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }
}
