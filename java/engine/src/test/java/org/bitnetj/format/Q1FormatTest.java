package org.bitnetj.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class Q1FormatTest {
  private static final TernaryFormat FORMAT = WeightFormats.Q1_0;

  /** Bit j % 8 of byte 2 + j / 8: 1 is +1, 0 is -1. */
  @Test
  void everyByteValueIsReadByTheDefinition() {
    FormatData.digitsAre(
        FORMAT,
        FormatData.everyByte(FORMAT, 0),
        3,
        (block, j) -> (block[2 + j / 8] & 1 << j % 8) == 0 ? 0 : 2);
    assertEquals(2, FORMAT.largestDigit());
  }

  @Test
  void theScaleOf0_5AndTheByte13MakeEightHalves() {
    MemorySegment data = Arena.ofAuto().allocate(FORMAT.bytes(1, 128));
    FormatData.setByte(data, 0, 0x00);
    FormatData.setByte(data, 1, 0x38);
    FormatData.setByte(data, 2, 0x13);
    byte[] digits = new byte[128];
    FORMAT.digits(data, 128, 0, digits);
    assertArrayEquals(new byte[] {2, 2, 0, 0, 2, 0, 0, 0}, Arrays.copyOf(digits, 8));
    assertArrayEquals(new float[] {0.5f}, FormatData.scales(FORMAT, data, 128, 0));
  }

  @Test
  void aBlockBeginsWithItsScale() {
    assertEquals(18, FORMAT.bytes(1, 128));
    assertEquals(new ScaleKind.Group(128), FORMAT.scaleKind());
    MemorySegment data = Arena.ofAuto().allocate(FORMAT.bytes(2, 256));
    float[] scales = {0.5f, -3f, 0f, 0x1p-24f};
    for (int block = 0; block < 4; block++) {
      FormatData.setHalf(data, 18 * block, scales[block]);
    }
    assertArrayEquals(new float[] {0.5f, -3f}, FormatData.scales(FORMAT, data, 256, 0));
    assertArrayEquals(new float[] {0f, 0x1p-24f}, FormatData.scales(FORMAT, data, 256, 1));
  }
}
