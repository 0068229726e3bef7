package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Five digits a byte, 1.6 bits each: blocks of 20 columns in 64 bytes. Byte 4r + j holds for row r
 * of the panel the digits u_f of columns 4f + j of the block, f = 0..4: with s = 9u_1 + 3u_2 + u_4
 * it is
 *
 * <pre>  9 (s / 4) + 3u_0 + u_3 + 64 (s mod 4).</pre>
 *
 * <p>So its low six bits tell digits 0 and 3, and two lookups, in tables of 64 and 28 bytes, all
 * five. The order of digits puts digit f where fields of two bits have it. A byte of zeros is five
 * digits 0. 243 of the 256 values are digits.
 */
record FiveDigitPanels() implements PanelLayout {
  /** Of each byte the digits, four bits each, the first one lowest; those of no digits are 3. */
  private static final int[] DIGITS = digitsOfBytes();

  private static final int NONE = 0x33333;

  /** The first of the high values that stand for no digits. */
  private static final int FIRST_NONE = 246;

  private static int[] digitsOfBytes() {
    int[] digits = new int[256];
    for (int value = 0; value < 256; value++) {
      int low = value % 64;
      int pair = low % 9;
      int three = low / 9 * 4 + value / 64;
      digits[value] =
          low == 63 || value >= FIRST_NONE
              ? NONE
              : pair / 3 | three / 9 << 4 | three / 3 % 3 << 8 | pair % 3 << 12 | three % 3 << 16;
    }
    return digits;
  }

  /**
   * The digits of a byte, four bits each, the first one lowest.
   *
   * @param value of which the low eight bits count
   */
  private static int digits(int value) {
    return DIGITS[value & 0xff];
  }

  private static int byteOf(int u0, int u1, int u2, int u3, int u4) {
    int three = 9 * u1 + 3 * u2 + u4;
    return 9 * (three >> 2) + 3 * u0 + u3 + ((three & 3) << 6);
  }

  @Override
  public int id() {
    return 1;
  }

  @Override
  public String label() {
    return "panels1.6";
  }

  @Override
  public int blockColumns() {
    return 20;
  }

  @Override
  public int blockBytes() {
    return 64;
  }

  @Override
  public int largestDigit() {
    return 2;
  }

  @Override
  public boolean holdsGroups() {
    return false;
  }

  @Override
  public void pack(byte[] digits, MemorySegment panels, int columns, int row) {
    long at = start(columns, row);
    for (int c = 0; c < columns; c += 20, at += 64) {
      int bytes = 0;
      for (int j = 3; j >= 0; j--) {
        int k = c + j;
        bytes =
            bytes << 8
                | byteOf(digits[k], digits[k + 4], digits[k + 8], digits[k + 12], digits[k + 16]);
      }
      panels.set(JAVA_INT_UNALIGNED, at, bytes);
    }
  }

  @Override
  public void unpack(MemorySegment panels, int columns, int row, byte[] digits) {
    long at = start(columns, row);
    for (int c = 0; c < columns; c += 20, at += 64) {
      int bytes = panels.get(JAVA_INT_UNALIGNED, at);
      for (int j = 0; j < 4; j++, bytes >>>= 8) {
        int five = digits(bytes);
        for (int k = c + j; k < Math.min(c + 20, columns); k += 4, five >>>= 4) {
          digits[k] = (byte) (five & 15);
        }
      }
    }
  }

  @Override
  public int digit(MemorySegment panels, int columns, int row, int column) {
    int five = digits(panels.get(JAVA_BYTE, byteOf(columns, row, column)));
    return five >>> shift(column) & 15;
  }

  @Override
  public void setDigit(MemorySegment panels, int columns, int row, int column, int digit) {
    long at = byteOf(columns, row, column);
    int five = digits(panels.get(JAVA_BYTE, at)) & ~(15 << shift(column)) | digit << shift(column);
    int value =
        byteOf(five & 15, five >>> 4 & 15, five >>> 8 & 15, five >>> 12 & 15, five >>> 16 & 15);
    panels.set(JAVA_BYTE, at, (byte) value);
  }

  /** That means, too, that all bytes are of five digits. */
  @Override
  public boolean holdsNoneAbove(int largest, MemorySegment data, long begin, long end) {
    long none = 0;
    for (long at = begin; at < end; at += Long.BYTES) {
      long bytes = data.get(JAVA_LONG_UNALIGNED, at);
      // Their highest bits: a low part of 63, or both high bits set and a low part of 54 or more.
      long low = bytes & 0x3f3f_3f3f_3f3f_3f3fL;
      none |= low + 0x4141_4141_4141_4141L;
      none |= low + 0x4a4a_4a4a_4a4a_4a4aL & bytes & bytes << 1;
    }
    return (none & 0x8080_8080_8080_8080L) == 0;
  }

  /** The offset of a row's first bytes. */
  private long start(int columns, int row) {
    return row / ROWS * panelBytes(columns) + row % ROWS * 4L;
  }

  private long byteOf(int columns, int row, int column) {
    return start(columns, row) + column / 20 * 64L + column % 4;
  }

  private static int shift(int column) {
    return column % 20 / 4 * 4;
  }
}
