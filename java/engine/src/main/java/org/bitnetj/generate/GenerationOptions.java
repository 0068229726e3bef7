package org.bitnetj.generate;

import java.util.List;
import java.util.Set;
import org.bitnetj.option.SamplingOptions;

/**
 * How a text is generated and when it ends. Immutable; constructor and {@code with} methods refuse
 * wrong values with an {@link IllegalArgumentException} whose message is a sentence.
 *
 * @param sampling how each token is chosen
 * @param maxTokens most tokens of the text; {@link Integer#MAX_VALUE} means that only the context
 *     is a limit, 0 only fills the cache with the prompt
 * @param stopStrings the text ends before the first of these
 * @param stopTokens end the text as the model's own end tokens do
 * @param ignoreEnd whether end and stop tokens are treated like other tokens
 * @param showSpecials whether the names of special tokens appear in the text
 */
public record GenerationOptions(
    SamplingOptions sampling,
    int maxTokens,
    List<String> stopStrings,
    Set<Integer> stopTokens,
    boolean ignoreEnd,
    boolean showSpecials) {

  private static final GenerationOptions DEFAULTS =
      new GenerationOptions(
          SamplingOptions.defaults(), Integer.MAX_VALUE, List.of(), Set.of(), false, false);

  public GenerationOptions {
    stopStrings = List.copyOf(stopStrings);
    stopTokens = Set.copyOf(stopTokens);
    if (maxTokens < 0) {
      throw new IllegalArgumentException(
          "The most tokens to generate must be 0 or more, not " + maxTokens + ".");
    }
    for (int token : stopTokens) {
      if (token < 0) {
        throw new IllegalArgumentException("A stop token is 0 or more, not " + token + ".");
      }
    }
    for (String stop : stopStrings) {
      if (stop.isEmpty()) {
        throw new IllegalArgumentException("A stop string must not be empty.");
      }
      if (stop.codePoints()
          .anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
        throw new IllegalArgumentException("A stop string must not hold half a character.");
      }
    }
  }

  /** Default sampling, no limit except the context, the model's own end tokens. */
  public static GenerationOptions defaults() {
    return DEFAULTS;
  }

  /** Always the most probable token, else the defaults. */
  public static GenerationOptions greedy() {
    return DEFAULTS.withSampling(SamplingOptions.greedy());
  }

  public GenerationOptions withSampling(SamplingOptions value) {
    return new GenerationOptions(
        value, maxTokens, stopStrings, stopTokens, ignoreEnd, showSpecials);
  }

  /** The same sampling with this seed. */
  public GenerationOptions withSeed(long seed) {
    return withSampling(sampling.withSeed(seed));
  }

  public GenerationOptions withMaxTokens(int value) {
    return new GenerationOptions(sampling, value, stopStrings, stopTokens, ignoreEnd, showSpecials);
  }

  public GenerationOptions withStopStrings(List<String> value) {
    return new GenerationOptions(sampling, maxTokens, value, stopTokens, ignoreEnd, showSpecials);
  }

  public GenerationOptions withStopStrings(String... value) {
    return withStopStrings(List.of(value));
  }

  public GenerationOptions withStopTokens(Set<Integer> value) {
    return new GenerationOptions(sampling, maxTokens, stopStrings, value, ignoreEnd, showSpecials);
  }

  public GenerationOptions withIgnoreEnd(boolean value) {
    return new GenerationOptions(sampling, maxTokens, stopStrings, stopTokens, value, showSpecials);
  }

  public GenerationOptions withShowSpecials(boolean value) {
    return new GenerationOptions(sampling, maxTokens, stopStrings, stopTokens, ignoreEnd, value);
  }
}
