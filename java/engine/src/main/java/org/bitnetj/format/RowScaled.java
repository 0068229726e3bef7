package org.bitnetj.format;

import java.lang.foreign.MemorySegment;

/**
 * A ternary format of ik_llama.cpp with a scale for each row, stored before the row's blocks. Rows
 * may be interleaved, and their scales and blocks with them.
 */
interface RowScaled extends TernaryFormat {
  /** Bytes of a row's scale. */
  int scaleBytes();

  /** How many rows are interleaved. */
  default int rowsTogether() {
    return 1;
  }

  @Override
  default long bytes(long rows, long columns) {
    if (rows % rowsTogether() != 0) {
      throw new IllegalArgumentException(
          "has %d rows, but %s stores rows in groups of %d"
              .formatted(rows, name(), rowsTogether()));
    }
    return Math.multiplyExact(rows, Math.addExact(scaleBytes(), rowBytes(columns)));
  }

  /** The offset of the rows that are stored together with that one. */
  default long start(int columns, int row) {
    return row / rowsTogether() * rowsTogether() * (scaleBytes() + rowBytes(columns));
  }

  @Override
  default ScaleKind scaleKind() {
    return ScaleKind.ROW;
  }

  @Override
  default void scales(MemorySegment data, int columns, int row, float[] out) {
    out[0] = scale(data, start(columns, row) + row % rowsTogether() * scaleBytes());
  }

  /** The scale that is stored there. */
  float scale(MemorySegment data, long at);
}
