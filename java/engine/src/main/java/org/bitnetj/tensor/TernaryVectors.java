package org.bitnetj.tensor;

import java.lang.foreign.MemorySegment;
import org.bitnetj.format.DigitLayout;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.format.VectorLayout;
import org.bitnetj.memory.NativeAccess;
import org.bitnetj.memory.NativeMemory;

/**
 * A ternary weight matrix {@code [rows][columns]} in row-major or column-major order, two bits a
 * digit, so that vectors (rows or columns) that a product does not need are not read. Vector i is
 * row i or column i and takes {@link #stride} bytes, as {@link VectorLayout} says; a digit is u = t
 * + 1, and elements that only pad hold zero bits. The weight is {@code scale * (u - 1)}. Read-only
 * once packed.
 */
public final class TernaryVectors extends Operand {
  /** What a vector is. */
  public enum Order {
    /** A row of the matrix. */
    ROW_MAJOR(VectorLayout.ROWS),
    /** A column of the matrix. */
    COLUMN_MAJOR(VectorLayout.COLUMNS);

    private final VectorLayout layout;

    Order(VectorLayout layout) {
      this.layout = layout;
    }

    /** Where the digits are. */
    public VectorLayout layout() {
      return layout;
    }
  }

  /** Vectors that are packed together. */
  public static final int ITEM_VECTORS = 16;

  /** The most rows of activations that a product which leaves vectors out takes at a time. */
  public static final int MOST_ROWS = 16;

  /** Digits in a line. */
  public static final int LINE_DIGITS = VectorLayout.LINE_DIGITS;

  /** Bytes of a line. */
  public static final int LINE_BYTES = VectorLayout.LINE_BYTES;

  /** Panels that a line of columns has the digits of. */
  public static final int LINE_PANELS = LINE_DIGITS / PanelLayout.ROWS;

  private final MemorySegment digits;
  private final int rows;
  private final int columns;
  private final Order order;
  private final float scale;
  private final long stride;

  private TernaryVectors(MemorySegment digits, int rows, int columns, float scale, Order order) {
    this.rows = rows;
    this.columns = columns;
    this.order = order;
    this.scale = scale;
    this.stride = order.layout.stride(rows, columns);
    this.digits = digits;
  }

  /** A matrix of the shape and scale of {@code matrix}, still to be packed, all digits zero. */
  public static TernaryVectors allocate(NativeMemory memory, TernaryMatrix matrix, Order order) {
    return allocate(memory, matrix.rows(), matrix.columns(), matrix.scale(), order);
  }

  /** A matrix still to be packed, all digits zero. */
  public static TernaryVectors allocate(
      NativeMemory memory, int rows, int columns, float scale, Order order) {
    MemorySegment digits = memory.allocate(order.layout.bytes(rows, columns));
    return new TernaryVectors(digits, rows, columns, scale, order);
  }

  /**
   * A matrix in memory of another owner, a mapped file, say, which must stay open.
   *
   * @param digits exactly the vectors, from a multiple of 64 bytes on
   * @throws IllegalArgumentException if the shape is out of range, or the vectors of another size
   *     or alignment
   */
  public static TernaryVectors view(
      MemorySegment digits, int rows, int columns, float scale, Order order) {
    if (rows <= 0 || columns <= 0 || Math.max(rows, columns) > TernaryMatrix.MAX_COLUMNS) {
      throw new IllegalArgumentException(
          "vectors of " + rows + " rows and " + columns + " columns are out of range");
    }
    long bytes = order.layout.bytes(rows, columns);
    if (digits.byteSize() != bytes || digits.address() % DigitLayout.ALIGNMENT != 0) {
      throw new IllegalArgumentException(
          "vectors of %d x %d take %d bytes from a multiple of %d on, not %d from address %d"
              .formatted(
                  rows,
                  columns,
                  bytes,
                  DigitLayout.ALIGNMENT,
                  digits.byteSize(),
                  digits.address()));
    }
    return new TernaryVectors(NativeAccess.unscoped(digits), rows, columns, scale, order);
  }

  public MemorySegment digits() {
    return digits;
  }

  public int rows() {
    return rows;
  }

  public int columns() {
    return columns;
  }

  public Order order() {
    return order;
  }

  public float scale() {
    return scale;
  }

  /** How many vectors there are. */
  public int count() {
    return order.layout.count(rows, columns);
  }

  /** How often {@link #ITEM_VECTORS} vectors, the last time maybe fewer, are packed together. */
  public int items() {
    return (count() + ITEM_VECTORS - 1) / ITEM_VECTORS;
  }

  /** Bytes of scratch memory for a product with all of it: those of the panels of a line. */
  public long scratchBytes() {
    return LINE_PANELS * PanelLayout.TWO_BIT.panelBytes(columns);
  }

  /** Bytes of a vector. */
  public long stride() {
    return stride;
  }

  /** Lines of a vector. */
  public int lines() {
    return (int) (stride / LINE_BYTES);
  }

  /** Bytes of all vectors. */
  public long bytes() {
    return count() * stride;
  }

  /** The digit u = t + 1 of one weight. */
  public int digit(int row, int column) {
    return order.layout.digit(digits, rows, columns, row, column);
  }

  /** Sets one digit. */
  public void setDigit(int row, int column, int digit) {
    order.layout.setDigit(digits, rows, columns, row, column, digit);
  }
}
