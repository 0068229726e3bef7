package org.bitnetj.generate;

import java.util.Arrays;
import org.bitnetj.generate.SharedTransformer.LogitsUse;
import org.bitnetj.kv.KvCache;
import org.bitnetj.model.LogitsNeed;
import org.bitnetj.model.WeightReads;
import org.bitnetj.tensor.AttentionLayer;

/**
 * The tokens of a session and their keys and values. For one thread at a time, except {@link
 * #close}.
 */
final class Sequence {
  private final SharedTransformer transformer;
  private final KvCache cache;
  private final int[] tokens;
  private final WeightReads reads = new WeightReads();

  Sequence(SharedTransformer transformer, AttentionLayer.Type type, int context) {
    this.transformer = transformer;
    this.cache = transformer.newCache(type, context);
    this.tokens = new int[context];
  }

  int context() {
    return tokens.length;
  }

  /** How many tokens are in the cache. */
  int length() {
    return cache.length(0);
  }

  /** Those tokens. */
  int[] tokens() {
    return Arrays.copyOf(tokens, length());
  }

  /**
   * Keeps as much of the cache as is a beginning of {@code ids}, at most {@code most} tokens, and
   * forgets the rest. A token's keys and values depend only on it and those before it, so computing
   * on from here gives the bits that computing everything would.
   *
   * @return how many tokens were kept
   */
  int keepPrefix(int[] ids, int most) {
    int mismatch = Arrays.mismatch(tokens, 0, length(), ids, 0, ids.length);
    int common = mismatch < 0 ? length() : mismatch;
    int kept = Math.min(common, most);
    cache.truncate(0, kept);
    return kept;
  }

  /**
   * Computes one step: tokens {@code [from, to)} of {@code ids}, which must fit batch and cache.
   *
   * @param need which logits
   */
  void append(int[] ids, int from, int to, int logitsFrom, LogitsNeed need, LogitsUse use) {
    int start = length();
    // Tokens beyond the cache's length mean nothing, so they may be there before a step fails.
    System.arraycopy(ids, from, tokens, start, to - from);
    transformer.append(cache, ids, from, to, logitsFrom, need, use, reads);
  }

  /** What the last step read of the weights. */
  WeightReads reads() {
    return reads;
  }

  int batchCapacity() {
    return transformer.batchCapacity();
  }

  int logitsCapacity() {
    return transformer.logitsCapacity();
  }

  /** Logits in a row. */
  int vocabulary() {
    return transformer.spec().vocabulary();
  }

  long bytesPerToken() {
    return transformer.bytesPerToken();
  }

  void close() {
    transformer.free(cache);
  }
}
