package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

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
}
