package org.bitnetj.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.memory.NativeMemory;

/**
 * A ternary weight matrix {@code [rows][columns]} in row-major or column-major order, two bits a
 * digit, so that vectors (rows or columns) that a product does not need are not read. Vector i is
 * row i or column i and takes {@link #stride} bytes: lines of 64 bytes, where byte j of line l
 * holds the digits u = t + 1 of elements 256l + 64f + j at bits 2f and 2f + 1, f = 0..3. Elements
 * that only pad hold zero bits. The weight is {@code scale * (u - 1)}. Read-only once packed.
 */
public final class TernaryVectors extends Operand {
  /** What a vector is. */
  public enum Order {
    /** A row of the matrix. */
    ROW_MAJOR,
    /** A column of the matrix. */
    COLUMN_MAJOR
  }

  /** Vectors that are packed together. */
  public static final int ITEM_VECTORS = 16;

  /** The most rows of activations that a product which leaves vectors out takes at a time. */
  public static final int MOST_ROWS = 16;

  /** Digits in a line. */
  public static final int LINE_DIGITS = 256;

  /** Bytes of a line. */
  public static final int LINE_BYTES = 64;

  /** Panels that a line of columns has the digits of. */
  public static final int LINE_PANELS = LINE_DIGITS / PanelLayout.ROWS;

  private final MemorySegment digits;
  private final int rows;
  private final int columns;
  private final Order order;
  private final float scale;
  private final long stride;

  private TernaryVectors(NativeMemory memory, int rows, int columns, float scale, Order order) {
    this.rows = rows;
    this.columns = columns;
    this.order = order;
    this.scale = scale;
    this.stride = stride(rows, columns, order);
    this.digits = memory.allocate(bytes());
  }

  /** A matrix of the shape and scale of {@code matrix}, still to be packed, all digits zero. */
  public static TernaryVectors allocate(NativeMemory memory, TernaryMatrix matrix, Order order) {
    return allocate(memory, matrix.rows(), matrix.columns(), matrix.scale(), order);
  }

  /** A matrix still to be packed, all digits zero. */
  public static TernaryVectors allocate(
      NativeMemory memory, int rows, int columns, float scale, Order order) {
    return new TernaryVectors(memory, rows, columns, scale, order);
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
    return count(rows, columns, order);
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

  private static int count(int rows, int columns, Order order) {
    return order == Order.ROW_MAJOR ? rows : columns;
  }

  private static long stride(int rows, int columns, Order order) {
    int length = order == Order.ROW_MAJOR ? columns : rows;
    return (length + LINE_DIGITS - 1L) / LINE_DIGITS * LINE_BYTES;
  }

  private long byteOf(int vector, int element) {
    return vector * stride + (long) element / LINE_DIGITS * LINE_BYTES + element % LINE_BYTES;
  }

  /** The digit u = t + 1 of one weight. */
  public int digit(int row, int column) {
    int vector = order == Order.ROW_MAJOR ? row : column;
    int element = order == Order.ROW_MAJOR ? column : row;
    return digits.get(ValueLayout.JAVA_BYTE, byteOf(vector, element)) >> shift(element) & 3;
  }

  /** Sets one digit. */
  public void setDigit(int row, int column, int digit) {
    int vector = order == Order.ROW_MAJOR ? row : column;
    int element = order == Order.ROW_MAJOR ? column : row;
    long at = byteOf(vector, element);
    int old = digits.get(ValueLayout.JAVA_BYTE, at) & ~(3 << shift(element));
    digits.set(ValueLayout.JAVA_BYTE, at, (byte) (old | digit << shift(element)));
  }

  private static int shift(int element) {
    return element % LINE_DIGITS / LINE_BYTES * 2;
  }
}
