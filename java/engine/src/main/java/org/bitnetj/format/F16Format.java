package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** IEEE 754 binary16; exact in float32. */
public record F16Format() implements FloatFormat {
  @Override
  public String name() {
    return "F16";
  }

  @Override
  public int id() {
    return 1;
  }

  @Override
  public int blockColumns() {
    return 1;
  }

  @Override
  public int blockBytes() {
    return 2;
  }

  @Override
  public void floats(MemorySegment data, int columns, int row, float[] out, int at) {
    long from = row * rowBytes(columns);
    for (int i = 0; i < columns; i++) {
      out[at + i] = Float.float16ToFloat(data.get(JAVA_SHORT_UNALIGNED, from + 2L * i));
    }
  }

  /** The nearest float16, of two the even one. */
  @Override
  public void encode(float[] values, MemorySegment data, int columns, int row) {
    long to = row * rowBytes(columns);
    for (int i = 0; i < columns; i++) {
      data.set(JAVA_SHORT_UNALIGNED, to + 2L * i, Rounding.half(values[i]));
    }
  }
}
