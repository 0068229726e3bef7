package org.bitnetj.cli.bench;

import org.bitnetj.kernel.AttentionLayer;
import org.bitnetj.model.ModelSpec;

/**
 * What a token costs at least: bytes that must be read once in every step, and int8 products.
 *
 * @param ternaryBytes weights that every step reads
 * @param headBytes weights that a step with logits reads
 */
record StepCosts(ModelSpec spec, long ternaryBytes, long headBytes, AttentionLayer.Type cacheType) {

  /**
   * Weights and cached keys and values that steps read, shared among the tokens they compute.
   *
   * @param depth tokens in the cache before
   * @param tokens tokens computed for each sequence
   * @param rows most tokens of a sequence in a step
   * @param sequences how many are computed together
   * @param logitsAlways whether every step has logits, or only the last
   */
  double bytesPerToken(int depth, int tokens, int rows, int sequences, boolean logitsAlways) {
    double bytes = 0;
    for (int done = 0; done < tokens; ) {
      done += Math.min(rows, tokens - done);
      bytes += ternaryBytes + (double) sequences * (depth + done) * bytesPerPosition();
      if (logitsAlways || done == tokens) {
        bytes += headBytes;
      }
    }
    return bytes / ((double) tokens * sequences);
  }

  /** Bytes of keys and values of one position in all layers. */
  long bytesPerPosition() {
    return 2L * spec.layers() * spec.kvWidth() * cacheType.bytes();
  }

  /** Products of an int8 activation and a ternary weight. */
  long productsPerToken() {
    long width = spec.width();
    return spec.layers()
        * (2 * width * spec.queryWidth()
            + 2 * width * spec.kvWidth()
            + 3 * width * spec.feedForward());
  }
}
