package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/**
 * I2_S in one of the layouts that files in the wild have beside the canonical one, with the same
 * id, size and scale. Nothing in a file tells them apart. Source: {@code quantize_i2_s} in
 * bitnet.cpp's {@code ggml-bitnet-mad.cpp}.
 *
 * @param byRows byte {@code [g][c]} holds column c of rows 4g to 4g + 3, from its highest bits on;
 *     else weight j of a block of 64 is in byte {@code j % 16} at bit {@code 6 - 2 * (j / 16)}
 */
record StrayI2sFormat(boolean byRows) implements TernaryFormat {
  private static final int ARM_RUN = 16;

  @Override
  public String name() {
    return byRows ? "I2_S_ROWS4" : "I2_S_ARM";
  }

  @Override
  public int id() {
    return WeightFormats.I2_S.id();
  }

  /** None: that of the id is the canonical one. */
  @Override
  public int layoutId() {
    return NO_LAYOUT_ID;
  }

  @Override
  public int blockColumns() {
    return byRows ? 1 : 4 * ARM_RUN;
  }

  /** Of four rows together, where rows share bytes. */
  @Override
  public int blockBytes() {
    return byRows ? 1 : ARM_RUN;
  }

  @Override
  public long bytes(long rows, long columns) {
    long weights = Math.multiplyExact(rows, columns);
    if (byRows && rows % 4 != 0) {
      throw new IllegalArgumentException(
          "has %d rows, but %s stores four rows together".formatted(rows, name()));
    }
    if (!byRows && weights % blockColumns() != 0) {
      throw new IllegalArgumentException(
          "has %d elements, but %s stores them in blocks of %d"
              .formatted(weights, name(), blockColumns()));
    }
    return weights / 4 + I2sFormat.SCALE_BYTES;
  }

  @Override
  public ScaleKind scaleKind() {
    return ScaleKind.TENSOR;
  }

  @Override
  public void digits(MemorySegment data, int columns, int row, byte[] out) {
    if (!byRows) {
      I2sFormat.digits(data, columns, row, out, ARM_RUN);
      return;
    }
    MemorySegment.copy(data, JAVA_BYTE, (long) (row / 4) * columns, out, 0, columns);
    int shift = 6 - 2 * (row % 4);
    for (int c = 0; c < columns; c++) {
      out[c] = (byte) (out[c] >> shift & 3);
    }
  }

  @Override
  public void scales(MemorySegment data, int columns, int row, float[] out) {
    WeightFormats.I2_S.scales(data, columns, row, out);
  }
}
