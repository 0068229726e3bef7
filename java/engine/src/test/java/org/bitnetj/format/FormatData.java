package org.bitnetj.format;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Matrices in a stored format for tests, and what a format reads out of them. */
final class FormatData {
  /** What one column of a block holds, by the format's definition. */
  @FunctionalInterface
  interface Definition {
    /**
     * @param block the bytes of one block, each 0 to 255
     */
    float at(int[] block, int column);
  }

  private FormatData() {}

  /**
   * 256 rows of three blocks in which every byte of a block takes every value; the bytes of its
   * scale, if it has one, become those of 0.5.
   *
   * @param scaleOffset offset of a float16 in a block, or -1
   */
  static MemorySegment everyByte(WeightFormat format, int scaleOffset) {
    int bytes = format.blockBytes();
    MemorySegment data = Arena.ofAuto().allocate(256L * 3 * bytes);
    for (int block = 0; block < 256 * 3; block++) {
      for (int i = 0; i < bytes; i++) {
        int value = block / 3 + 37 * i + 101 * (block % 3);
        data.set(ValueLayout.JAVA_BYTE, (long) block * bytes + i, (byte) value);
      }
      if (scaleOffset >= 0) {
        setHalf(data, (long) block * bytes + scaleOffset, 0.5f);
      }
    }
    return data;
  }

  /** Every row's digits are those of the definition. */
  static void digitsAre(
      TernaryFormat format, MemorySegment data, int blocks, Definition definition) {
    int columns = blocks * format.blockColumns();
    int rows = (int) (data.byteSize() / format.rowBytes(columns));
    byte[] digits = new byte[columns];
    for (int row = 0; row < rows; row++) {
      format.digits(data, columns, row, digits);
      for (int c = 0; c < columns; c++) {
        assertEquals(
            (int) expected(format, data, blocks, row, c, definition),
            digits[c],
            format.name() + ", row " + row + ", column " + c);
      }
    }
  }

  /** Every row's floats are those of the definition, to the bit. */
  static void floatsAre(FloatFormat format, MemorySegment data, int blocks, Definition definition) {
    int columns = blocks * format.blockColumns();
    int rows = (int) (data.byteSize() / format.rowBytes(columns));
    float[] floats = new float[columns];
    for (int row = 0; row < rows; row++) {
      format.floats(data, columns, row, floats, 0);
      for (int c = 0; c < columns; c++) {
        assertEquals(
            expected(format, data, blocks, row, c, definition),
            floats[c],
            format.name() + ", row " + row + ", column " + c);
      }
    }
  }

  private static float expected(
      WeightFormat format, MemorySegment data, int blocks, int row, int c, Definition definition) {
    int[] block = new int[format.blockBytes()];
    long at = ((long) row * blocks + c / format.blockColumns()) * format.blockBytes();
    for (int i = 0; i < block.length; i++) {
      block[i] = data.get(ValueLayout.JAVA_BYTE, at + i) & 0xff;
    }
    return definition.at(block, c % format.blockColumns());
  }

  static float half(int[] block, int at) {
    return Float.float16ToFloat((short) (block[at] | block[at + 1] << 8));
  }

  static void setHalf(MemorySegment data, long at, float value) {
    data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, Float.floatToFloat16(value));
  }

  static void setByte(MemorySegment data, long at, int value) {
    data.set(ValueLayout.JAVA_BYTE, at, (byte) value);
  }

  static float[] scales(TernaryFormat format, MemorySegment data, int columns, int row) {
    float[] scales = new float[format.scaleKind().count(columns)];
    format.scales(data, columns, row, scales);
    return scales;
  }
}
