package org.bitnetj.tensor;

import java.lang.foreign.MemorySegment;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.memory.NativeAccess;
import org.bitnetj.memory.NativeMemory;

/**
 * A ternary weight matrix {@code [rows][columns]} as panels of 16 rows, in a {@link PanelLayout}:
 * digits u, of which padding rows and columns hold 0, and scales. The weight is {@code scale * (u -
 * 1)}, so that a digit of 3, where there are such, means +2. Read-only once packed.
 */
public final class TernaryMatrix extends Operand {
  /** Most columns: with more, int32 sums of products might not be exact in every kernel. */
  public static final int MAX_COLUMNS = 131_000;

  /** Rows in a panel. */
  public static final int PANEL_ROWS = PanelLayout.ROWS;

  /** Panels start at a multiple of this many bytes. */
  public static final int ALIGNMENT = 64;

  private final PanelLayout layout;
  private final MemorySegment panels;
  private final int rows;
  private final int columns;
  private final TernaryScales scales;
  private final int largestDigit;
  private final long panelBytes;
  private final long bytes;

  private TernaryMatrix(
      PanelLayout layout,
      MemorySegment panels,
      int rows,
      int columns,
      TernaryScales scales,
      int largestDigit) {
    this.layout = layout;
    this.panels = panels;
    this.rows = rows;
    this.columns = columns;
    this.scales = scales;
    this.largestDigit = largestDigit;
    this.panelBytes = layout.panelBytes(columns);
    this.bytes = panels.byteSize() + scales.bytes();
  }

  /** Two-bit panels with one scale and digits up to 2, still to be packed. */
  public static TernaryMatrix allocate(NativeMemory memory, int rows, int columns, float scale) {
    return allocate(memory, PanelLayout.TWO_BIT, rows, columns, new TernaryScales.Tensor(scale), 2);
  }

  /**
   * A matrix still to be packed, all digits 0.
   *
   * @param memory owns the panels
   * @param largestDigit 2 or 3
   * @throws IllegalArgumentException if the shape or the digits are out of range
   */
  public static TernaryMatrix allocate(
      NativeMemory memory,
      PanelLayout layout,
      int rows,
      int columns,
      TernaryScales scales,
      int largestDigit) {
    check(layout, rows, columns, largestDigit);
    MemorySegment panels = memory.allocate(layout.bytes(rows, columns));
    return new TernaryMatrix(layout, panels, rows, columns, scales, largestDigit);
  }

  /**
   * A matrix that is packed already, in memory of another owner: a mapped file, say, which must
   * stay open.
   *
   * @param panels exactly the panels, from a multiple of {@value #ALIGNMENT} bytes on
   * @param largestDigit 2 or 3
   * @throws IllegalArgumentException if the shape or the digits are out of range, or the panels of
   *     another size or alignment
   */
  public static TernaryMatrix view(
      PanelLayout layout,
      MemorySegment panels,
      int rows,
      int columns,
      TernaryScales scales,
      int largestDigit) {
    check(layout, rows, columns, largestDigit);
    if (panels.byteSize() != layout.bytes(rows, columns) || panels.address() % ALIGNMENT != 0) {
      throw new IllegalArgumentException(
          "panels of %d x %d take %d bytes from a multiple of %d on, not %d from address %d"
              .formatted(
                  rows,
                  columns,
                  layout.bytes(rows, columns),
                  ALIGNMENT,
                  panels.byteSize(),
                  panels.address()));
    }
    return new TernaryMatrix(
        layout, NativeAccess.unscoped(panels), rows, columns, scales, largestDigit);
  }

  private static void check(PanelLayout layout, int rows, int columns, int largestDigit) {
    if (rows <= 0 || columns <= 0 || columns > MAX_COLUMNS) {
      throw new IllegalArgumentException(
          "a ternary matrix of " + rows + " rows of " + columns + " columns is out of range");
    }
    if (largestDigit < 2 || largestDigit > layout.largestDigit()) {
      throw new IllegalArgumentException(
          "panels for digits up to "
              + layout.largestDigit()
              + " cannot hold a matrix whose largest is "
              + largestDigit);
    }
  }

  /** How the panels look. */
  public PanelLayout layout() {
    return layout;
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

  public TernaryScales scales() {
    return scales;
  }

  /**
   * The scale of every weight.
   *
   * @throws IllegalStateException if there are several
   */
  public float scale() {
    if (scales instanceof TernaryScales.Tensor tensor) {
      return tensor.scale();
    }
    throw new IllegalStateException("the matrix has more than one scale");
  }

  /** The largest digit that may occur: 2, or 3. */
  public int largestDigit() {
    return largestDigit;
  }

  public int panelCount() {
    return PanelLayout.panels(rows);
  }

  /** Bytes of one panel. */
  public long panelBytes() {
    return panelBytes;
  }

  /** Bytes that one product reads: digits, and scales if there are several. */
  public long bytes() {
    return bytes;
  }

  /** Bytes of the two-bit panels of a matrix of that shape. */
  public static long bytes(int rows, int columns) {
    return PanelLayout.TWO_BIT.bytes(rows, columns);
  }

  /** The digit u of one weight. */
  public int digit(int row, int column) {
    return layout.digit(panels, columns, row, column);
  }

  /** Changes one digit. */
  public void setDigit(int row, int column, int digit) {
    layout.setDigit(panels, columns, row, column, digit);
  }

  /**
   * Packs panels {@code [begin, end)} from a matrix in its file's own format. Padding rows stay as
   * they are; no result depends on them, and who keeps the bytes clears the memory of a {@link
   * #view} before.
   *
   * @param source exactly the stored matrix's bytes
   * @return false if some digit is larger than {@link #largestDigit}
   */
  public boolean pack(TernaryFormat format, MemorySegment source, int begin, int end) {
    byte[] digits = new byte[layout.paddedColumns(columns)];
    int last = Math.min(end * PANEL_ROWS, rows);
    for (int row = begin * PANEL_ROWS; row < last; row++) {
      format.digits(source, columns, row, digits);
      int threes = 0;
      for (int c = 0; c < columns; c++) {
        threes |= digits[c] & digits[c] >> 1;
      }
      if (threes != 0 && largestDigit < 3) {
        return false;
      }
      layout.pack(digits, panels, columns, row);
    }
    return true;
  }
}
