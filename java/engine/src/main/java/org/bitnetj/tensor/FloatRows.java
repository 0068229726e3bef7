package org.bitnetj.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitnetj.memory.NativeMemory;

/**
 * A matrix of float32 activation rows, off-heap: {@code [capacity][columns]}, each row starting at
 * a multiple of 64 bytes. Mutable and not synchronized: writers of different rows do not meet.
 */
public final class FloatRows {
  private final MemorySegment data;
  private final int capacity;
  private final int columns;
  private final long stride;

  private FloatRows(NativeMemory memory, int capacity, int columns) {
    this.capacity = capacity;
    this.columns = columns;
    this.stride = (columns + 15L) & ~15L;
    this.data = memory.allocate(capacity * stride * Float.BYTES);
  }

  /** Zeroed rows that live as long as {@code memory}. */
  public static FloatRows allocate(NativeMemory memory, int capacity, int columns) {
    return new FloatRows(memory, capacity, columns);
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
