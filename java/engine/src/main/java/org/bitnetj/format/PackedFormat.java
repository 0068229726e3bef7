package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/**
 * Hugging Face's packed ternary weights, {@code uint8 [rows / 4, columns]}: byte {@code [p][c]}
 * holds column c of the rows p, p + rows / 4, p + rows / 2 and p + 3 rows / 4, from its lowest bits
 * on. The scale is a tensor of its own, so it is 1 here. Layout: {@code pack_weights} in
 * transformers' {@code integrations/bitnet.py}.
 */
record PackedFormat() implements TernaryFormat {
  @Override
  public String name() {
    return "packed U8";
  }

  /** None: GGUF has no such type. */
  @Override
  public int id() {
    return -1;
  }

  @Override
  public int blockColumns() {
    return 1;
  }

  /** Of four rows together. */
  @Override
  public int blockBytes() {
    return 1;
  }

  @Override
  public long bytes(long rows, long columns) {
    if (rows % 4 != 0) {
      throw new IllegalArgumentException(
          "has %d rows, but %s stores them in four parts".formatted(rows, name()));
    }
    return Math.multiplyExact(rows / 4, columns);
  }

  @Override
  public ScaleKind scaleKind() {
    return ScaleKind.TENSOR;
  }

  @Override
  public void digits(MemorySegment data, int columns, int row, byte[] out) {
    long part = data.byteSize() / columns;
    int shift = (int) (row / part) * 2;
    MemorySegment.copy(data, JAVA_BYTE, row % part * columns, out, 0, columns);
    for (int c = 0; c < columns; c++) {
      out[c] = (byte) (out[c] >> shift & 3);
    }
  }

  @Override
  public void scales(MemorySegment data, int columns, int row, float[] out) {
    out[0] = 1;
  }
}
