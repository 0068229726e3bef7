package org.bitnetj.format;

import java.lang.foreign.MemorySegment;
import java.util.OptionalInt;

/**
 * A ternary format of ik_llama.cpp with a scale for each row, stored before the row's blocks. Rows
 * may be interleaved, and their scales and blocks with them.
 */
interface RowScaled extends TernaryEncoder {
  /** Bytes of a row's scale. */
  int scaleBytes();

  /** How many rows are interleaved. */
  default int rowsTogether() {
    return 1;
  }

  @Override
  default int rowsTogether(int columns) {
    return rowsTogether();
  }

  /** None that is known. */
  @Override
  default OptionalInt fileType() {
    return OptionalInt.empty();
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
    out[0] = scale(data, scaleAt(columns, row));
  }

  private long scaleAt(int columns, int row) {
    return start(columns, row) + row % rowsTogether() * scaleBytes();
  }

  @Override
  default void encode(byte[] digits, float[] scales, MemorySegment data, int columns, int row) {
    requireTernary(digits, columns, row);
    putScale(data, scaleAt(columns, row), scales[0]);
    long at = start(columns, row) + (long) rowsTogether() * scaleBytes();
    for (int c = 0; c < columns; c += blockColumns(), at += rowsTogether() * blockBytes()) {
      encodeBlock(digits, c, data, at, row);
    }
  }

  /** Writes a row's digits of a block, or of the blocks of interleaved rows. */
  void encodeBlock(byte[] digits, int from, MemorySegment data, long at, int row);

  /** Stores a scale there. */
  void putScale(MemorySegment data, long at, float scale);

  /** The scale that is stored there. */
  float scale(MemorySegment data, long at);
}
