package org.bitnetj.generate;

import java.util.Objects;
import java.util.OptionalDouble;

/**
 * Times, counts and bytes read for a text. Times are wall-clock times; they include waiting for
 * other sessions of the model, but not the listener's work.
 *
 * @param promptTokens tokens of the prompt
 * @param cachedTokens how many of them were still in the session's cache
 * @param generatedTokens tokens of the text, an end token not counted
 * @param decodeSteps steps computed after the prompt; each gives a token, and one for each drafted
 *     token that is accepted
 * @param draftedTokens tokens that were drafted and computed with the next one
 * @param acceptedTokens how many of them the text has
 * @param prefillNanos time for the prompt, the choice of the first token included
 * @param decodeNanos time for the decode steps, sampling included
 * @param firstTokenNanos from the call to the first token; 0 if there was none
 * @param bytesPerToken average weight bytes that the decode steps read for a token; without decode
 *     steps, the most that one with all logits reads
 * @param activeRows the share of the feed-forward networks' hidden units with a gate above 0 in the
 *     decode steps, which read only the weights of these; empty if they read all
 * @param nonzeroUnits the share of hidden units that were not 0 in int8; empty likewise
 */
public record GenerationStats(
    int promptTokens,
    int cachedTokens,
    int generatedTokens,
    int decodeSteps,
    int draftedTokens,
    int acceptedTokens,
    long prefillNanos,
    long decodeNanos,
    long firstTokenNanos,
    long bytesPerToken,
    OptionalDouble activeRows,
    OptionalDouble nonzeroUnits) {
  /** Refuses null. */
  public GenerationStats {
    Objects.requireNonNull(activeRows, "activeRows is null");
    Objects.requireNonNull(nonzeroUnits, "nonzeroUnits is null");
  }

  /** {@return computed prompt tokens per second; 0 if there were none} */
  public double prefillTokensPerSecond() {
    return rate(promptTokens - cachedTokens, prefillNanos);
  }

  /** {@return tokens that the decode steps gave; an end token counts} */
  public int decodedTokens() {
    return decodeSteps + acceptedTokens;
  }

  /** {@return tokens of the decode steps per second; 0 if there were none} */
  public double decodeTokensPerSecond() {
    return rate(decodedTokens(), decodeNanos);
  }

  private static double rate(int count, long nanos) {
    return count > 0 && nanos > 0 ? count * 1e9 / nanos : 0;
  }
}
