package org.bitnetj.generate;

import java.util.Objects;
import java.util.Optional;

/**
 * A finished text.
 *
 * @param text the pieces that the listener received, joined
 * @param tokens its tokens, an end token not among them; after {@link FinishReason#STOP_STRING}
 *     also those of the stop string. The array is the caller's
 * @param finishReason why it ended
 * @param stopString the one that ended it, after {@link FinishReason#STOP_STRING}
 * @param seed of the random draws: it reproduces the text with the same options
 * @param stats times, counts and bytes read
 */
public record GenerationResult(
    String text,
    int[] tokens,
    FinishReason finishReason,
    Optional<String> stopString,
    long seed,
    GenerationStats stats) {
  /** Refuses null. */
  public GenerationResult {
    Objects.requireNonNull(text, "text is null");
    Objects.requireNonNull(tokens, "tokens is null");
    Objects.requireNonNull(finishReason, "finishReason is null");
    Objects.requireNonNull(stopString, "stopString is null");
    Objects.requireNonNull(stats, "stats is null");
  }
}
