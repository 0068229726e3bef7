package org.bitnetj.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class Stq1FormatTest {
  static final List<TernaryFormat> FORMATS =
      List.of(WeightFormats.STQ1_0, WeightFormats.STQ1_0_STRIDED);

  /**
   * The four digits of a code and its sign: a list of the signs of three weights, into which the 0
   * is put, all negated if the sign is set.
   */
  private static List<Integer> lanes(int code, int sign) {
    List<Integer> weights = new ArrayList<>();
    weights.add(1);
    weights.add((code & 1) != 0 ? -1 : 1);
    weights.add((code & 2) != 0 ? -1 : 1);
    weights.add(code >> 2, 0);
    return weights.stream().map(t -> 1 + (sign == 1 ? -t : t)).toList();
  }

  /** Group and lane of a column: under id 42 neighbours are a group, under id 43 every 16th is. */
  private static int[] place(TernaryFormat format, int column) {
    return format.id() == 42
        ? new int[] {column / 4, column % 4}
        : new int[] {column / 64 * 16 + column % 16, column / 16 % 4};
  }

  @ParameterizedTest
  @FieldSource("FORMATS")
  void everyByteValueIsReadByTheDefinition(TernaryFormat format) {
    FormatData.digitsAre(
        format,
        FormatData.everyByte(format, 40),
        3,
        (block, c) -> {
          int[] place = place(format, c);
          int g = place[0];
          int code = block[g / 2] >> g % 2 * 4 & 15;
          int sign = block[32 + g / 8] >> g % 8 & 1;
          return lanes(code, sign).get(place[1]);
        });
    assertEquals(2, format.largestDigit());
  }

  @ParameterizedTest
  @FieldSource("FORMATS")
  void code9IsPlusMinusZeroPlusAndItsSignNegatesIt(TernaryFormat format) {
    int step = format.id() == 42 ? 1 : 16;
    for (int sign = 0; sign < 2; sign++) {
      MemorySegment data = Arena.ofAuto().allocate(format.bytes(1, 256));
      FormatData.setByte(data, 0, 9);
      FormatData.setByte(data, 32, sign);
      byte[] digits = new byte[256];
      format.digits(data, 256, 0, digits);
      byte[] group = {digits[0], digits[step], digits[2 * step], digits[3 * step]};
      assertArrayEquals(sign == 0 ? new byte[] {2, 0, 1, 2} : new byte[] {0, 2, 1, 0}, group);
    }
  }

  @ParameterizedTest
  @FieldSource("FORMATS")
  void aBlockEndsWithItsScale(TernaryFormat format) {
    assertEquals(42, format.bytes(1, 256));
    assertEquals(new ScaleKind.Group(256), format.scaleKind());
    MemorySegment data = Arena.ofAuto().allocate(format.bytes(2, 512));
    float[] scales = {0.5f, -3f, 0f, 0x1p-24f};
    for (int block = 0; block < 4; block++) {
      FormatData.setHalf(data, 42 * block + 40, scales[block]);
    }
    assertArrayEquals(new float[] {0.5f, -3f}, FormatData.scales(format, data, 512, 0));
    assertArrayEquals(new float[] {0f, 0x1p-24f}, FormatData.scales(format, data, 512, 1));
  }

  /** Kernels must not take one for the other, nor for another type with the same id. */
  @Test
  void everyOrderHasItsLayoutForKernels() {
    assertNotEquals(WeightFormats.STQ1_0.layoutId(), WeightFormats.STQ1_0_STRIDED.layoutId());
    for (TernaryFormat format : FORMATS) {
      assertNotEquals(WeightFormats.Q2_0.layoutId(), format.layoutId());
    }
  }
}
