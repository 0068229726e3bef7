package org.bitnetj.format;

import java.lang.foreign.MemorySegment;

/** A format whose every element is the float32 that {@link #floats} defines. */
public non-sealed interface FloatFormat extends WeightFormat {
  /**
   * Puts a row into {@code out[at]} to {@code out[at + columns - 1]}.
   *
   * @param data exactly the bytes of a matrix
   */
  void floats(MemorySegment data, int columns, int row, float[] out, int at);
}
