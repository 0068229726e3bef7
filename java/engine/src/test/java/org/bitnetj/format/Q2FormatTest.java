package org.bitnetj.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class Q2FormatTest {
  static final List<TernaryFormat> FORMATS =
      List.of(WeightFormats.Q2_0, WeightFormats.Q2_0_G128, WeightFormats.PQ2_0);

  @ParameterizedTest
  @FieldSource("FORMATS")
  void everyByteValueIsReadByTheDefinition(TernaryFormat format) {
    FormatData.digitsAre(
        format,
        FormatData.everyByte(format, 0),
        3,
        (block, j) -> block[2 + j / 4] >> 2 * (j % 4) & 3);
    assertEquals(3, format.largestDigit(), "it means +2");
  }

  @Test
  void groupsOf64Take18BytesAndGroupsOf128Take34() {
    assertEquals(new ScaleKind.Group(64), WeightFormats.Q2_0.scaleKind());
    assertEquals(2560L * 2560 / 64 * 18, WeightFormats.Q2_0.bytes(2560, 2560));
    assertEquals(new ScaleKind.Group(128), WeightFormats.Q2_0_G128.scaleKind());
    assertEquals(2560L * 2560 / 128 * 34, WeightFormats.Q2_0_G128.bytes(2560, 2560));
    assertEquals(2560L * 2560 / 128 * 34, WeightFormats.PQ2_0.bytes(2560, 2560));
  }

  @Test
  void theScaleOf0_5AndTheByte58MakeMinusHalfHalf0And0() {
    for (TernaryFormat format : FORMATS) {
      int columns = format.blockColumns();
      MemorySegment data = Arena.ofAuto().allocate(format.bytes(1, columns));
      FormatData.setByte(data, 0, 0x00);
      FormatData.setByte(data, 1, 0x38);
      FormatData.setByte(data, 2, 0x58);
      byte[] digits = new byte[columns];
      format.digits(data, columns, 0, digits);
      float scale = FormatData.scales(format, data, columns, 0)[0];
      float[] weights = new float[4];
      for (int i = 0; i < 4; i++) {
        weights[i] = scale * (digits[i] - 1);
      }
      assertArrayEquals(new float[] {-0.5f, 0.5f, 0f, 0f}, weights, format.name());
    }
  }

  @Test
  void everyGroupHasItsScale() {
    MemorySegment data = Arena.ofAuto().allocate(WeightFormats.Q2_0.bytes(2, 128));
    float[] scales = {0.5f, 0f, -2f, 0x1p-24f};
    for (int block = 0; block < 4; block++) {
      FormatData.setHalf(data, 18 * block, scales[block]);
    }
    assertArrayEquals(
        new float[] {-2f, 0x1p-24f}, FormatData.scales(WeightFormats.Q2_0, data, 128, 1));
  }
}
