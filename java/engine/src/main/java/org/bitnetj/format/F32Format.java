package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** IEEE 754 binary32. */
public record F32Format() implements FloatFormat {
  @Override
  public String name() {
    return "F32";
  }

  @Override
  public int id() {
    return 0;
  }

  @Override
  public int blockColumns() {
    return 1;
  }

  @Override
  public int blockBytes() {
    return 4;
  }

  @Override
  public void floats(MemorySegment data, int columns, int row, float[] out, int at) {
    MemorySegment.copy(data, JAVA_FLOAT_UNALIGNED, row * rowBytes(columns), out, at, columns);
  }

  /** Exact. */
  @Override
  public void encode(float[] values, MemorySegment data, int columns, int row) {
    MemorySegment.copy(values, 0, data, JAVA_FLOAT_UNALIGNED, row * rowBytes(columns), columns);
  }
}
