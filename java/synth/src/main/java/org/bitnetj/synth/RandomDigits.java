package org.bitnetj.synth;

import java.lang.foreign.MemorySegment;
import org.bitnetj.format.TernaryEncoder;
import org.bitnetj.format.WeightFormats;

/**
 * A matrix of random ternary digits. They are those of a run of bytes with four digits each, as
 * {@linkplain WeightFormats#I2_S I2_S} reads them, so that every type holds the same.
 *
 * <p>Every two bytes are of one word: its eight bytes, least significant first, each pick the digit
 * at bits 0, 2, 4, 6 of the first byte and then of the second. Of the 256 values of a byte the
 * first {@code zeros} mean weight 0 (digit 1), the first half of the rest, rounded down, -1 (digit
 * 0) and the others +1 (digit 2).
 *
 * @param zeros of 256 weights
 * @param sparse whether, instead, one of every four weights is 0
 * @param lanes columns from one of such four to the next: 1 or 16
 */
record RandomDigits(
    CounterRandom random, int rows, int columns, int zeros, boolean sparse, int lanes) {
  private static final int BLOCK = 128;

  /** Those that a type can hold. */
  static RandomDigits of(
      TernaryEncoder format, CounterRandom random, int rows, int columns, double zeroShare) {
    return switch (format.name()) {
      case "Q1_0" -> new RandomDigits(random, rows, columns, 0, false, 0);
      case "STQ1_0" ->
          new RandomDigits(random, rows, columns, 0, true, format == WeightFormats.STQ1_0 ? 1 : 16);
      default ->
          new RandomDigits(random, rows, columns, (int) Math.round(zeroShare * 256), false, 0);
    };
  }

  /** Whether a type holds any row of digits, zeros too. */
  static boolean areAny(TernaryEncoder format) {
    RandomDigits half = of(format, CounterRandom.of(0, 0), 1, 1, 0.5);
    return half.zeros == 128 && !half.sparse;
  }

  /** Puts those of a row into {@code out}. */
  void read(int row, byte[] out) {
    long first = (long) row * columns;
    long begin = first / BLOCK * BLOCK; // of the blocks that hold the row
    int length = (int) ((first + columns + BLOCK - 1) / BLOCK * BLOCK - begin);
    byte[] packed = new byte[length / 4];
    fill(packed, begin / 4);
    byte[] digits = length == columns ? out : new byte[length];
    WeightFormats.I2_S.digits(MemorySegment.ofArray(packed), length, 0, digits);
    if (digits != out) {
      System.arraycopy(digits, (int) (first - begin), out, 0, columns);
    }
    if (sparse) {
      thin(first, out);
    }
  }

  /** Bytes of four digits, from byte {@code first} of the matrix on, an even one. */
  private void fill(byte[] packed, long first) {
    byte[] digit = new byte[256];
    for (int i = 0; i < 256; i++) {
      digit[i] = (byte) (i < zeros ? 1 : i < zeros + (256 - zeros) / 2 ? 0 : 2);
    }
    for (int at = 0; at < packed.length; at += 2) {
      long word = random.word((first + at) / 2);
      packed[at] = four(digit, (int) word);
      packed[at + 1] = four(digit, (int) (word >>> 32));
    }
  }

  private static byte four(byte[] digit, int picked) {
    return (byte)
        (digit[picked & 0xFF]
            | digit[picked >>> 8 & 0xFF] << 2
            | digit[picked >>> 16 & 0xFF] << 4
            | digit[picked >>> 24] << 6);
  }

  /** One weight of four lanes becomes 0. */
  private void thin(long first, byte[] out) {
    for (int g = 0; g < columns / 4; g++) {
      int lane = (int) (word(first / 4 + g) >>> 62);
      int start = lanes == 1 ? 4 * g : g / 16 * 64 + g % 16;
      out[start + lanes * lane] = 1;
    }
  }

  /** Words after those of the digits and the scale. */
  private long word(long n) {
    return random.word((long) rows * columns / 8 + 1 + n);
  }

  /** The scale that gives weights a deviation; the word after the digits' last one varies it. */
  float scale(double deviation) {
    double share = sparse ? 0.75 : (256 - zeros) / 256.0;
    float factor = 0.875f + 0.25f * random.unit((long) rows * columns / 8);
    return (float) (deviation / Math.sqrt(share)) * factor;
  }

  /** What the scale of a group is multiplied by: uniform in [0.5, 1.5). */
  float factor(int row, int group, int groups) {
    long n = (long) rows * columns / 4 + (long) row * groups + group;
    return 0.5f + (word(n) >>> 40) * 0x1p-24f;
  }
}
