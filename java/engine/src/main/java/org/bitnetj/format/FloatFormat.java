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

  /**
   * Writes a row, each element rounded as its class says. A function of the values alone.
   *
   * @param values the first {@code columns} elements, finite
   * @param data exactly the bytes of a matrix
   * @throws IllegalArgumentException if it cannot hold values so large; the message is a clause
   *     that follows the tensor's name
   */
  void encode(float[] values, MemorySegment data, int columns, int row);
}
