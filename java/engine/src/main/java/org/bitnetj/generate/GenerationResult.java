package org.bitnetj.generate;

/**
 * A finished text.
 *
 * @param text what the listener heard, joined
 * @param tokens its tokens, an end token not among them; after {@link FinishReason#STOP_STRING}
 *     also those of the stop string. The array is the caller's
 * @param finishReason why it ended
 * @param seed of the random draws: with it and the same options the text comes again
 * @param stats what it took
 */
public record GenerationResult(
    String text, int[] tokens, FinishReason finishReason, long seed, GenerationStats stats) {}
