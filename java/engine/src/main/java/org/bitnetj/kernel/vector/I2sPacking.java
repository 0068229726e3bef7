package org.bitnetj.kernel.vector;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import org.bitnetj.tensor.TernaryMatrix;

/** I2_S to panels, four digits of a row at a time in the bytes of an int. */
final class I2sPacking {
  /** Weights in a block of I2_S, and its bytes. */
  private static final int BLOCK = 128;

  private static final int BLOCK_BYTES = 32;

  /** From a row's int in one block of a panel, 16 columns, to that in the next. */
  private static final int STRIDE = 64;

  private static final int DIGITS = 0x03030303;

  private I2sPacking() {}

  static boolean pack(MemorySegment source, TernaryMatrix w, int begin, int end, Scratch scratch) {
    int last = Math.min(end * TernaryMatrix.PANEL_ROWS, w.rows());
    for (int row = begin * TernaryMatrix.PANEL_ROWS; row < last; row++) {
      long to =
          row / TernaryMatrix.PANEL_ROWS * w.panelBytes() + row % TernaryMatrix.PANEL_ROWS * 4L;
      boolean good =
          w.columns() % BLOCK == 0
              ? packBlocks(source, w, row, to)
              : packCodes(source, w, row, to, scratch);
      if (!good) {
        return false;
      }
    }
    return true;
  }

  /**
   * A row of whole blocks. Int m of a block has columns 32g + 4m + j at shift 6 - 2g of byte j; in
   * the panel these are digit m % 4 of the row's int in block 2g + m / 4 of 16 columns.
   */
  private static boolean packBlocks(MemorySegment source, TernaryMatrix w, int row, long to) {
    long from = (long) row * (w.columns() / 4);
    int bad = 0;
    for (int k = 0; k < w.columns(); k += BLOCK, from += BLOCK_BYTES) {
      for (int half = 0; half < 2; half++) {
        int s0 = source.get(JAVA_INT_UNALIGNED, from + 16 * half);
        int s1 = source.get(JAVA_INT_UNALIGNED, from + 16 * half + 4);
        int s2 = source.get(JAVA_INT_UNALIGNED, from + 16 * half + 8);
        int s3 = source.get(JAVA_INT_UNALIGNED, from + 16 * half + 12);
        bad |= s0 & s0 >>> 1 | s1 & s1 >>> 1 | s2 & s2 >>> 1 | s3 & s3 >>> 1;
        for (int g = 0; g < 4; g++) {
          int shift = 6 - 2 * g;
          int digits =
              s0 >>> shift & DIGITS
                  | (s1 >>> shift & DIGITS) << 2
                  | (s2 >>> shift & DIGITS) << 4
                  | (s3 >>> shift & DIGITS) << 6;
          w.panels().set(JAVA_INT_UNALIGNED, to + (k / 16 + 2 * g + half) * STRIDE, digits);
        }
      }
    }
    return (bad & 0x55555555) == 0;
  }

  /** A row that may start and end anywhere in a block. */
  private static boolean packCodes(
      MemorySegment source, TernaryMatrix w, int row, long to, Scratch scratch) {
    int columns = w.columns();
    int padded = Reductions.padded(columns);
    byte[] codes = scratch.bytes(padded);
    long first = (long) row * columns;
    for (int c = 0; c < columns; c++) {
      int j = (int) ((first + c) % BLOCK);
      long at = (first + c) / BLOCK * BLOCK_BYTES + j % BLOCK_BYTES;
      int code = source.get(JAVA_BYTE, at) >> 6 - 2 * (j / BLOCK_BYTES) & 3;
      if (code == 3) {
        return false;
      }
      codes[c] = (byte) code;
    }
    for (int c = columns; c < padded; c++) {
      codes[c] = 0;
    }
    for (int k = 0; k < padded; k += 16) {
      int digits = 0;
      for (int i = 0; i < 16; i++) {
        digits |= codes[k + i] << 8 * (i % 4) + 2 * (i / 4);
      }
      w.panels().set(JAVA_INT_UNALIGNED, to + k / 16 * STRIDE, digits);
    }
    return true;
  }
}
