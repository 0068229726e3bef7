package org.bitnetj.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where the digits of a ternary matrix are when they lie as kernels compute with them: in panels,
 * or in rows or columns. What only pads holds zero bits. A matrix takes whole lines of 64 bytes and
 * starts at a multiple of that.
 */
public sealed interface DigitLayout permits PanelLayout, VectorLayout {
  /** Matrices start at a multiple of this many bytes. */
  int ALIGNMENT = 64;

  /** All of them. */
  static List<DigitLayout> all() {
    return Stream.concat(PanelLayout.ALL.stream(), Stream.of(VectorLayout.values())).toList();
  }

  /** Its name in files; it never changes its meaning. */
  String label();

  /** Bytes of all digits of a matrix. */
  long bytes(int rows, int columns);

  /** Rows with their padding. */
  int paddedRows(int rows);

  /** Columns with their padding. */
  int paddedColumns(int columns);

  /** The largest digit that can be stored. */
  int largestDigit();

  /** Takes one row out: its digits in the first {@code columns} elements. */
  void digits(MemorySegment data, int rows, int columns, int row, byte[] out);

  /** One digit, of padding too. */
  int digit(MemorySegment data, int rows, int columns, int row, int column);

  /**
   * Whether bytes {@code [begin, end)} hold nothing but digits, none above {@code largest}.
   *
   * @param begin a multiple of 8, as is {@code end}
   * @param largest 2 or 3
   */
  default boolean holdsNoneAbove(int largest, MemorySegment data, long begin, long end) {
    long threes = 0;
    if (largest < 3) {
      for (long at = begin; at < end; at += Long.BYTES) {
        long digits = data.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
        threes |= digits & digits >>> 1 & 0x5555_5555_5555_5555L;
      }
    }
    return threes == 0;
  }

  /** Whether what only pads is zero, as kernels rely on. */
  default boolean isPaddedWithZeros(MemorySegment data, int rows, int columns) {
    for (int row = 0; row < paddedRows(rows); row++) {
      for (int c = row < rows ? columns : 0; c < paddedColumns(columns); c++) {
        if (digit(data, rows, columns, row, c) != 0) {
          return false;
        }
      }
    }
    return true;
  }
}
