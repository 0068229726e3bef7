package org.bitnetj.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.bitnetj.testing.StoredWeights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What encoders write, compared with the formats' definitions in {@link StoredWeights}. */
class TernaryEncoderTest {
  private static final int ROWS = 128;
  private static final int COLUMNS = 768;

  static List<TernaryEncoder> formats() {
    return WeightFormats.encoders();
  }

  private static byte[][] digits(TernaryEncoder format, int rows, int columns, int kinds) {
    Random random = new Random(columns);
    byte[][] digits = new byte[rows][columns];
    for (byte[] row : digits) {
      for (int c = 0; c < columns; c++) {
        row[c] = (byte) random.nextInt(kinds);
      }
    }
    StoredWeights.fit(format, digits);
    return digits;
  }

  private static float[][] scales(TernaryEncoder format, int rows, int columns) {
    float[][] scales = new float[rows][format.scaleKind().count(columns)];
    for (int row = 0; row < rows; row++) {
      for (int g = 0; g < scales[row].length; g++) {
        boolean one = format.scaleKind() == ScaleKind.TENSOR;
        scales[row][g] = one ? 0.1f : format.storable(1e-3f * (1 + row) * (2 + g));
      }
    }
    return scales;
  }

  /** By stripes of the fewest rows, into memory that is not clear. */
  private static MemorySegment encode(TernaryEncoder format, byte[][] digits, float[][] scales) {
    int columns = digits[0].length;
    MemorySegment data = Arena.ofAuto().allocate(format.bytes(digits.length, columns));
    int rows = format.rowsTogether(columns);
    MemorySegment stripe = Arena.ofAuto().allocate(format.bytes(rows, columns));
    stripe.fill((byte) 0xa5);
    long bytes = stripe.byteSize() - format.trailerBytes();
    for (int first = 0; first < digits.length; first += rows) {
      for (int row = 0; row < rows; row++) {
        format.encode(digits[first + row], scales[first + row], stripe, columns, row);
      }
      boolean last = first + rows == digits.length;
      long length = last ? stripe.byteSize() : bytes;
      MemorySegment.copy(stripe, 0, data, first / rows * bytes, length);
    }
    return data;
  }

  private static void assertSame(MemorySegment expected, MemorySegment actual, String what) {
    assertArrayEquals(
        expected.toArray(ValueLayout.JAVA_BYTE), actual.toArray(ValueLayout.JAVA_BYTE), what);
  }

  @ParameterizedTest
  @MethodSource("formats")
  void theBytesAreThoseOfTheDefinitionAndReadBackAsTheyWere(TernaryEncoder format) {
    byte[][] digits = digits(format, ROWS, COLUMNS, 3);
    float[][] scales = scales(format, ROWS, COLUMNS);
    MemorySegment data = encode(format, digits, scales);
    assertSame(StoredWeights.encode(format, digits, scales), data, format.name());
    byte[] row = new byte[COLUMNS];
    for (int r = 0; r < ROWS; r++) {
      format.digits(data, COLUMNS, r, row);
      assertArrayEquals(digits[r], row, format.name() + ", row " + r);
      assertArrayEquals(scales[r], FormatData.scales(format, data, COLUMNS, r));
    }
  }

  /** So that the comparison with the definition is one of every pattern of digits in a byte. */
  @ParameterizedTest
  @MethodSource("formats")
  void everyByteThatStandsForDigitsIsWritten(TernaryEncoder format) {
    MemorySegment data =
        encode(format, digits(format, ROWS, COLUMNS, 3), scales(format, ROWS, 768));
    BitSet seen = new BitSet();
    for (byte b : data.toArray(ValueLayout.JAVA_BYTE)) {
      seen.set(b & 0xff);
    }
    switch (format.name()) {
      case "TQ1_0", "PTQ1_0", "IQ1_BN" -> {
        for (int q = 0; q < 243; q++) {
          assertTrue(seen.get((int) Math.ceil(q * 256 / 243.0)), format.name() + ", number " + q);
        }
      }
      case "Q1_0", "STQ1_0" -> assertEquals(256, seen.cardinality(), format.name());
      default -> {
        for (int four = 0; four < 81; four++) {
          int codes = four % 3 | four / 3 % 3 << 2 | four / 9 % 3 << 4 | four / 27 << 6;
          assertTrue(seen.get(codes), format.name() + ", codes " + codes);
        }
      }
    }
  }

  /** Rows of the 3B model's length: blocks straddle rows. */
  @Test
  void rowsThatShareABlockAreWrittenTogether() {
    TernaryEncoder format = WeightFormats.I2_S;
    for (int columns : new int[] {64, 96, 100, 8640}) {
      int together = format.rowsTogether(columns);
      assertEquals(0, together * columns % 128);
      assertTrue(together == 1 || together / 2 * columns % 128 != 0, "columns " + columns);
      byte[][] digits = digits(format, 2 * together, columns, 3);
      float[][] scales = scales(format, 2 * together, columns);
      assertSame(
          StoredWeights.encode(format, digits, scales),
          encode(format, digits, scales),
          columns + " columns");
    }
    assertEquals(1, format.rowsTogether(2560));
  }

  @ParameterizedTest
  @MethodSource("formats")
  void plusTwoIsWrittenByTheTypesThatHaveItAndRefusedByOthers(TernaryEncoder format) {
    byte[][] digits = digits(format, ROWS, COLUMNS, 3);
    digits[5][700] = 3;
    float[][] scales = scales(format, ROWS, COLUMNS);
    if (format.largestDigit() == 3) {
      MemorySegment data = encode(format, digits, scales);
      assertSame(StoredWeights.encode(format, digits, scales), data, format.name());
    } else {
      String clause =
          assertThrows(IllegalArgumentException.class, () -> encode(format, digits, scales))
              .getMessage();
      assertTrue(clause.startsWith("has a weight of +2 times its scale in row"), clause);
      assertTrue(clause.endsWith(format.name() + " cannot hold"), clause);
    }
  }

  @Test
  void typesWithoutAnyZerosOrWithACertainNumberOfThemRefuseOthers() {
    for (TernaryEncoder format :
        List.of(WeightFormats.Q1_0, WeightFormats.STQ1_0, WeightFormats.STQ1_0_STRIDED)) {
      byte[][] digits = digits(format, 1, 256, 3);
      float[][] scales = scales(format, 1, 256);
      for (int zeros : new int[] {0, 2}) { // of the first four weights in either order
        for (int p = 0; p < 4; p++) {
          int c = format == WeightFormats.STQ1_0_STRIDED ? 16 * p : p;
          digits[0][c] = (byte) (p < zeros ? 1 : 2);
        }
        if (format == WeightFormats.Q1_0 && zeros == 0) {
          encode(format, digits, scales);
        } else {
          assertThrows(IllegalArgumentException.class, () -> encode(format, digits, scales));
        }
      }
    }
  }

  @Test
  void scalesAreRoundedToWhatIsStored() {
    for (TernaryEncoder format : formats()) {
      boolean exact = List.of("I2_S", "IQ2_BN", "IQ2_BN_R4").contains(format.name());
      assertEquals(exact ? 0.1f : 0.099975586f, format.storable(0.1f), format.name());
      assertEquals(exact ? 1e6f : Float.POSITIVE_INFINITY, format.storable(1e6f), format.name());
    }
  }
}
