package org.bitnetj.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** How floats are rounded where a format cannot hold them. */
class FloatEncodingTest {
  private static final int COLUMNS = 512;

  /** Steps from the lowest to the highest value of a block, at the least. */
  private static final Map<String, Integer> STEPS =
      Map.of("Q4_0", 15, "IQ4_NL", 10, "Q4_K", 15, "Q5_K", 31, "Q8_0", 254, "Q6_K", 60);

  static List<FloatFormat> formats() {
    return WeightFormats.floats();
  }

  private static MemorySegment encode(FloatFormat format, float[]... rows) {
    MemorySegment data = Arena.ofAuto().allocate(format.bytes(rows.length, rows[0].length));
    data.fill((byte) 0xa5);
    for (int row = 0; row < rows.length; row++) {
      format.encode(rows[row], data, rows[row].length, row);
    }
    return data;
  }

  private static float[] decode(FloatFormat format, MemorySegment data, int columns, int row) {
    float[] floats = new float[columns];
    format.floats(data, columns, row, floats, 0);
    return floats;
  }

  @Test
  void everyFloat16AndBfloat16IsWrittenAsItself() {
    for (FloatFormat format : List.of(WeightFormats.F16, WeightFormats.BF16)) {
      MemorySegment data = Arena.ofAuto().allocate(2 << 16);
      int count = 0;
      for (int bits = 0; bits < 1 << 16; bits++) {
        data.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * count, (short) bits);
        float value = decode(format, data.asSlice(2L * count, 2), 1, 0)[0];
        count += Float.isFinite(value) ? 1 : 0; // else the next one takes its place
      }
      MemorySegment finite = data.asSlice(0, 2L * count);
      assertEquals(-1, finite.mismatch(encode(format, decode(format, finite, count, 0))));
    }
  }

  /** Between two neighbours the nearer, in the middle the even one, beyond the last none. */
  @Test
  void bfloat16IsRoundedToTheNearest() {
    float[] values = {1.0039062f, 1.0039064f, 1.0117188f, -1.0039064f, 0x1p-133f, 3e-45f};
    float[] expected = {1f, 1.0078125f, 1.015625f, -1.0078125f, 0x1p-133f, 0f};
    assertArrayEquals(
        expected, decode(WeightFormats.BF16, encode(WeightFormats.BF16, values), 6, 0));
    float[] large = {-Float.MAX_VALUE};
    assertThrows(IllegalArgumentException.class, () -> encode(WeightFormats.BF16, large));
    float[] largest = {0x1.fep127f};
    assertEquals(
        largest[0], decode(WeightFormats.BF16, encode(WeightFormats.BF16, largest), 1, 0)[0]);
  }

  @ParameterizedTest
  @MethodSource("formats")
  void valuesStayWithinOneStep(FloatFormat format) {
    Random random = new Random(7);
    for (float spread : new float[] {0.02f, 1f, 300f}) {
      float[][] rows = new float[9][COLUMNS];
      for (int row = 0; row < rows.length; row++) {
        for (int c = 0; c < COLUMNS; c++) {
          float x = row % 3 == 0 ? random.nextFloat() : (float) random.nextGaussian();
          rows[row][c] = spread * (row % 3 == 2 ? -Math.abs(x) : x);
        }
      }
      MemorySegment data = encode(format, rows);
      for (int row = 0; row < rows.length; row++) {
        float[] read = decode(format, data, COLUMNS, row);
        for (int c = 0; c < COLUMNS; c++) {
          float step = step(format, rows[row], c);
          assertTrue(
              Math.abs(read[c] - rows[row][c]) <= step,
              "%s, row %d, column %d: %s for %s, a step is %s"
                  .formatted(format.name(), row, c, read[c], rows[row][c], step));
        }
      }
    }
  }

  /** From the values of an element's block: those of 32, and of Q6_K of 16, share a scale. */
  private static float step(FloatFormat format, float[] row, int column) {
    if (format.blockColumns() == 1) {
      int fraction = format.name().equals("F32") ? 24 : format.name().equals("F16") ? 11 : 8;
      return Math.max(0x1p-25f, Math.abs(row[column]) * Math.scalb(1f, -fraction));
    }
    int block = format.name().equals("Q6_K") ? 16 : 32;
    float least = 0;
    float most = 0;
    float farthest = 0;
    for (int i = column / block * block; i < (column / block + 1) * block; i++) {
      least = Math.min(least, row[i]);
      most = Math.max(most, row[i]);
    }
    for (float x : row) {
      farthest = Math.max(farthest, Math.abs(x));
    }
    boolean offset = format.name().matches("Q[45]_K");
    float range = offset ? most - least : 2 * Math.max(most, -least);
    // Super-blocks round their scales and minimums to 1/63 or 1/128 of the largest.
    float super_ = format.blockColumns() == 32 ? 0 : offset ? farthest / 63 : farthest / 128;
    return range / STEPS.get(format.name()) + super_ + 0x1p-22f;
  }

  @ParameterizedTest
  @MethodSource("formats")
  void zerosStayZeros(FloatFormat format) {
    float[] zeros = new float[COLUMNS];
    for (float read : decode(format, encode(format, zeros), COLUMNS, 0)) {
      assertEquals(0, Math.abs(read)); // of which sign does not matter
    }
  }

  /** Scales are chosen for them; only IQ4_NL has no code for 0. */
  @ParameterizedTest
  @MethodSource("formats")
  void theLowestValueOfABlockAndZeroAreExactButForTheirScale(FloatFormat format) {
    float[] values = new float[COLUMNS];
    for (int c = 0; c < COLUMNS; c++) {
      values[c] = c % 16 < 8 ? -0.5f : 0;
    }
    float[] read = decode(format, encode(format, values), COLUMNS, 0);
    for (int c = 0; c < COLUMNS; c++) {
      float nearest = format == WeightFormats.IQ4_NL && values[c] == 0 ? 0.5f / 127 : values[c];
      assertEquals(nearest, read[c], 0.5f * 0x1p-10f, format.name() + ", column " + c);
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void valuesThatAreTooLargeAreRefused(FloatFormat format) {
    float[] values = new float[COLUMNS];
    values[300] = -3e38f;
    if (format == WeightFormats.F32 || format == WeightFormats.BF16) {
      encode(format, values);
    } else {
      String clause =
          assertThrows(IllegalArgumentException.class, () -> encode(format, values)).getMessage();
      assertTrue(clause.contains("65504"), clause);
    }
  }
}
