package org.bitnetj.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

class Tq1FormatTest {
  private static final TernaryFormat FORMAT = WeightFormats.TQ1_0;

  /** The byte of a column and which of its digits it is, the first being the most significant. */
  private static int[] place(int column) {
    if (column < 160) {
      return new int[] {column % 32, column / 32};
    }
    if (column < 240) {
      return new int[] {32 + (column - 160) % 16, (column - 160) / 16};
    }
    return new int[] {48 + (column - 240) % 4, (column - 240) / 4};
  }

  /** Digit n of byte b is the digit n + 1 after the point of b / 256 in base 3. */
  @Test
  void everyByteValueIsReadAsAFractionInBase3() {
    FormatData.digitsAre(
        FORMAT,
        FormatData.everyByte(FORMAT, 52),
        3,
        (block, c) -> {
          int[] place = place(c);
          int numerator = block[place[0]];
          for (int n = 0; n <= place[1]; n++) {
            numerator *= 3;
          }
          return numerator / 256 % 3;
        });
  }

  /** Five digits make q, most significant first, and q the byte ceil(256 q / 243). */
  @Test
  void whatIsEncodedIsRead() {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(7);
    MemorySegment data = Arena.ofAuto().allocate(FORMAT.bytes(1, 512));
    byte[] digits = new byte[512];
    for (int round = 0; round < 200; round++) {
      int[] q = new int[2 * 52];
      for (int n = 0; n < 5; n++) {
        for (int c = 0; c < 512; c++) {
          int[] place = place(c % 256);
          if (place[1] == n) {
            digits[c] = (byte) random.nextInt(3);
            int at = c / 256 * 52 + place[0];
            q[at] = 3 * q[at] + digits[c];
          }
        }
      }
      for (int i = 0; i < q.length; i++) {
        int number = i % 52 < 48 ? q[i] : 3 * q[i];
        FormatData.setByte(data, i / 52 * 54 + i % 52, (256 * number + 242) / 243);
      }
      byte[] read = new byte[512];
      FORMAT.digits(data, 512, 0, read);
      assertArrayEquals(digits, read, "round " + round);
    }
  }

  @Test
  void aBlockEndsWithItsScale() {
    assertEquals(54, FORMAT.bytes(1, 256));
    assertEquals(new ScaleKind.Group(256), FORMAT.scaleKind());
    MemorySegment data = Arena.ofAuto().allocate(FORMAT.bytes(2, 512));
    float[] scales = {0.5f, -3f, 2f, 0x1p-24f};
    for (int block = 0; block < 4; block++) {
      FormatData.setHalf(data, 54 * block + 52, scales[block]);
    }
    assertArrayEquals(new float[] {0.5f, -3f}, FormatData.scales(FORMAT, data, 512, 0));
    assertArrayEquals(new float[] {2f, 0x1p-24f}, FormatData.scales(FORMAT, data, 512, 1));
  }
}
