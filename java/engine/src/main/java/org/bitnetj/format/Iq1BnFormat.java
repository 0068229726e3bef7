package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * ik_llama.cpp's base-3 type: rows of a float16 scale and blocks of 64 in 13 bytes, five digits to
 * a byte as {@link Trits} has them, but the first digit is the least significant. Byte 3g + k holds
 * those of columns 16g + 5k to 16g + 5k + 4, for k of 0 to 2, and the last byte those of columns
 * 16g + 15, for g of 0 to 3.
 */
record Iq1BnFormat() implements RowScaled {
  /** The five digits of each byte, a byte each. */
  private static final long[] FIVE = new long[256];

  static {
    for (int q = 0; q < 256; q++) {
      for (int j = 0; j < 5; j++) {
        FIVE[q] |= (long) Trits.digit((byte) q, 4 - j) << 8 * j;
      }
    }
  }

  @Override
  public String name() {
    return "IQ1_BN";
  }

  @Override
  public int id() {
    return 134;
  }

  @Override
  public int blockColumns() {
    return 64;
  }

  @Override
  public int blockBytes() {
    return 13;
  }

  @Override
  public int scaleBytes() {
    return Short.BYTES;
  }

  @Override
  public float scale(MemorySegment data, long at) {
    return Float.float16ToFloat(data.get(JAVA_SHORT_UNALIGNED, at));
  }

  @Override
  public void digits(MemorySegment data, int columns, int row, byte[] out) {
    long at = start(columns, row) + scaleBytes();
    for (int c = 0; c < columns; c += blockColumns(), at += blockBytes()) {
      long last = five(data, at + 12);
      for (int g = 0; g < 4; g++) {
        long second = five(data, at + 3 * g + 1);
        EightDigits.put(out, c + 16 * g, five(data, at + 3 * g) | second << 40);
        EightDigits.put(
            out,
            c + 16 * g + 8,
            second >>> 24 | five(data, at + 3 * g + 2) << 16 | (last >>> 8 * g & 3) << 56);
      }
    }
  }

  private static long five(MemorySegment data, long at) {
    return FIVE[data.get(JAVA_BYTE, at) & 0xff];
  }

  @Override
  public float storable(float scale) {
    return Float.float16ToFloat(Float.floatToFloat16(scale));
  }

  @Override
  public void putScale(MemorySegment data, long at, float scale) {
    data.set(JAVA_SHORT_UNALIGNED, at, Float.floatToFloat16(scale));
  }

  @Override
  public void encodeBlock(byte[] digits, int from, MemorySegment data, long at, int row) {
    int last = 0;
    for (int g = 3; g >= 0; g--) {
      int first = from + 16 * g;
      for (int k = 0; k < 3; k++) {
        int q = 0;
        for (int j = 4; j >= 0; j--) {
          q = 3 * q + digits[first + 5 * k + j];
        }
        data.set(JAVA_BYTE, at + 3 * g + k, Trits.number(q));
      }
      last = 3 * last + digits[first + 15];
    }
    data.set(JAVA_BYTE, at + 12, Trits.number(last));
  }
}
