package org.bitnetj.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitnetj.memory.NativeMemory;

/**
 * A matrix of float32 activation rows, off-heap: {@code [capacity][columns]}, each row starting at
 * a multiple of 64 bytes. Mutable and not synchronized: writers of different rows do not meet.
 */
public final class FloatRows extends Operand {
  private final MemorySegment data;
  private final int capacity;
  private final int columns;
  private final long stride;

  private FloatRows(MemorySegment data, int capacity, int columns, long stride) {
    this.data = data;
    this.capacity = capacity;
    this.columns = columns;
    this.stride = stride;
  }

  /** Zeroed rows that live as long as {@code memory}. */
  public static FloatRows allocate(NativeMemory memory, int capacity, int columns) {
    return over(memory.allocate(bytes(capacity, columns)), capacity, columns);
  }

  /** Zeroed rows that live as long as they, or the segment of their data, can be reached. */
  public static FloatRows allocateCollected(int capacity, int columns) {
    return over(Arena.ofAuto().allocate(bytes(capacity, columns), 64), capacity, columns);
  }

  /**
   * Rows in the first {@link #bytes} of a segment, with what is there.
   *
   * @param memory starts at a multiple of 64 bytes
   * @throws IndexOutOfBoundsException if it is too short
   */
  public static FloatRows over(MemorySegment memory, int capacity, int columns) {
    MemorySegment data = memory.asSlice(0, bytes(capacity, columns));
    return new FloatRows(data, capacity, columns, stride(columns));
  }

  /** Bytes of such rows, a multiple of 64. */
  public static long bytes(int capacity, int columns) {
    return capacity * stride(columns) * Float.BYTES;
  }

  private static long stride(int columns) {
    return (columns + 15L) & ~15L;
  }

  /**
   * A view in which every head of every row is a row: head h of row r is row {@code r * heads + h}.
   *
   * @param headDim elements of a head, a multiple of 16 that divides the columns
   */
  public FloatRows heads(int headDim) {
    if (headDim % 16 != 0 || columns % headDim != 0) {
      throw new IllegalArgumentException(
          "rows of " + columns + " elements cannot be seen as heads of " + headDim);
    }
    return new FloatRows(data, capacity * (columns / headDim), headDim, headDim);
  }

  /** A view of the rows from {@code first} on. */
  public FloatRows from(int first) {
    return new FloatRows(
        data.asSlice(first * stride * Float.BYTES), capacity - first, columns, stride);
  }

  public MemorySegment data() {
    return data;
  }

  /** Rows that fit. */
  public int capacity() {
    return capacity;
  }

  public int columns() {
    return columns;
  }

  /** Floats from one row to the next. */
  public long stride() {
    return stride;
  }

  public float get(int row, int column) {
    return data.getAtIndex(ValueLayout.JAVA_FLOAT, row * stride + column);
  }

  public void set(int row, int column, float value) {
    data.setAtIndex(ValueLayout.JAVA_FLOAT, row * stride + column, value);
  }

  /** A view of one row, {@code columns} floats. */
  public MemorySegment row(int row) {
    return data.asSlice(row * stride * Float.BYTES, (long) columns * Float.BYTES);
  }

  /** Multiplies rows {@code [begin, end)} by a factor. */
  public void multiply(float factor, int begin, int end) {
    for (int row = begin; row < end; row++) {
      for (int i = 0; i < columns; i++) {
        set(row, i, get(row, i) * factor);
      }
    }
  }

  /** Copies elements {@code [begin, end)} of the first {@code rows} rows of {@code source}. */
  public void copyColumns(FloatRows source, int rows, int begin, int end) {
    for (int row = 0; row < rows; row++) {
      MemorySegment.copy(
          source.data,
          (row * source.stride + begin) * Float.BYTES,
          data,
          (row * stride + begin) * Float.BYTES,
          (long) (end - begin) * Float.BYTES);
    }
  }

  /** Copies row {@code from} of {@code source} (of the same width) to row {@code to} of this. */
  public void copyRow(FloatRows source, int from, int to) {
    MemorySegment.copy(
        source.data,
        from * source.stride * Float.BYTES,
        data,
        to * stride * Float.BYTES,
        (long) columns * Float.BYTES);
  }
}
