package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * ggml's six-bit type, super-blocks of 256: 128 bytes of low bits, 64 of high bits, 16 int8 scales
 * and a float16 d. In each half of 128, run g of four runs of 32 has its low four bits in a nibble
 * and its high two bits at 2g. A weight is {@code (d * scale) * (q - 32)}; d * scale is exact.
 */
public record Q6kFormat() implements FloatFormat {
  @Override
  public String name() {
    return "Q6_K";
  }

  @Override
  public int id() {
    return 14;
  }

  @Override
  public int blockColumns() {
    return 256;
  }

  @Override
  public int blockBytes() {
    return 210;
  }

  @Override
  public void floats(MemorySegment data, int columns, int row, float[] out, int at) {
    long from = row * rowBytes(columns);
    for (int c = 0; c < columns; c += 256, from += 210) {
      float scale = Float.float16ToFloat(data.get(JAVA_SHORT_UNALIGNED, from + 208));
      for (int h = 0; h < 2; h++) {
        for (int g = 0; g < 4; g++) {
          for (int l = 0; l < 32; l++) {
            int low = data.get(JAVA_BYTE, from + 64L * h + 32L * (g & 1) + l) >> (g >> 1) * 4 & 15;
            int high = data.get(JAVA_BYTE, from + 128 + 32L * h + l) >> 2 * g & 3;
            int s = data.get(JAVA_BYTE, from + 192 + 8L * h + 2L * g + l / 16);
            out[at + c + 128 * h + 32 * g + l] = scale * s * ((low | high << 4) - 32);
          }
        }
      }
    }
  }

  /**
   * With a step for each 16 columns such that the value of the largest absolute value is the code
   * -32, the d for which the largest step is -128 of them, and each code that of the nearest value.
   */
  @Override
  public void encode(float[] values, MemorySegment data, int columns, int row) {
    long to = row * rowBytes(columns);
    byte[] block = new byte[blockBytes()];
    float[] steps = new float[16];
    for (int c = 0; c < columns; c += 256, to += 210) {
      Arrays.fill(block, (byte) 0);
      for (int s = 0; s < 16; s++) {
        steps[s] = Rounding.farthest(values, c + 16 * s, c + 16 * s + 16) / -32;
      }
      short half = Rounding.half(Rounding.farthest(steps, 0, 16) / -128);
      float d = Float.float16ToFloat(half);
      float inverse = Rounding.inverse(d);
      for (int s = 0; s < 16; s++) {
        int scale = Rounding.clamped(steps[s] * inverse, -128, 127);
        block[192 + s] = (byte) scale;
        encodeRun(values, c + 16 * s, Rounding.inverse(d * scale), block, s);
      }
      MemorySegment.copy(block, 0, data, JAVA_BYTE, to, blockBytes());
      data.set(JAVA_SHORT_UNALIGNED, to + 208, half);
    }
  }

  private static void encodeRun(float[] values, int from, float inverse, byte[] block, int s) {
    int half = s / 8;
    int run = s % 8 / 2;
    for (int i = 0; i < 16; i++) {
      int q = Rounding.clamped(values[from + i] * inverse, -32, 31) + 32;
      int l = s % 2 * 16 + i;
      block[64 * half + 32 * (run & 1) + l] |= (byte) ((q & 15) << (run >> 1) * 4);
      block[128 + 32 * half + l] |= (byte) (q >> 4 << 2 * run);
    }
  }
}
