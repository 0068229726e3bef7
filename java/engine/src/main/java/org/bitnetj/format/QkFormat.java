package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * ggml's four-bit and five-bit super-blocks of 256: a float16 d and a float16 m, 12 bytes of scales
 * and minimums of six bits, then of five-bit codes 32 bytes of high bits, and 128 bytes of low
 * bits. Run g of eight runs of 32 has its low four bits in the lower nibbles of 32 bytes where g is
 * even, else in the upper ones, and its high bits at bit g. A weight is {@code (d * scale) * q - (m
 * * minimum)}; only the difference is rounded.
 *
 * @param bits of a code, 4 or 5
 */
public record QkFormat(int bits) implements FloatFormat {
  private static final int RUN = 32;
  private static final int SCALES = 4;
  private static final int HIGH_BITS = 16;

  @Override
  public String name() {
    return bits == 4 ? "Q4_K" : "Q5_K";
  }

  @Override
  public int id() {
    return bits == 4 ? 12 : 13;
  }

  @Override
  public int blockColumns() {
    return 256;
  }

  @Override
  public int blockBytes() {
    return lowBits() + 128;
  }

  private int lowBits() {
    return bits == 4 ? HIGH_BITS : HIGH_BITS + RUN;
  }

  @Override
  public void floats(MemorySegment data, int columns, int row, float[] out, int at) {
    long from = row * rowBytes(columns);
    for (int c = 0; c < columns; c += blockColumns(), from += blockBytes()) {
      float d = Float.float16ToFloat(data.get(JAVA_SHORT_UNALIGNED, from));
      float m = Float.float16ToFloat(data.get(JAVA_SHORT_UNALIGNED, from + 2));
      for (int g = 0; g < 8; g++) {
        float scale = d * sixBits(data, from + SCALES, g, 0);
        float minimum = m * sixBits(data, from + SCALES, g, 1);
        for (int l = 0; l < RUN; l++) {
          int q = data.get(JAVA_BYTE, from + lowBits() + g / 2 * RUN + l) >> g % 2 * 4 & 15;
          if (bits == 5) {
            q |= (data.get(JAVA_BYTE, from + HIGH_BITS + l) >> g & 1) << 4;
          }
          out[at + c + g * RUN + l] = scale * q - minimum;
        }
      }
    }
  }

  /**
   * The scale (which = 0) or minimum (1) of run g. Those of the first four runs are the lower six
   * bits of bytes 0 to 3 and 4 to 7. Those of the last four have their lower four bits in the lower
   * and the upper nibbles of bytes 8 to 11, and their upper two above those of the run four before.
   */
  private static int sixBits(MemorySegment data, long at, int g, int which) {
    int own = data.get(JAVA_BYTE, at + 4 * which + g % 4) & 0xff;
    return g < 4 ? own & 63 : data.get(JAVA_BYTE, at + 4 + g) >> 4 * which & 15 | own >> 6 << 4;
  }
}
