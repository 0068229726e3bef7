package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** ggml's eight-bit type: a float16 scale d and 32 integers q, {@code d * q} rounded once. */
public record Q8Format() implements FloatFormat {
  @Override
  public String name() {
    return "Q8_0";
  }

  @Override
  public int id() {
    return 8;
  }

  @Override
  public int blockColumns() {
    return 32;
  }

  @Override
  public int blockBytes() {
    return 34;
  }

  @Override
  public void floats(MemorySegment data, int columns, int row, float[] out, int at) {
    long from = row * rowBytes(columns);
    for (int c = 0; c < columns; c += 32, from += 34) {
      float scale = Float.float16ToFloat(data.get(JAVA_SHORT_UNALIGNED, from));
      for (int j = 0; j < 32; j++) {
        out[at + c + j] = scale * data.get(JAVA_BYTE, from + 2 + j);
      }
    }
  }

  /** With d of the largest absolute value / 127, and each q the nearest integer. */
  @Override
  public void encode(float[] values, MemorySegment data, int columns, int row) {
    long to = row * rowBytes(columns);
    for (int c = 0; c < columns; c += 32, to += 34) {
      short d = Rounding.half(Math.abs(Rounding.farthest(values, c, c + 32)) / 127);
      data.set(JAVA_SHORT_UNALIGNED, to, d);
      float inverse = Rounding.inverse(Float.float16ToFloat(d));
      for (int j = 0; j < 32; j++) {
        data.set(
            JAVA_BYTE, to + 2 + j, (byte) Rounding.clamped(values[c + j] * inverse, -127, 127));
      }
    }
  }
}
