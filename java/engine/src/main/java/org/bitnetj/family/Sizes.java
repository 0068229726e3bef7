package org.bitnetj.family;

/** The sizes of a model that decide the shapes of its tensors. */
public interface Sizes {
  /** Number of tokens. */
  int vocabulary();

  /** Length of the residual stream. */
  int width();

  /** Hidden units of the feed-forward network. */
  int feedForward();

  /** Query heads. */
  int heads();

  /** Key and value heads. */
  int kvHeads();

  /** Length of a head. */
  int headDim();

  /** Elements of a head that are rotated. */
  int ropeDimensions();

  /** Length of all query heads together. */
  default int queryWidth() {
    return heads() * headDim();
  }

  /** Length of all key (or value) heads together. */
  default int kvWidth() {
    return kvHeads() * headDim();
  }
}
