package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Two bits a digit, blocks of 16 columns in 64 bytes: byte 4r + j holds for row r of the panel the
 * digits of columns 4f + j of the block at bits 2f and 2f + 1, f = 0..3.
 *
 * <p>One 64-byte vector so holds four columns of sixteen rows in each of its four fields: every
 * 32-bit lane of a dot-product instruction is one output row, and no sum crosses lanes.
 */
record TwoBitPanels() implements PanelLayout {
  private static final VarHandle QUAD =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.nativeOrder());

  private static final int DIGITS = 0x03030303;

  @Override
  public int id() {
    return 0;
  }

  @Override
  public String label() {
    return "panels2";
  }

  @Override
  public int blockColumns() {
    return 16;
  }

  @Override
  public int blockBytes() {
    return 64;
  }

  @Override
  public int largestDigit() {
    return 3;
  }

  @Override
  public void pack(byte[] digits, MemorySegment panels, int columns, int row) {
    long at = start(columns, row);
    for (int c = 0; c < columns; c += 16, at += 64) {
      int quads =
          (int) QUAD.get(digits, c)
              | (int) QUAD.get(digits, c + 4) << 2
              | (int) QUAD.get(digits, c + 8) << 4
              | (int) QUAD.get(digits, c + 12) << 6;
      panels.set(JAVA_INT_UNALIGNED, at, quads);
    }
  }

  @Override
  public void unpack(MemorySegment panels, int columns, int row, byte[] digits) {
    long at = start(columns, row);
    int c = 0;
    for (; c <= columns - 16; c += 16, at += 64) {
      int quads = panels.get(JAVA_INT_UNALIGNED, at);
      for (int f = 0; f < 4; f++) {
        QUAD.set(digits, c + 4 * f, quads >>> 2 * f & DIGITS);
      }
    }
    for (; c < columns; c++) {
      digits[c] = (byte) digit(panels, columns, row, c);
    }
  }

  @Override
  public int digit(MemorySegment panels, int columns, int row, int column) {
    return panels.get(JAVA_BYTE, byteOf(columns, row, column)) >> shift(column) & 3;
  }

  @Override
  public void setDigit(MemorySegment panels, int columns, int row, int column, int digit) {
    long at = byteOf(columns, row, column);
    int others = panels.get(JAVA_BYTE, at) & ~(3 << shift(column));
    panels.set(JAVA_BYTE, at, (byte) (others | digit << shift(column)));
  }

  /** The offset of a row's first bytes. */
  private long start(int columns, int row) {
    return row / ROWS * panelBytes(columns) + row % ROWS * 4L;
  }

  private long byteOf(int columns, int row, int column) {
    return start(columns, row) + column / 16 * 64L + column % 4;
  }

  private static int shift(int column) {
    return column % 16 / 4 * 2;
  }
}
