package org.bitnetj.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** ik_llama.cpp's types, whose rows begin with their scales. */
class RowScaledTest {
  private static final int ROWS = 256;
  private static final int COLUMNS = 192;

  static final List<TernaryFormat> FORMATS =
      List.of(WeightFormats.IQ1_BN, WeightFormats.IQ2_BN, WeightFormats.IQ2_BN_R4);

  /** Every byte of digits takes every value, and the bytes of scales are any. */
  private static MemorySegment everyByte(TernaryFormat format) {
    MemorySegment data = Arena.ofAuto().allocate(format.bytes(ROWS, COLUMNS));
    long rowBytes = data.byteSize() / ROWS;
    for (long i = 0; i < data.byteSize(); i++) {
      FormatData.setByte(data, i, (int) (i / rowBytes + 37 * (i % rowBytes)));
    }
    return data;
  }

  private static int at(MemorySegment data, long at) {
    return data.get(ValueLayout.JAVA_BYTE, at) & 0xff;
  }

  @FunctionalInterface
  private interface Definition {
    int digit(MemorySegment data, int row, int column);
  }

  private static void digitsAre(TernaryFormat format, Definition definition) {
    MemorySegment data = everyByte(format);
    byte[] digits = new byte[COLUMNS];
    for (int row = 0; row < ROWS; row++) {
      format.digits(data, COLUMNS, row, digits);
      for (int c = 0; c < COLUMNS; c++) {
        assertEquals(
            definition.digit(data, row, c),
            digits[c],
            format.name() + ", row " + row + ", column " + c);
      }
    }
    assertEquals(2, format.largestDigit(), "a 3 is damage");
  }

  /** Digit j of a byte b is 3 * (b * {81, 27, 9, 3, 1}[j] mod 256) / 256. */
  @Test
  void iq1BnHasFiveDigitsToAByteAndTheSixteenthsInTheLast() {
    int[] factors = {81, 27, 9, 3, 1};
    digitsAre(
        WeightFormats.IQ1_BN,
        (data, row, c) -> {
          long block = row * (2 + 13L * COLUMNS / 64) + 2 + 13L * (c / 64);
          int g = c % 64 / 16;
          int j = c % 16;
          int b = at(data, block + (j == 15 ? 12 : 3 * g + j / 5));
          return 3 * (b * factors[j == 15 ? g : j % 5] % 256) / 256;
        });
  }

  /** A byte is ceil(256 q / 243) where q is the sum of the digits times 3^j. */
  @Test
  void whatIsEncodedInIq1BnIsRead() {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(7);
    MemorySegment data = Arena.ofAuto().allocate(WeightFormats.IQ1_BN.bytes(1, 64));
    for (int round = 0; round < 200; round++) {
      byte[] digits = new byte[64];
      int[] q = new int[13];
      for (int c = 0; c < 64; c++) {
        digits[c] = (byte) random.nextInt(3);
        boolean last = c % 16 == 15;
        int power = (int) Math.pow(3, last ? c / 16 : c % 16 % 5);
        q[last ? 12 : c / 16 * 3 + c % 16 / 5] += power * digits[c];
      }
      for (int i = 0; i < q.length; i++) {
        FormatData.setByte(data, 2 + i, (256 * q[i] + 242) / 243);
      }
      byte[] read = new byte[64];
      WeightFormats.IQ1_BN.digits(data, 64, 0, read);
      assertArrayEquals(digits, read, "round " + round);
    }
  }

  /** Byte j of a block holds u[j], u[j + 16], u[j + 32] and u[j + 48] from its lowest bits on. */
  @Test
  void iq2BnHasFourRunsToABlock() {
    digitsAre(
        WeightFormats.IQ2_BN,
        (data, row, c) -> {
          long block = row * (4 + COLUMNS / 4L) + 4 + c / 64 * 16;
          return at(data, block + c % 16) >> 2 * (c % 64 / 16) & 3;
        });
  }

  /** Byte 16l + 4r + i of 64 holds for row r the columns 16l + i + {0, 4, 8, 12}. */
  @Test
  void iq2BnR4HasFourRowsToABlock() {
    digitsAre(
        WeightFormats.IQ2_BN_R4,
        (data, row, c) -> {
          long block = row / 4 * (16L + COLUMNS) + 16 + c / 64 * 64;
          int l = c % 64 / 16;
          int i = c % 4;
          return at(data, block + 16 * l + 4 * (row % 4) + i) >> c % 16 / 4 * 2 & 3;
        });
  }

  @Test
  void rowsTakeTheirBlocksAndAScale() {
    assertEquals(2560 * (2 + 13 * 40), WeightFormats.IQ1_BN.bytes(2560, 2560));
    assertEquals(2560 * (4 + 640), WeightFormats.IQ2_BN.bytes(2560, 2560));
    assertEquals(640 * (16 + 2560), WeightFormats.IQ2_BN_R4.bytes(2560, 2560));
  }

  @Test
  void rowsThatAreNoFoursAreRefusedWhereFourAreInterleaved() {
    String clause =
        assertThrows(
                IllegalArgumentException.class,
                () -> WeightFormats.IQ2_BN_R4.bytes(List.of(64L, 6L)))
            .getMessage();
    assertEquals("has 6 rows, but IQ2_BN_R4 stores rows in groups of 4", clause);
  }

  private static long scaleAt(TernaryFormat format, int row) {
    return switch (format.name()) {
      case "IQ1_BN" -> row * (2 + 13L * COLUMNS / 64);
      case "IQ2_BN" -> row * (4 + COLUMNS / 4L);
      default -> row / 4 * (16L + COLUMNS) + 4 * (row % 4);
    };
  }

  private static void setScale(TernaryFormat format, MemorySegment data, int row, float scale) {
    if (format == WeightFormats.IQ1_BN) {
      FormatData.setHalf(data, scaleAt(format, row), scale);
    } else {
      data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, scaleAt(format, row), scale);
    }
  }

  @ParameterizedTest
  @FieldSource("FORMATS")
  void everyRowHasItsScale(TernaryFormat format) {
    assertEquals(ScaleKind.ROW, format.scaleKind());
    MemorySegment data = everyByte(format);
    float tiny = format == WeightFormats.IQ1_BN ? 0x1p-24f : 0x1p-149f;
    float[] scales = {0.5f, -3f, 0f, tiny};
    for (int row = 0; row < ROWS; row++) {
      setScale(format, data, row, scales[row / 3 % 4]);
    }
    for (int row = 0; row < ROWS; row++) {
      float[] expected = {scales[row / 3 % 4]};
      assertArrayEquals(expected, FormatData.scales(format, data, COLUMNS, row), "row " + row);
    }
    assertEquals(Optional.empty(), format.uniformScale(data, ROWS, COLUMNS));
  }

  @ParameterizedTest
  @FieldSource("FORMATS")
  void scalesThatAreAllEqualAreOne(TernaryFormat format) {
    MemorySegment data = everyByte(format);
    for (int row = 0; row < ROWS; row++) {
      setScale(format, data, row, 0.375f);
    }
    assertEquals(Optional.of(0.375f), format.uniformScale(data, ROWS, COLUMNS));
  }
}
