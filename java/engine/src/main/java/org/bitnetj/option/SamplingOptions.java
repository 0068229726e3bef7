package org.bitnetj.option;

import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.function.Consumer;

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
 * @param logitBias added to the logits of these tokens, before the penalties; a token with {@link
 *     Double#NEGATIVE_INFINITY} is never chosen
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
    Map<Integer, Double> logitBias,
    OptionalLong seed) {

  private static final double MOST_BIAS = 1000;
  private static final SamplingOptions DEFAULTS =
      new SamplingOptions(0.8, 40, 0.95, 0.05, 1, 0, 0, 64, Map.of(), OptionalLong.empty());

  /**
   * Copies the biases and checks the values.
   *
   * @throws IllegalArgumentException if one is out of its range; the message is a sentence
   */
  public SamplingOptions {
    Objects.requireNonNull(logitBias, "logitBias is null");
    Objects.requireNonNull(seed, "seed is null");
    check("temperature", temperature, 0, Double.MAX_VALUE, "0 or more (0 is greedy)");
    check("top-k", topK, 0, Integer.MAX_VALUE, "0 or more (0 keeps all tokens)");
    check("top-p", topP, 0, 1, "between 0 and 1 (1 keeps all tokens)");
    check("min-p", minP, 0, 1, "between 0 and 1 (0 keeps all tokens)");
    check(
        "repetition penalty", repetitionPenalty, 0.01, 100, "between 0.01 and 100 (1 is neutral)");
    check("presence penalty", presencePenalty, -100, 100, "between -100 and 100 (0 is neutral)");
    check("frequency penalty", frequencyPenalty, -100, 100, "between -100 and 100 (0 is neutral)");
    check("penalty window", penaltyWindow, 0, Integer.MAX_VALUE, "0 tokens or more");
    logitBias = Map.copyOf(logitBias);
    logitBias.forEach(
        (token, bias) -> {
          check("token of a logit bias", token, 0, Integer.MAX_VALUE, "0 or more");
          check(
              "logit bias",
              bias,
              Double.NEGATIVE_INFINITY,
              MOST_BIAS,
              "at most " + (int) MOST_BIAS + " (minus infinity forbids the token)");
        });
  }

  private static void check(String name, double value, double min, double max, String range) {
    if (!(value >= min && value <= max)) {
      String shown = value == (int) value ? Integer.toString((int) value) : "" + value;
      throw new IllegalArgumentException(
          "The " + name + " must be " + range + ", not " + shown + ".");
    }
  }

  /**
   * {@return the defaults: temperature 0.8, top-k 40, top-p 0.95, min-p 0.05, no penalties, a new
   * seed each time}
   */
  public static SamplingOptions defaults() {
    return DEFAULTS;
  }

  /** {@return options that always take the most probable token; no penalties} */
  public static SamplingOptions greedy() {
    return DEFAULTS.withTemperature(0);
  }

  /** {@return whether the most probable token is always taken} */
  public boolean isGreedy() {
    return temperature == 0;
  }

  /** {@return whether some penalty can change a logit} */
  public boolean penalizes() {
    return penaltyWindow > 0
        && (repetitionPenalty != 1 || presencePenalty != 0 || frequencyPenalty != 0);
  }

  /**
   * {@return these options with another {@link #temperature}}
   *
   * @param value the new one
   */
  public SamplingOptions withTemperature(double value) {
    return edit(d -> d.temperature = value);
  }

  /**
   * {@return these options with another {@link #topK}}
   *
   * @param value the new one
   */
  public SamplingOptions withTopK(int value) {
    return edit(d -> d.topK = value);
  }

  /**
   * {@return these options with another {@link #topP}}
   *
   * @param value the new one
   */
  public SamplingOptions withTopP(double value) {
    return edit(d -> d.topP = value);
  }

  /**
   * {@return these options with another {@link #minP}}
   *
   * @param value the new one
   */
  public SamplingOptions withMinP(double value) {
    return edit(d -> d.minP = value);
  }

  /**
   * {@return these options with another {@link #repetitionPenalty}}
   *
   * @param value the new one
   */
  public SamplingOptions withRepetitionPenalty(double value) {
    return edit(d -> d.repetitionPenalty = value);
  }

  /**
   * {@return these options with another {@link #presencePenalty}}
   *
   * @param value the new one
   */
  public SamplingOptions withPresencePenalty(double value) {
    return edit(d -> d.presencePenalty = value);
  }

  /**
   * {@return these options with another {@link #frequencyPenalty}}
   *
   * @param value the new one
   */
  public SamplingOptions withFrequencyPenalty(double value) {
    return edit(d -> d.frequencyPenalty = value);
  }

  /**
   * {@return these options with another {@link #penaltyWindow}}
   *
   * @param value the new one
   */
  public SamplingOptions withPenaltyWindow(int value) {
    return edit(d -> d.penaltyWindow = value);
  }

  /**
   * {@return these options with another {@link #logitBias}}
   *
   * @param value the new one
   */
  public SamplingOptions withLogitBias(Map<Integer, Double> value) {
    return edit(d -> d.logitBias = value);
  }

  /**
   * {@return these options with another {@link #seed}}
   *
   * @param value the new one
   */
  public SamplingOptions withSeed(long value) {
    return edit(d -> d.seed = OptionalLong.of(value));
  }

  /**
   * Empty: a new seed each time.
   *
   * @param value empty for a new seed each time
   * @return these options with another {@link #seed}
   */
  public SamplingOptions withSeed(OptionalLong value) {
    return edit(d -> d.seed = value);
  }

  private SamplingOptions edit(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return new SamplingOptions(
        draft.temperature,
        draft.topK,
        draft.topP,
        draft.minP,
        draft.repetitionPenalty,
        draft.presencePenalty,
        draft.frequencyPenalty,
        draft.penaltyWindow,
        draft.logitBias,
        draft.seed);
  }

  /** The components, while they are changed. */
  private static final class Draft {
    private double temperature;
    private int topK;
    private double topP;
    private double minP;
    private double repetitionPenalty;
    private double presencePenalty;
    private double frequencyPenalty;
    private int penaltyWindow;
    private Map<Integer, Double> logitBias;
    private OptionalLong seed;

    Draft(SamplingOptions from) {
      temperature = from.temperature;
      topK = from.topK;
      topP = from.topP;
      minP = from.minP;
      repetitionPenalty = from.repetitionPenalty;
      presencePenalty = from.presencePenalty;
      frequencyPenalty = from.frequencyPenalty;
      penaltyWindow = from.penaltyWindow;
      logitBias = from.logitBias;
      seed = from.seed;
    }
  }
}
