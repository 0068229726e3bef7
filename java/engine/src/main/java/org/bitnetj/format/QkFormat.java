package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

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

  /**
   * With codes of a run from its smallest value, or 0 if that is above it, to its largest, the d
   * and m for which the largest scale and minimum are 63 of them, and each code that of the nearest
   * value.
   */
  @Override
  public void encode(float[] values, MemorySegment data, int columns, int row) {
    long to = row * rowBytes(columns);
    byte[] block = new byte[blockBytes()];
    float[] scales = new float[8];
    float[] minimums = new float[8];
    for (int c = 0; c < columns; c += blockColumns(), to += blockBytes()) {
      Arrays.fill(block, (byte) 0);
      for (int g = 0; g < 8; g++) {
        float least = 0;
        float most = 0;
        for (int l = 0; l < RUN; l++) {
          least = Math.min(least, values[c + RUN * g + l]);
          most = Math.max(most, values[c + RUN * g + l]);
        }
        scales[g] = (most - least) / mostCode();
        minimums[g] = -least;
      }
      short halfD = Rounding.half(Rounding.farthest(scales, 0, 8) / 63);
      short halfM = Rounding.half(Rounding.farthest(minimums, 0, 8) / 63);
      float d = Float.float16ToFloat(halfD);
      float m = Float.float16ToFloat(halfM);
      for (int g = 0; g < 8; g++) {
        int scale = Rounding.clamped(scales[g] * Rounding.inverse(d), 0, 63);
        int minimum = Rounding.clamped(minimums[g] * Rounding.inverse(m), 0, 63);
        putSixBits(block, g, 0, scale);
        putSixBits(block, g, 1, minimum);
        encodeRun(values, c + RUN * g, m * minimum, Rounding.inverse(d * scale), block, g);
      }
      MemorySegment.copy(block, 0, data, JAVA_BYTE, to, blockBytes());
      data.set(JAVA_SHORT_UNALIGNED, to, halfD);
      data.set(JAVA_SHORT_UNALIGNED, to + 2, halfM);
    }
  }

  private int mostCode() {
    return (1 << bits) - 1;
  }

  private void encodeRun(
      float[] values, int from, float minimum, float inverse, byte[] block, int g) {
    for (int l = 0; l < RUN; l++) {
      int q = Rounding.clamped((values[from + l] + minimum) * inverse, 0, mostCode());
      block[lowBits() + g / 2 * RUN + l] |= (byte) ((q & 15) << g % 2 * 4);
      if (bits == 5) {
        block[HIGH_BITS + l] |= (byte) (q >> 4 << g);
      }
    }
  }

  /** The inverse of {@link #sixBits}. */
  private static void putSixBits(byte[] block, int g, int which, int value) {
    if (g < 4) {
      block[SCALES + 4 * which + g] |= (byte) value;
    } else {
      block[SCALES + 4 + g] |= (byte) ((value & 15) << 4 * which);
      block[SCALES + 4 * which + g - 4] |= (byte) (value >> 4 << 6);
    }
  }
}
