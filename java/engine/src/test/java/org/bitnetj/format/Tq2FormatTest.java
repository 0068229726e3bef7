package org.bitnetj.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class Tq2FormatTest {
  private static final TernaryFormat FORMAT = WeightFormats.TQ2_0;

  /** Column 128h + 32n + m is at bits 2n of byte 32h + m. */
  @Test
  void everyByteValueIsReadByTheDefinition() {
    FormatData.digitsAre(
        FORMAT,
        FormatData.everyByte(FORMAT, 64),
        3,
        (block, c) -> block[c / 128 * 32 + c % 32] >> c % 128 / 32 * 2 & 3);
  }

  @Test
  void aBlockIs64BytesOfDigitsAndItsScale() {
    assertEquals(66, FORMAT.bytes(1, 256));
    assertEquals(new ScaleKind.Group(256), FORMAT.scaleKind());
    MemorySegment data = Arena.ofAuto().allocate(FORMAT.bytes(2, 512));
    float[] scales = {0.5f, -3f, 6.1e-5f, 0x1p-24f};
    for (int block = 0; block < 4; block++) {
      FormatData.setHalf(data, 66 * block + 64, scales[block]);
    }
    float[] subnormal = {Float.float16ToFloat(Float.floatToFloat16(6.1e-5f)), 0x1p-24f};
    assertArrayEquals(new float[] {0.5f, -3f}, FormatData.scales(FORMAT, data, 512, 0));
    assertArrayEquals(subnormal, FormatData.scales(FORMAT, data, 512, 1));
    assertEquals(2, FORMAT.largestDigit(), "a 3 is damage");
  }
}
