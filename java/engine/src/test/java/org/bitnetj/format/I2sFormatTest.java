package org.bitnetj.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class I2sFormatTest {
  private static final TernaryFormat FORMAT = WeightFormats.I2_S;

  /** Blocks are flat: of 3 rows of 96, and of 8640 columns as in bitnet_b1_58-3B, they straddle. */
  @ParameterizedTest
  @CsvSource({"1, 128", "4, 96", "16, 8", "256, 384", "128, 1", "3, 640", "64, 50", "4, 8640"})
  void weightsStandInFlatBlocksOf128(int rows, int columns) {
    long bytes = FORMAT.bytes(rows, columns);
    assertEquals((long) rows * columns / 4 + 32, bytes);
    MemorySegment data = Arena.ofAuto().allocate(bytes);
    for (long i = 0; i < bytes; i++) {
      FormatData.setByte(data, i, (int) (i + i / 256));
    }
    byte[] digits = new byte[columns];
    for (int row = 0; row < rows; row++) {
      FORMAT.digits(data, columns, row, digits);
      for (int c = 0; c < columns; c++) {
        long weight = (long) row * columns + c;
        long j = weight % 128;
        int b = data.get(ValueLayout.JAVA_BYTE, weight / 128 * 32 + j % 32);
        assertEquals(b >> 6 - 2 * (j / 32) & 3, digits[c], "row " + row + ", column " + c);
      }
    }
  }

  @Test
  void theScaleFollowsTheDigits() {
    MemorySegment data = Arena.ofAuto().allocate(FORMAT.bytes(4, 96));
    data.fill((byte) 0xff); // the padding after the scale may be anything
    data.set(ValueLayout.JAVA_FLOAT, 96, 0.75f);
    for (int row = 0; row < 4; row++) {
      assertArrayEquals(new float[] {0.75f}, FormatData.scales(FORMAT, data, 96, row));
    }
    assertEquals(ScaleKind.TENSOR, FORMAT.scaleKind());
    assertEquals(Optional.of(0.75f), FORMAT.uniformScale(data, 4, 96));
    assertEquals(2, FORMAT.largestDigit(), "a 3 is damage");
  }

  @Test
  void everySliceHasItsScale() {
    assertEquals(3 * (128 * 2 / 4 + 32), FORMAT.bytes(List.of(128L, 2L, 3L)));
    assertEquals(128 / 4 + 32, FORMAT.bytes(List.of(128L)));
  }

  @Test
  void weightsThatFillNoBlockAreRefused() {
    String clause =
        assertThrows(IllegalArgumentException.class, () -> FORMAT.bytes(3, 100)).getMessage();
    assertEquals("has 300 elements, but I2_S stores them in blocks of 128", clause);
  }
}
