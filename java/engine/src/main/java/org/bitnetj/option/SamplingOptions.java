package org.bitnetj.option;

import java.util.OptionalLong;

/**
 * How the next token is chosen. The names and defaults are llama.cpp's; penalties come first, then
 * top-k, temperature, top-p and min-p. Every constructor and {@code with} method refuses a value
 * out of its range with an {@link IllegalArgumentException} whose message is a sentence. Immutable.
 *
 * @param temperature divides the logits before the draw; 0 takes the most probable token (greedy)
 * @param topK keeps the k most probable tokens; 0 keeps all
 * @param topP keeps the fewest most probable tokens whose probabilities sum to at least this; 1
 *     keeps all
 * @param minP keeps the tokens at least this times as probable as the most probable one; 0 keeps
 *     all
 * @param repetitionPenalty divides the positive and multiplies the negative logits of recent
 *     tokens; 1 changes nothing
 * @param presencePenalty subtracted once from the logits of recent tokens; 0 changes nothing
 * @param frequencyPenalty subtracted from the logits of recent tokens once for each time they
 *     occur; 0 changes nothing
 * @param penaltyWindow how many of the last tokens count as recent; 0 disables the penalties
 * @param seed of the random draws; empty for a new one each time, which {@code Sampler#seed}
 *     returns
 */
public record SamplingOptions(
    double temperature,
    int topK,
    double topP,
    double minP,
    double repetitionPenalty,
    double presencePenalty,
    double frequencyPenalty,
    int penaltyWindow,
    OptionalLong seed) {

  private static final SamplingOptions DEFAULTS =
      new SamplingOptions(0.8, 40, 0.95, 0.05, 1, 0, 0, 64, OptionalLong.empty());

  public SamplingOptions {
    check("temperature", temperature, 0, Double.MAX_VALUE, "0 or more (0 is greedy)");
    check("top-k", topK, 0, Integer.MAX_VALUE, "0 or more (0 keeps all tokens)");
    check("top-p", topP, 0, 1, "between 0 and 1 (1 keeps all tokens)");
    check("min-p", minP, 0, 1, "between 0 and 1 (0 keeps all tokens)");
    check(
        "repetition penalty", repetitionPenalty, 0.01, 100, "between 0.01 and 100 (1 is neutral)");
    check("presence penalty", presencePenalty, -100, 100, "between -100 and 100 (0 is neutral)");
    check("frequency penalty", frequencyPenalty, -100, 100, "between -100 and 100 (0 is neutral)");
    check("penalty window", penaltyWindow, 0, Integer.MAX_VALUE, "0 tokens or more");
  }

  private static void check(String name, double value, double min, double max, String range) {
    if (!(value >= min && value <= max)) {
      String shown = value == (int) value ? Integer.toString((int) value) : "" + value;
      throw new IllegalArgumentException(
          "The " + name + " must be " + range + ", not " + shown + ".");
    }
  }

  /** Temperature 0.8, top-k 40, top-p 0.95, min-p 0.05, no penalties, a new seed each time. */
  public static SamplingOptions defaults() {
    return DEFAULTS;
  }

  /** Always the most probable token; no penalties. */
  public static SamplingOptions greedy() {
    return DEFAULTS.withTemperature(0);
  }

  public boolean isGreedy() {
    return temperature == 0;
  }

  /** Whether some penalty can change a logit. */
  public boolean penalizes() {
    return penaltyWindow > 0
        && (repetitionPenalty != 1 || presencePenalty != 0 || frequencyPenalty != 0);
  }

  public SamplingOptions withTemperature(double value) {
    return new SamplingOptions(
        value,
        topK,
        topP,
        minP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        penaltyWindow,
        seed);
  }

  public SamplingOptions withTopK(int value) {
    return new SamplingOptions(
        temperature,
        value,
        topP,
        minP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        penaltyWindow,
        seed);
  }

  public SamplingOptions withTopP(double value) {
    return new SamplingOptions(
        temperature,
        topK,
        value,
        minP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        penaltyWindow,
        seed);
  }

  public SamplingOptions withMinP(double value) {
    return new SamplingOptions(
        temperature,
        topK,
        topP,
        value,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        penaltyWindow,
        seed);
  }

  public SamplingOptions withRepetitionPenalty(double value) {
    return new SamplingOptions(
        temperature,
        topK,
        topP,
        minP,
        value,
        presencePenalty,
        frequencyPenalty,
        penaltyWindow,
        seed);
  }

  public SamplingOptions withPresencePenalty(double value) {
    return new SamplingOptions(
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        value,
        frequencyPenalty,
        penaltyWindow,
        seed);
  }

  public SamplingOptions withFrequencyPenalty(double value) {
    return new SamplingOptions(
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        presencePenalty,
        value,
        penaltyWindow,
        seed);
  }

  public SamplingOptions withPenaltyWindow(int value) {
    return new SamplingOptions(
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        value,
        seed);
  }

  public SamplingOptions withSeed(long value) {
    return withSeed(OptionalLong.of(value));
  }

  /** Empty: a new seed each time. */
  public SamplingOptions withSeed(OptionalLong value) {
    return new SamplingOptions(
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        penaltyWindow,
        value);
  }
}
