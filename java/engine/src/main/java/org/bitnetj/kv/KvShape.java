package org.bitnetj.kv;

import org.bitnetj.tensor.AttentionLayer;

/**
 * What a position of the KV cache takes: a key and a value of {@code headDim} elements for each
 * layer and cache head.
 *
 * @param queryHeads query heads of a layer, a multiple of {@code kvHeads}
 * @param kvHeads cache heads of a layer
 */
public record KvShape(
    int layers, int queryHeads, int kvHeads, int headDim, AttentionLayer.Type type) {
  public KvShape {
    if (Math.min(Math.min(layers, kvHeads), headDim) < 1
        || queryHeads < kvHeads
        || queryHeads % kvHeads != 0) {
      throw new IllegalArgumentException(
          "a KV cache of %d layers, %d query heads over %d cache heads of %d elements is impossible"
              .formatted(layers, queryHeads, kvHeads, headDim));
    }
  }

  /** Bytes of one position in all layers. */
  public long positionBytes() {
    return 2L * layers * kvHeads * headDim * type.bytes();
  }
}
