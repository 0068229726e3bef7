package org.bitnetj.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.memory.NativeMemory;

/**
 * Activation rows quantized to int8, off-heap: values {@code [capacity][stride]} with zeros from
 * {@code columns} on, and per row a scale ({@code max(absmax, 1e-5f) / 127f}) and the sum of its
 * values; where {@link RowGroups} say so, instead a scale for each block of columns, and besides a
 * sum for each group. Mutable and not synchronized: writers of different rows do not meet.
 */
public final class QuantizedRows extends Operand {
  private final MemorySegment values;
  private final MemorySegment scales;
  private final MemorySegment sums;
  private final MemorySegment groupSums;
  private final int capacity;
  private final int columns;
  private final RowGroups cut;
  private final int groups;
  private final int blocks;
  private final long stride;

  private QuantizedRows(NativeMemory memory, int capacity, int columns, RowGroups cut) {
    this.capacity = capacity;
    this.columns = columns;
    this.cut = cut;
    this.groups = cut.groups(columns);
    this.blocks = cut.blocks(columns);
    this.stride = PanelLayout.activationStride(columns);
    this.values = memory.allocate(capacity * stride);
    this.scales = memory.allocate((long) capacity * blocks * Float.BYTES);
    this.sums = memory.allocate((long) capacity * Integer.BYTES);
    this.groupSums =
        cut.groupColumns() > 0
            ? memory.allocate((long) capacity * groups * Integer.BYTES)
            : MemorySegment.NULL;
  }

  /** Zeroed rows with one scale each, that live as long as {@code memory}. */
  public static QuantizedRows allocate(NativeMemory memory, int capacity, int columns) {
    return allocate(memory, capacity, columns, RowGroups.NONE);
  }

  /** Zeroed rows that live as long as {@code memory}. */
  public static QuantizedRows allocate(
      NativeMemory memory, int capacity, int columns, RowGroups cut) {
    return new QuantizedRows(memory, capacity, columns, cut);
  }

  public MemorySegment values() {
    return values;
  }

  /** The scale of each row, float32; those of its blocks where it has any. */
  public MemorySegment scales() {
    return scales;
  }

  /** The sum of each row's values, int32. */
  public MemorySegment sums() {
    return sums;
  }

  /** The sums of each row's groups, int32; {@link MemorySegment#NULL} where there are none. */
  public MemorySegment groupSums() {
    return groupSums;
  }

  public int capacity() {
    return capacity;
  }

  public int columns() {
    return columns;
  }

  /** How rows are cut. */
  public RowGroups cut() {
    return cut;
  }

  /** Groups of a row; 1 where it is not cut. */
  public int groups() {
    return groups;
  }

  /** Blocks of a row: how many scales it has. */
  public int blocks() {
    return blocks;
  }

  /** Bytes from one row to the next. */
  public long stride() {
    return stride;
  }

  public byte value(int row, int column) {
    return values.get(ValueLayout.JAVA_BYTE, row * stride + column);
  }

  /**
   * The scale of a row.
   *
   * @throws IllegalStateException if it may have several
   */
  public float scale(int row) {
    if (cut.blockColumns() > 0) {
      throw new IllegalStateException("rows have scales by blocks");
    }
    return scale(row, 0);
  }

  /** The scale of a block; the only one of a row is that of its block 0. */
  public float scale(int row, int block) {
    return scales.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * blocks + block);
  }

  public int sum(int row) {
    return sums.getAtIndex(ValueLayout.JAVA_INT, row);
  }

  /** The sum of a group's values. */
  public int groupSum(int row, int group) {
    return groupSums.getAtIndex(ValueLayout.JAVA_INT, (long) row * groups + group);
  }

  public void setValue(int row, int column, byte value) {
    values.set(ValueLayout.JAVA_BYTE, row * stride + column, value);
  }

  public void setScale(int row, int block, float scale) {
    scales.setAtIndex(ValueLayout.JAVA_FLOAT, (long) row * blocks + block, scale);
  }

  public void setScale(int row, float scale) {
    setScale(row, 0, scale);
  }

  public void setSum(int row, int sum) {
    sums.setAtIndex(ValueLayout.JAVA_INT, row, sum);
  }

  public void setGroupSum(int row, int group, int sum) {
    groupSums.setAtIndex(ValueLayout.JAVA_INT, (long) row * groups + group, sum);
  }
}
