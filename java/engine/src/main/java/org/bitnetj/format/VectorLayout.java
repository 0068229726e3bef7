package org.bitnetj.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Rows or columns of a matrix one after the other, so that those that a product does not need are
 * not read. Each takes lines of 64 bytes, where byte j of line l holds the digits of elements 256l
 * + 64f + j at bits 2f and 2f + 1, f = 0..3.
 */
public enum VectorLayout implements DigitLayout {
  /** A vector is a row of the matrix. */
  ROWS("rows2"),
  /** A vector is a column of the matrix. */
  COLUMNS("columns2");

  /** Digits in a line. */
  public static final int LINE_DIGITS = 256;

  /** Bytes of a line. */
  public static final int LINE_BYTES = 64;

  private final String label;

  VectorLayout(String label) {
    this.label = label;
  }

  @Override
  public String label() {
    return label;
  }

  /** How many vectors there are. */
  public int count(int rows, int columns) {
    return this == ROWS ? rows : columns;
  }

  /** Bytes of a vector. */
  public long stride(int rows, int columns) {
    return padded(this == ROWS ? columns : rows) / (LINE_DIGITS / LINE_BYTES);
  }

  @Override
  public long bytes(int rows, int columns) {
    return count(rows, columns) * stride(rows, columns);
  }

  @Override
  public int paddedRows(int rows) {
    return this == ROWS ? rows : padded(rows);
  }

  @Override
  public int paddedColumns(int columns) {
    return this == ROWS ? padded(columns) : columns;
  }

  private static int padded(int length) {
    return (length + LINE_DIGITS - 1) / LINE_DIGITS * LINE_DIGITS;
  }

  @Override
  public int largestDigit() {
    return 2;
  }

  @Override
  public void digits(MemorySegment data, int rows, int columns, int row, byte[] out) {
    for (int c = 0; c < columns; c++) {
      out[c] = (byte) digit(data, rows, columns, row, c);
    }
  }

  @Override
  public int digit(MemorySegment data, int rows, int columns, int row, int column) {
    return data.get(ValueLayout.JAVA_BYTE, byteOf(rows, columns, row, column)) >> shift(row, column)
        & 3;
  }

  /** Changes one digit. */
  public void setDigit(MemorySegment data, int rows, int columns, int row, int column, int digit) {
    long at = byteOf(rows, columns, row, column);
    int shift = shift(row, column);
    int others = data.get(ValueLayout.JAVA_BYTE, at) & ~(3 << shift);
    data.set(ValueLayout.JAVA_BYTE, at, (byte) (others | digit << shift));
  }

  private long byteOf(int rows, int columns, int row, int column) {
    int vector = this == ROWS ? row : column;
    int element = this == ROWS ? column : row;
    return vector * stride(rows, columns)
        + (long) element / LINE_DIGITS * LINE_BYTES
        + element % LINE_BYTES;
  }

  private int shift(int row, int column) {
    return (this == ROWS ? column : row) % LINE_DIGITS / LINE_BYTES * 2;
  }
}
