package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** The upper half of a binary32; exact in float32. */
public record BF16Format() implements FloatFormat {
  @Override
  public String name() {
    return "BF16";
  }

  @Override
  public int id() {
    return 30;
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
      out[at + i] = Float.intBitsToFloat(data.get(JAVA_SHORT_UNALIGNED, from + 2L * i) << 16);
    }
  }

  /** The nearest bfloat16, of two the even one. */
  @Override
  public void encode(float[] values, MemorySegment data, int columns, int row) {
    long to = row * rowBytes(columns);
    int largest = 0;
    for (int i = 0; i < columns; i++) {
      int bits = Float.floatToRawIntBits(values[i]);
      int rounded = bits + 0x7fff + (bits >>> 16 & 1);
      largest = Math.max(largest, rounded & 0x7fffffff);
      data.set(JAVA_SHORT_UNALIGNED, to + 2L * i, (short) (rounded >>> 16));
    }
    if (largest >= 0x7f800000) {
      throw new IllegalArgumentException("has a value that is too large for a bfloat16");
    }
  }
}
