package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * ggml's four-bit types: blocks of 32 in a float16 d and 16 bytes, of which byte j holds the code
 * of column j in its lower nibble and that of column j + 16 in its upper one. A weight is {@code d
 * * value}, which is exact.
 *
 * @param linear Q4_0, where the value of a code is 8 less; else IQ4_NL, which has a table
 */
public record Q4Format(boolean linear) implements FloatFormat {
  private static final byte[] LINEAR = {-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7};
  private static final byte[] TABLE = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };

  @Override
  public String name() {
    return linear ? "Q4_0" : "IQ4_NL";
  }

  @Override
  public int id() {
    return linear ? 2 : 20;
  }

  @Override
  public int blockColumns() {
    return 32;
  }

  @Override
  public int blockBytes() {
    return 18;
  }

  @Override
  public void floats(MemorySegment data, int columns, int row, float[] out, int at) {
    byte[] values = linear ? LINEAR : TABLE;
    long from = row * rowBytes(columns);
    for (int c = 0; c < columns; c += 32, from += 18) {
      float scale = Float.float16ToFloat(data.get(JAVA_SHORT_UNALIGNED, from));
      for (int j = 0; j < 16; j++) {
        int codes = data.get(JAVA_BYTE, from + 2 + j);
        out[at + c + j] = scale * values[codes & 15];
        out[at + c + 16 + j] = scale * values[codes >> 4 & 15];
      }
    }
  }

  /**
   * With d such that the value of the largest absolute value is the first code's, -8 or -127, and
   * each code that of the nearest value, of two the smaller.
   */
  @Override
  public void encode(float[] values, MemorySegment data, int columns, int row) {
    byte[] levels = linear ? LINEAR : TABLE;
    long to = row * rowBytes(columns);
    for (int c = 0; c < columns; c += 32, to += 18) {
      short d = Rounding.half(Rounding.farthest(values, c, c + 32) / levels[0]);
      data.set(JAVA_SHORT_UNALIGNED, to, d);
      float inverse = Rounding.inverse(Float.float16ToFloat(d));
      for (int j = 0; j < 16; j++) {
        int low = nearest(levels, values[c + j] * inverse);
        int high = nearest(levels, values[c + 16 + j] * inverse);
        data.set(JAVA_BYTE, to + 2 + j, (byte) (low | high << 4));
      }
    }
  }

  private static int nearest(byte[] levels, float x) {
    int code = 0;
    for (int i = 1; i < 16; i++) {
      code += 2 * x > levels[i - 1] + levels[i] ? 1 : 0;
    }
    return code;
  }
}
