package org.bitnetj.format;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class FloatFormatsTest {

  @Test
  void everyFloat16AndBfloat16IsExact() {
    MemorySegment data = Arena.ofAuto().allocate(2 << 16);
    for (int bits = 0; bits < 1 << 16; bits++) {
      data.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * bits, (short) bits);
    }
    float[] floats = new float[1 << 15];
    for (int row = 0; row < 2; row++) {
      WeightFormats.F16.floats(data, 1 << 15, row, floats, 0);
      for (int i = 0; i < floats.length; i++) {
        assertEquals(float16(i, row == 1), floats[i], "float16, bits " + i + " of row " + row);
      }
      WeightFormats.BF16.floats(data, 1 << 15, row, floats, 0);
      for (int i = 0; i < floats.length; i++) {
        int bits = (row << 15 | i) << 16;
        assertEquals(Float.intBitsToFloat(bits), floats[i], "bfloat16, bits " + i);
      }
    }
  }

  /** From sign, exponent and fraction. */
  private static float float16(int bits, boolean negative) {
    int exponent = bits >> 10;
    int fraction = bits & 1023;
    double value =
        exponent == 0
            ? fraction * 0x1p-24
            : exponent == 31
                ? fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN
                : (1024 + fraction) * Math.scalb(1.0, exponent - 25);
    return (float) (negative ? -value : value);
  }

  @Test
  void float32IsItself() {
    MemorySegment data = Arena.ofAuto().allocate(24);
    float[] values = {1f, -0f, 3e-45f, Float.MAX_VALUE, Float.NEGATIVE_INFINITY, 0.1f};
    MemorySegment.copy(values, 0, data, ValueLayout.JAVA_FLOAT, 0, 6);
    float[] row = new float[3];
    WeightFormats.F32.floats(data, 3, 1, row, 0);
    for (int i = 0; i < 3; i++) {
      assertEquals(values[3 + i], row[i]);
    }
  }

  @Test
  void eightBitsAreScaleTimesInteger() {
    FormatData.floatsAre(
        WeightFormats.Q8_0,
        FormatData.everyByte(WeightFormats.Q8_0, 0),
        3,
        (block, c) -> FormatData.half(block, 0) * (byte) block[2 + c]);
  }

  /** Columns 128h + {0, 32, 64, 96} + l, as ggml's definition lists them. */
  @Test
  void sixBitsAreScaleTimesScaleTimesInteger() {
    FormatData.floatsAre(
        WeightFormats.Q6_K,
        FormatData.everyByte(WeightFormats.Q6_K, 208),
        3,
        (block, c) -> {
          int h = c / 128;
          int l = c % 32;
          int high = block[128 + 32 * h + l];
          int q =
              switch (c % 128 / 32) {
                case 0 -> block[64 * h + l] & 15 | (high & 3) << 4;
                case 1 -> block[64 * h + 32 + l] & 15 | (high >> 2 & 3) << 4;
                case 2 -> block[64 * h + l] >> 4 | (high >> 4 & 3) << 4;
                default -> block[64 * h + 32 + l] >> 4 | (high >> 6 & 3) << 4;
              };
          byte scale = (byte) block[192 + 8 * h + 2 * (c % 128 / 32) + l / 16];
          return FormatData.half(block, 208) * scale * (q - 32);
        });
  }

  @Test
  void fourBitsAreScaleTimesFourBitsLess8() {
    FormatData.floatsAre(
        WeightFormats.Q4_0,
        FormatData.everyByte(WeightFormats.Q4_0, 0),
        3,
        (block, c) -> FormatData.half(block, 0) * (nibble(block, c) - 8));
  }

  @Test
  void fourBitsOfIq4NlAreScaleTimesAValueOfItsTable() {
    int[] table = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
    FormatData.floatsAre(
        WeightFormats.IQ4_NL,
        FormatData.everyByte(WeightFormats.IQ4_NL, 0),
        3,
        (block, c) -> FormatData.half(block, 0) * table[nibble(block, c)]);
  }

  /** Column j is the low nibble of byte j after the scale, column j + 16 the high one. */
  private static int nibble(int[] block, int column) {
    return column < 16 ? block[2 + column] & 15 : block[2 + column - 16] >> 4;
  }

  @Test
  void fourBitsOfSuperBlocksAreScaledAndAMinimumIsTaken() {
    superBlocks(WeightFormats.Q4_K, (block, c) -> block[16 + c / 64 * 32 + c % 32] >> nibbleOf(c));
  }

  /** The fifth bits of the eight runs of 32 stand side by side. */
  @Test
  void fiveBitsOfSuperBlocksAreScaledAndAMinimumIsTaken() {
    superBlocks(
        WeightFormats.Q5_K,
        (block, c) ->
            block[48 + c / 64 * 32 + c % 32] >> nibbleOf(c) & 15
                | ((block[16 + c % 32] & 1 << c / 32) != 0 ? 16 : 0));
  }

  private static int nibbleOf(int column) {
    return column % 64 < 32 ? 0 : 4;
  }

  /** Weights are d * scale * q - m * minimum in exact arithmetic, rounded once. */
  private static void superBlocks(FloatFormat format, FormatData.Definition code) {
    MemorySegment data = FormatData.everyByte(format, 0);
    float[] minimums = {0.375f, -2f, 0f, 0x1p-24f, 3.14f};
    for (int block = 0; block < 256 * 3; block++) {
      FormatData.setHalf(data, (long) block * format.blockBytes() + 2, minimums[block % 5]);
    }
    int mask = format.blockBytes() == 144 ? 15 : 31;
    FormatData.floatsAre(
        format,
        data,
        3,
        (block, c) -> {
          int[] pair = scaleAndMinimum(block, c / 32);
          double scaled = (double) FormatData.half(block, 0) * pair[0];
          double minimum = (double) FormatData.half(block, 2) * pair[1];
          float expected = (float) (scaled * ((int) code.at(block, c) & mask) - minimum);
          return expected == 0 ? 0f : expected;
        });
  }

  /** Written as ggml's get_scale_min_k4 reads them. */
  private static int[] scaleAndMinimum(int[] block, int run) {
    int[] q = Arrays.copyOfRange(block, 4, 16);
    if (run < 4) {
      return new int[] {q[run] & 63, q[run + 4] & 63};
    }
    int scale = (q[run + 4] & 0xf) | ((q[run - 4] >> 6) << 4);
    int minimum = (q[run + 4] >> 4) | ((q[run] >> 6) << 4);
    return new int[] {scale, minimum};
  }
}
