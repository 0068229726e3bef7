package org.bitnetj.synth;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Single weights of stored matrices by the published formulas of their types, sharing nothing with
 * the engine.
 */
final class NaiveWeights {
  private static final int[] POWERS = {1, 3, 9, 27, 81};
  private static final int[] IQ4_NL = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };

  private final String type;
  private final int id;
  private final MemorySegment data;
  private final int columns;
  private final long elements;

  /**
   * @param type the name of a type
   * @param id its number, which tells orders of weights apart
   */
  NaiveWeights(String type, int id, MemorySegment data, int rows, int columns) {
    this.type = type;
    this.id = id;
    this.data = data;
    this.columns = columns;
    this.elements = (long) rows * columns;
  }

  double at(int row, int column) {
    long i = (long) row * columns + column;
    return switch (type) {
      case "F32" -> single(4 * i);
      case "F16" -> half(2 * i);
      case "BF16" -> Float.intBitsToFloat((bits(2 * i + 1) << 8 | bits(2 * i)) << 16);
      case "Q4_0" -> half(i / 32 * 18) * (nibble(i / 32 * 18 + 2, (int) (i % 32)) - 8);
      case "IQ4_NL" -> half(i / 32 * 18) * IQ4_NL[nibble(i / 32 * 18 + 2, (int) (i % 32))];
      case "Q4_K" -> superBlock(i / 256 * 144, (int) (i % 256), false);
      case "Q5_K" -> superBlock(i / 256 * 176, (int) (i % 256), true);
      case "I2_S" ->
          (crumb(i / 128 * 32 + i % 32, 3 - (int) (i % 128 / 32)) - 1) * single(elements / 4);
      case "TQ1_0" -> {
        long at = i / 256 * 54;
        int j = (int) (i % 256);
        int trit =
            j < 160
                ? trit(at + j % 32, j / 32)
                : j < 240
                    ? trit(at + 32 + j % 16, (j - 160) / 16)
                    : trit(at + 48 + j % 4, (j - 240) / 4);
        yield (trit - 1) * half(at + 52);
      }
      case "TQ2_0" -> {
        long at = i / 256 * 66;
        yield (crumb(at + i % 256 / 128 * 32 + i % 32, (int) (i % 128 / 32)) - 1) * half(at + 64);
      }
      case "Q2_0" -> (crumb(i / 64 * 18 + 2 + i % 64 / 4, (int) (i % 4)) - 1) * half(i / 64 * 18);
      case "PQ2_0" ->
          (crumb(i / 128 * 34 + 2 + i % 128 / 4, (int) (i % 4)) - 1) * half(i / 128 * 34);
      case "Q1_0" -> {
        long at = i / 128 * 18;
        yield (bits(at + 2 + i % 128 / 8) >> i % 8 & 1) == 1 ? half(at) : -half(at);
      }
      case "PTQ1_0" -> {
        long at = i / 128 * 28;
        int j = (int) (i % 128);
        int trit =
            j < 80
                ? trit(at + j % 16, j / 16)
                : j < 120
                    ? trit(at + 16 + j % 8, (j - 80) / 8)
                    : trit(at + 24 + j % 2, (j - 120) / 2);
        yield (trit - 1) * half(at + 26);
      }
      case "STQ1_0" -> {
        long at = i / 256 * 42;
        int j = (int) (i % 256);
        int weight =
            id == 42 ? sparse(at, j / 4, j % 4) : sparse(at, j / 64 * 16 + j % 16, j % 64 / 16);
        yield weight * half(at + 40);
      }
      case "IQ1_BN" -> {
        long start = row * (2 + columns / 64 * 13L);
        long at = start + 2 + column / 64 * 13;
        int j = column % 16;
        int g = column % 64 / 16;
        int trit = j == 15 ? trit(at + 12, 4 - g) : trit(at + 3 * g + j / 5, 4 - j % 5);
        yield (trit - 1) * half(start);
      }
      case "IQ2_BN" -> {
        long start = row * (4 + columns / 4L);
        int digit = crumb(start + 4 + column / 64 * 16 + column % 16, column % 64 / 16);
        yield (digit - 1) * single(start);
      }
      case "IQ2_BN_R4" -> {
        long start = row / 4 * (16L + columns);
        long at = start + 16 + column / 16 * 16 + row % 4 * 4 + column % 4;
        yield (crumb(at, column % 16 / 4) - 1) * single(start + row % 4 * 4);
      }
      default -> throw new AssertionError("no formula for " + type);
    };
  }

  private int bits(long at) {
    return data.get(ValueLayout.JAVA_BYTE, at) & 0xff;
  }

  private double single(long at) {
    return data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at);
  }

  private double half(long at) {
    return Float.float16ToFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, at));
  }

  /** Two bits of a byte, number n from its lowest on. */
  private int crumb(long at, int n) {
    return bits(at) >> 2 * n & 3;
  }

  /** Digit n of a base-3 byte, the most significant being number 0. */
  private int trit(long at, int n) {
    return 3 * (bits(at) * POWERS[n] % 256) >> 8;
  }

  /** Code j of 32 in 16 bytes: first the lower nibbles, then the upper ones. */
  private int nibble(long at, int j) {
    return bits(at + j % 16) >> j / 16 * 4 & 15;
  }

  /** Lane p of group g of a block in which one of every four weights is 0. */
  private int sparse(long block, int g, int p) {
    int code = bits(block + g / 2) >> g % 2 * 4 & 15;
    int sign = (bits(block + 32 + g / 8) >> g % 8 & 1) == 1 ? -1 : 1;
    int[] others = {1, (code & 1) == 1 ? -1 : 1, (code & 2) == 2 ? -1 : 1};
    int zero = code >> 2;
    return p == zero ? 0 : sign * others[p < zero ? p : p - 1];
  }

  /** d * scale * q - m * minimum, the codes being of four or five bits. */
  private double superBlock(long block, int j, boolean five) {
    int run = j / 32;
    int scale = bits(block + 4 + run % 4) & 63;
    int minimum = bits(block + 8 + run % 4) & 63;
    if (run >= 4) {
      int last = bits(block + 8 + run);
      scale = last & 15 | bits(block + run) >> 6 << 4;
      minimum = last >> 4 | bits(block + 4 + run) >> 6 << 4;
    }
    int q = bits(block + (five ? 48 : 16) + j / 64 * 32 + j % 32) >> run % 2 * 4 & 15;
    q += five && (bits(block + 16 + j % 32) >> run & 1) == 1 ? 16 : 0;
    return half(block) * scale * q - half(block + 2) * minimum;
  }
}
