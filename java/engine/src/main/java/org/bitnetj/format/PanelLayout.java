package org.bitnetj.format;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * How a ternary matrix lies in memory for the kernels: panels of 16 rows, one after the other, each
 * a run of blocks with a fixed number of columns. Rows and columns that only pad hold digits 0.
 *
 * <p>Panels may be memory of their own or a part of a mapped file; a layout only says where digits
 * are.
 */
public non-sealed interface PanelLayout extends DigitLayout {
  /** Rows in a panel. */
  int ROWS = 16;

  /** Two bits a digit. */
  PanelLayout TWO_BIT = new TwoBitPanels();

  /** Five digits a byte, none above 2, and no scales by groups. */
  PanelLayout FIVE_DIGITS = new FiveDigitPanels();

  /** All layouts that kernels multiply. */
  List<PanelLayout> ALL = List.of(TWO_BIT, FIVE_DIGITS);

  /** Its number in native structs. */
  int id();

  /** Whether kernels multiply matrices in it that have scales by groups of columns. */
  default boolean holdsGroups() {
    return true;
  }

  /** Columns of a block. */
  int blockColumns();

  /** Bytes of a block: of 16 rows by {@link #blockColumns}. */
  int blockBytes();

  @Override
  default int paddedRows(int rows) {
    return panels(rows) * ROWS;
  }

  /** Columns with their padding, whole blocks. */
  @Override
  default int paddedColumns(int columns) {
    return (columns + blockColumns() - 1) / blockColumns() * blockColumns();
  }

  /** Bytes of one panel. */
  default long panelBytes(int columns) {
    return (long) paddedColumns(columns) / blockColumns() * blockBytes();
  }

  /** Bytes of all panels of a matrix. */
  @Override
  default long bytes(int rows, int columns) {
    return panels(rows) * panelBytes(columns);
  }

  /** Panels of a matrix. */
  static int panels(int rows) {
    return (rows + ROWS - 1) / ROWS;
  }

  /**
   * Bytes from one row of int8 activations to the next: room for the padding of every layout, in an
   * odd number of lines of 64 bytes, so that neighbouring rows are in different sets of a cache.
   * Activations are 0 from {@code columns} on.
   */
  static long activationStride(int columns) {
    return activationStride(columns, ALL);
  }

  /** Like {@link #activationStride(int)}, for some layouts only. */
  static long activationStride(int columns, List<PanelLayout> layouts) {
    long padded = columns;
    for (PanelLayout layout : layouts) {
      padded = Math.max(padded, layout.paddedColumns(columns));
    }
    return ((padded + 63) / 64 | 1) * 64;
  }

  /**
   * Puts one row into panels.
   *
   * @param digits of {@link #paddedColumns} columns at least, 0 from {@code columns} on
   */
  void pack(byte[] digits, MemorySegment panels, int columns, int row);

  /** Takes one row out of panels: its digits in the first {@code columns} elements. */
  void unpack(MemorySegment panels, int columns, int row, byte[] digits);

  @Override
  default void digits(MemorySegment panels, int rows, int columns, int row, byte[] out) {
    unpack(panels, columns, row, out);
  }

  /** One digit. */
  int digit(MemorySegment panels, int columns, int row, int column);

  @Override
  default int digit(MemorySegment panels, int rows, int columns, int row, int column) {
    return digit(panels, columns, row, column);
  }

  /** Changes one digit. */
  void setDigit(MemorySegment panels, int columns, int row, int column, int digit);
}
