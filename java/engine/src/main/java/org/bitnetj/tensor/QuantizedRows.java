package org.bitnetj.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.memory.NativeMemory;

/**
 * Activation rows quantized to int8, off-heap: values {@code [capacity][stride]} with zeros from
 * {@code columns} on, and per row a scale ({@code max(absmax, 1e-5f) / 127f}) and the sum of its
 * values. Mutable and not synchronized: writers of different rows do not meet.
 */
public final class QuantizedRows extends Operand {
  private final MemorySegment values;
  private final MemorySegment scales;
  private final MemorySegment sums;
  private final int capacity;
  private final int columns;
  private final long stride;

  private QuantizedRows(NativeMemory memory, int capacity, int columns) {
    this.capacity = capacity;
    this.columns = columns;
    this.stride = PanelLayout.activationStride(columns);
    this.values = memory.allocate(capacity * stride);
    this.scales = memory.allocate((long) capacity * Float.BYTES);
    this.sums = memory.allocate((long) capacity * Integer.BYTES);
  }

  /** Zeroed rows that live as long as {@code memory}. */
  public static QuantizedRows allocate(NativeMemory memory, int capacity, int columns) {
    return new QuantizedRows(memory, capacity, columns);
  }

  public MemorySegment values() {
    return values;
  }

  /** The scale of each row, float32. */
  public MemorySegment scales() {
    return scales;
  }

  /** The sum of each row's values, int32. */
  public MemorySegment sums() {
    return sums;
  }

  public int capacity() {
    return capacity;
  }

  public int columns() {
    return columns;
  }

  /** Bytes from one row to the next. */
  public long stride() {
    return stride;
  }

  public byte value(int row, int column) {
    return values.get(ValueLayout.JAVA_BYTE, row * stride + column);
  }

  public float scale(int row) {
    return scales.getAtIndex(ValueLayout.JAVA_FLOAT, row);
  }

  public int sum(int row) {
    return sums.getAtIndex(ValueLayout.JAVA_INT, row);
  }

  public void setValue(int row, int column, byte value) {
    values.set(ValueLayout.JAVA_BYTE, row * stride + column, value);
  }

  public void setScale(int row, float scale) {
    scales.setAtIndex(ValueLayout.JAVA_FLOAT, row, scale);
  }

  public void setSum(int row, int sum) {
    sums.setAtIndex(ValueLayout.JAVA_INT, row, sum);
  }
}
