package org.bitnetj.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

class Ptq1FormatTest {
  private static final TernaryFormat FORMAT = WeightFormats.PTQ1_0;

  /** The byte of a column and which of its digits it is, the first being the most significant. */
  private static int[] place(int column) {
    if (column < 80) {
      return new int[] {column % 16, column / 16};
    }
    if (column < 120) {
      return new int[] {16 + (column - 80) % 8, (column - 80) / 8};
    }
    return new int[] {24 + (column - 120) % 2, (column - 120) / 2};
  }

  /** Digit n of byte b is 3 * (b * 3^n mod 256) / 256. */
  @Test
  void everyByteValueIsReadByTheDefinition() {
    FormatData.digitsAre(
        FORMAT,
        FormatData.everyByte(FORMAT, 26),
        3,
        (block, c) -> {
          int[] place = place(c);
          return 3 * (block[place[0]] * (int) Math.pow(3, place[1]) % 256) / 256;
        });
    assertEquals(2, FORMAT.largestDigit());
  }

  /** Digits make q, most significant first and three times once more where there are four. */
  @Test
  void whatIsEncodedIsRead() {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(7);
    MemorySegment data = Arena.ofAuto().allocate(FORMAT.bytes(1, 256));
    for (int round = 0; round < 200; round++) {
      byte[] digits = new byte[256];
      int[] q = new int[2 * 26];
      for (int c = 0; c < 256; c++) {
        digits[c] = (byte) random.nextInt(3);
        int[] place = place(c % 128);
        q[c / 128 * 26 + place[0]] += digits[c] * (int) Math.pow(3, 4 - place[1]);
      }
      for (int i = 0; i < q.length; i++) {
        FormatData.setByte(data, i / 26 * 28 + i % 26, (256 * q[i] + 242) / 243);
      }
      byte[] read = new byte[256];
      FORMAT.digits(data, 256, 0, read);
      assertArrayEquals(digits, read, "round " + round);
    }
  }

  @Test
  void theByte205HasDigits21012AndTheByte73Digits0212() {
    MemorySegment data = Arena.ofAuto().allocate(FORMAT.bytes(1, 128));
    FormatData.setByte(data, 0, 205);
    FormatData.setByte(data, 24, 73);
    byte[] digits = new byte[128];
    FORMAT.digits(data, 128, 0, digits);
    byte[] five = {digits[0], digits[16], digits[32], digits[48], digits[64]};
    assertArrayEquals(new byte[] {2, 1, 0, 1, 2}, five);
    byte[] four = {digits[120], digits[122], digits[124], digits[126]};
    assertArrayEquals(new byte[] {0, 2, 1, 2}, four);
  }

  @Test
  void aBlockEndsWithItsScale() {
    assertEquals(28, FORMAT.bytes(1, 128));
    assertEquals(new ScaleKind.Group(128), FORMAT.scaleKind());
    MemorySegment data = Arena.ofAuto().allocate(FORMAT.bytes(2, 256));
    float[] scales = {0.5f, -3f, 0f, 0x1p-24f};
    for (int block = 0; block < 4; block++) {
      FormatData.setHalf(data, 28 * block + 26, scales[block]);
    }
    assertArrayEquals(new float[] {0.5f, -3f}, FormatData.scales(FORMAT, data, 256, 0));
    assertArrayEquals(new float[] {0f, 0x1p-24f}, FormatData.scales(FORMAT, data, 256, 1));
  }
}
