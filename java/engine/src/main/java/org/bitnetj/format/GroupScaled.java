package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** A ternary format whose every block holds its own scale, a float16. */
interface GroupScaled extends TernaryFormat {
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
}
