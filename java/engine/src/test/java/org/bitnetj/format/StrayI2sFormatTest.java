package org.bitnetj.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitnetj.option.I2sLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StrayI2sFormatTest {
  private static final TernaryFormat ARM = WeightFormats.i2s(I2sLayout.ARM);
  private static final TernaryFormat ROWS4 = WeightFormats.i2s(I2sLayout.ROWS4);

  private static MemorySegment everyByte(TernaryFormat format, int rows, int columns) {
    long bytes = format.bytes(rows, columns);
    assertEquals((long) rows * columns / 4 + 32, bytes);
    MemorySegment data = Arena.ofAuto().allocate(bytes, 4);
    for (long i = 0; i < bytes; i++) {
      FormatData.setByte(data, i, (int) (i + i / 256));
    }
    data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, bytes - 32, 0.75f);
    return data;
  }

  @ParameterizedTest
  @CsvSource({"1, 64", "1, 192", "4, 96", "8, 8", "256, 384", "64, 1", "3, 8640"})
  void armsWeightsStandInFlatBlocksOf64(int rows, int columns) {
    MemorySegment data = everyByte(ARM, rows, columns);
    byte[] digits = new byte[columns];
    for (int row = 0; row < rows; row++) {
      ARM.digits(data, columns, row, digits);
      for (int c = 0; c < columns; c++) {
        long weight = (long) row * columns + c;
        long j = weight % 64;
        int b = data.get(ValueLayout.JAVA_BYTE, weight / 64 * 16 + j % 16);
        assertEquals(b >> 6 - 2 * (j / 16) & 3, digits[c], "row " + row + ", column " + c);
      }
      assertArrayEquals(new float[] {0.75f}, FormatData.scales(ARM, data, columns, row));
    }
  }

  @ParameterizedTest
  @CsvSource({"4, 1", "4, 64", "8, 97", "256, 384"})
  void fourRowsShareAByte(int rows, int columns) {
    MemorySegment data = everyByte(ROWS4, rows, columns);
    byte[] digits = new byte[columns];
    for (int group = 0; group < rows / 4; group++) {
      for (int i = 0; i < 4; i++) {
        int row = 4 * group + i;
        ROWS4.digits(data, columns, row, digits);
        for (int c = 0; c < columns; c++) {
          int b = data.get(ValueLayout.JAVA_BYTE, (long) group * columns + c) & 0xff;
          int expected = Integer.toString(b + 256, 4).charAt(1 + i) - '0'; // from the highest bits
          assertEquals(expected, digits[c], "row " + row + ", column " + c);
        }
        assertArrayEquals(new float[] {0.75f}, FormatData.scales(ROWS4, data, columns, row));
      }
    }
  }

  @Test
  void whatFillsNoBlockIsRefused() {
    assertEquals(
        "has 32 elements, but I2_S_ARM stores them in blocks of 64",
        assertThrows(IllegalArgumentException.class, () -> ARM.bytes(1, 32)).getMessage());
    assertEquals(
        "has 6 rows, but I2_S_ROWS4 stores four rows together",
        assertThrows(IllegalArgumentException.class, () -> ROWS4.bytes(6, 128)).getMessage());
  }

  @Test
  void theyAreNoTypesOfTheirOwn() {
    assertSame(WeightFormats.I2_S, WeightFormats.i2s(I2sLayout.CANONICAL));
    for (TernaryFormat stray : new TernaryFormat[] {ARM, ROWS4}) {
      assertEquals(36, stray.id());
      assertEquals(TernaryFormat.NO_LAYOUT_ID, stray.layoutId(), "kernels know the canonical one");
      assertEquals(2, stray.largestDigit(), "a 3 is damage");
      assertFalse(WeightFormats.all().contains(stray));
      assertFalse(stray instanceof TernaryEncoder, "what is written is canonical");
    }
  }
}
