package org.bitnetj.generate;

/**
 * What a text took. Times are of the wall clock, waiting for other sessions of the model included,
 * the listener's work not.
 *
 * @param promptTokens tokens of the prompt
 * @param cachedTokens how many of them were still in the session's cache
 * @param generatedTokens tokens of the text, an end token not counted
 * @param decodeSteps single-token steps computed after the prompt
 * @param prefillNanos time for the prompt, the choice of the first token included
 * @param decodeNanos time for the decode steps, sampling included
 * @param firstTokenNanos from the call to the first token; 0 if there was none
 * @param bytesPerToken weight bytes that a decode step read, on average; without one, those that a
 *     step with all logits would
 */
public record GenerationStats(
    int promptTokens,
    int cachedTokens,
    int generatedTokens,
    int decodeSteps,
    long prefillNanos,
    long decodeNanos,
    long firstTokenNanos,
    long bytesPerToken) {

  /** Computed prompt tokens per second; 0 if there were none. */
  public double prefillTokensPerSecond() {
    return rate(promptTokens - cachedTokens, prefillNanos);
  }

  /** Decode steps per second; 0 if there were none. */
  public double decodeTokensPerSecond() {
    return rate(decodeSteps, decodeNanos);
  }

  private static double rate(int count, long nanos) {
    return count > 0 && nanos > 0 ? count * 1e9 / nanos : 0;
  }
}
