package org.bitnetj.bench;

import org.bitnetj.family.ModelSpec;
import org.bitnetj.tensor.AttentionLayer;

/** What steps cost at least besides weights: cached bytes that must be read, and int8 products. */
record StepCosts(ModelSpec spec, AttentionLayer.Type cacheType) {

  /**
   * Cached keys and values that steps read, each position once in a step.
   *
   * @param depth tokens in the cache before
   * @param tokens tokens computed for each sequence
   * @param rows most tokens of a sequence in a step
   * @param sequences how many are computed together
   */
  long cacheBytes(int depth, int tokens, int rows, int sequences) {
    long bytes = 0;
    for (int done = 0; done < tokens; ) {
      done += Math.min(rows, tokens - done);
      bytes += (long) sequences * (depth + done) * bytesPerPosition();
    }
    return bytes;
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
