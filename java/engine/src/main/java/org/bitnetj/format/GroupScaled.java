package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** A ternary format whose every block holds its own scale, a float16. */
interface GroupScaled extends TernaryEncoder {
  /** The scale's offset in a block. */
  int scaleOffset();

  @Override
  default ScaleKind scaleKind() {
    return new ScaleKind.Group(blockColumns());
  }

  @Override
  default void scales(MemorySegment data, int columns, int row, float[] out) {
    long at = row * rowBytes(columns) + scaleOffset();
    for (int g = 0; g < columns / blockColumns(); g++, at += blockBytes()) {
      out[g] = Float.float16ToFloat(data.get(JAVA_SHORT_UNALIGNED, at));
    }
  }

  @Override
  default float storable(float scale) {
    return Float.float16ToFloat(Float.floatToFloat16(scale));
  }

  @Override
  default void encode(byte[] digits, float[] scales, MemorySegment data, int columns, int row) {
    requireTernary(digits, columns, row);
    long at = row * rowBytes(columns);
    for (int g = 0; g < columns / blockColumns(); g++, at += blockBytes()) {
      encodeBlock(digits, g * blockColumns(), data, at);
      data.set(JAVA_SHORT_UNALIGNED, at + scaleOffset(), Float.floatToFloat16(scales[g]));
    }
  }

  /**
   * Writes all of a block but its scale.
   *
   * @param from where its digits start
   */
  void encodeBlock(byte[] digits, int from, MemorySegment data, long at);
}
