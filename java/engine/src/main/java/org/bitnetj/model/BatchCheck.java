package org.bitnetj.model;

import org.bitnetj.kv.KvCache;
import org.bitnetj.tensor.Batch;

/**
 * What a batch must be like before kernels, which check nothing, compute it.
 *
 * @param spec the model that computes it
 * @param logitsCapacity most rows with logits
 */
record BatchCheck(ModelSpec spec, int logitsCapacity) {
  /**
   * Refuses a batch that asks for too much or does not continue the sequences of {@code cache}.
   *
   * @throws ContextOverflowException if a row's position does not fit the cache
   * @throws IllegalArgumentException if the cache is another model's, or a token, sequence or
   *     position is out of range or order
   */
  void require(Batch batch, KvCache cache) {
    if (cache.layers() != spec.layers()) {
      throw new IllegalArgumentException("the cache was made for another model");
    }
    if (batch.logitsCount() > logitsCapacity) {
      throw new IllegalArgumentException(
          batch.logitsCount() + " rows ask for logits, there is room for " + logitsCapacity);
    }
    for (int r = 0; r < batch.size(); r++) {
      int sequence = batch.sequence(r);
      if (sequence < 0 || sequence >= cache.sequences()) {
        throw new IllegalArgumentException("there is no sequence " + sequence);
      }
      int token = batch.token(r);
      if (token < 0 || token >= spec.vocabulary()) {
        throw new IllegalArgumentException(
            "token " + token + " is not in the vocabulary of " + spec.vocabulary());
      }
      int position = batch.position(r);
      if (position >= cache.context()) {
        throw new ContextOverflowException(
            "position "
                + position
                + " does not fit a context of "
                + cache.context()
                + "; use a larger context or a shorter text.");
      }
      int expected = expected(batch, cache, r);
      if (position != expected) {
        throw new IllegalArgumentException(
            "row "
                + r
                + " has position "
                + position
                + " where sequence "
                + sequence
                + " expects "
                + expected);
      }
    }
  }

  /** The position that follows what the cache and earlier rows of the batch hold. */
  private static int expected(Batch batch, KvCache cache, int row) {
    // Rows of one sequence usually stand together; look back no further than needed.
    for (int r = row - 1; r >= 0; r--) {
      if (batch.sequence(r) == batch.sequence(row)) {
        return batch.position(r) + 1;
      }
    }
    return cache.length(batch.sequence(row));
  }
}
