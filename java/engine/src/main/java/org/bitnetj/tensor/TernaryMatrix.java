package org.bitnetj.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitnetj.memory.NativeMemory;

/**
 * A ternary weight matrix {@code [rows][columns]} as panels of 16 rows, two bits a digit: with K =
 * columns rounded up to 16, panel p takes bytes {@code [4Kp, 4K(p+1))}; in block b of 64 bytes,
 * byte 4r + j holds for row 16p + r the digits u = t + 1 of columns 16b + 4f + j at bits 2f and 2f
 * + 1, f = 0..3. Padding rows and columns hold zero bits. The weight is {@code scale * (u - 1)}.
 *
 * <p>One 64-byte vector so holds four columns of sixteen rows in each of its four fields: every
 * 32-bit lane of a dot-product instruction is one output row, and no sum crosses lanes. Read-only
 * once packed.
 */
public final class TernaryMatrix {
  /** Most columns: with more, int32 sums of products might not be exact in every kernel. */
  public static final int MAX_COLUMNS = 131_000;

  /** Rows in a panel. */
  public static final int PANEL_ROWS = 16;

  private final MemorySegment panels;
  private final int rows;
  private final int columns;
  private final float scale;

  private TernaryMatrix(NativeMemory memory, int rows, int columns, float scale) {
    if (rows <= 0 || columns <= 0 || columns > MAX_COLUMNS) {
      throw new IllegalArgumentException(
          "a ternary matrix of " + rows + " rows of " + columns + " columns is out of range");
    }
    this.rows = rows;
    this.columns = columns;
    this.scale = scale;
    this.panels = memory.allocate(panelCount() * panelBytes());
  }

  /** A matrix still to be packed, all digits zero. */
  public static TernaryMatrix allocate(NativeMemory memory, int rows, int columns, float scale) {
    return new TernaryMatrix(memory, rows, columns, scale);
  }

  public MemorySegment panels() {
    return panels;
  }

  public int rows() {
    return rows;
  }

  public int columns() {
    return columns;
  }

  public float scale() {
    return scale;
  }

  public int panelCount() {
    return (rows + PANEL_ROWS - 1) / PANEL_ROWS;
  }

  /** Bytes of one panel. */
  public long panelBytes() {
    return panelBytes(columns);
  }

  /** Bytes that one product reads. */
  public long bytes() {
    return bytes(rows, columns);
  }

  /** Bytes that a matrix of that shape takes. */
  public static long bytes(int rows, int columns) {
    long panels = (rows + PANEL_ROWS - 1L) / PANEL_ROWS;
    return panels * panelBytes(columns);
  }

  private static long panelBytes(int columns) {
    return 4L * ((columns + 15) & ~15);
  }

  /** Where the byte with the digit of (row, column) stands. */
  private long byteOf(int row, int column) {
    return row / PANEL_ROWS * panelBytes() + column / 16 * 64L + row % PANEL_ROWS * 4L + column % 4;
  }

  /** The digit u = t + 1 of one weight. */
  public int digit(int row, int column) {
    int shift = column % 16 / 4 * 2;
    return panels.get(ValueLayout.JAVA_BYTE, byteOf(row, column)) >> shift & 3;
  }

  /** Sets one digit that is still zero. */
  public void setDigit(int row, int column, int digit) {
    long at = byteOf(row, column);
    int shift = column % 16 / 4 * 2;
    int old = panels.get(ValueLayout.JAVA_BYTE, at) & ~(3 << shift);
    panels.set(ValueLayout.JAVA_BYTE, at, (byte) (old | digit << shift));
  }
}
