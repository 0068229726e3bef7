package org.bitnetj.format;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** When the scales of a matrix are one. */
class TernaryFormatTest {
  private static final TernaryFormat FORMAT = WeightFormats.Q2_0;
  private static final int COLUMNS = 192;
  private static final int ROWS = 5;
  private static final int ZEROS = 0x55; // four digits 1

  /** All weights +1 or 0, all scales 0.5. */
  private static MemorySegment matrix() {
    MemorySegment data = Arena.ofAuto().allocate(FORMAT.bytes(ROWS, COLUMNS));
    for (int block = 0; block < ROWS * 3; block++) {
      fill(data, block, 0.5f, 0x69);
    }
    return data;
  }

  private static void fill(MemorySegment data, int block, float scale, int digits) {
    FormatData.setHalf(data, 18L * block, scale);
    for (int i = 2; i < 18; i++) {
      FormatData.setByte(data, 18L * block + i, digits);
    }
  }

  private static Optional<Float> uniform(MemorySegment data) {
    return FORMAT.uniformScale(data, ROWS, COLUMNS);
  }

  @Test
  void scalesThatAreAllEqualAreOne() {
    assertEquals(Optional.of(0.5f), uniform(matrix()));
  }

  @Test
  void aGroupOfZerosHasNoSay() {
    for (int block = 0; block < ROWS * 3; block++) {
      MemorySegment data = matrix();
      fill(data, block, 0f, ZEROS);
      assertEquals(Optional.of(0.5f), uniform(data), "block " + block);
      fill(data, block, Float.NaN, ZEROS);
      assertEquals(Optional.of(0.5f), uniform(data), "block " + block);
    }
  }

  @Test
  void oneWeightOfAnotherScaleMakesThemMany() {
    for (int block = 0; block < ROWS * 3; block++) {
      for (int at : new int[] {2, 9, 17}) {
        MemorySegment data = matrix();
        fill(data, block, 0.25f, ZEROS);
        FormatData.setByte(data, 18L * block + at, ZEROS ^ 0x40);
        assertEquals(Optional.empty(), uniform(data), "block " + block + ", byte " + at);
      }
    }
  }

  @Test
  void aMatrixOfZerosHasTheScale0() {
    MemorySegment data = matrix();
    for (int block = 0; block < ROWS * 3; block++) {
      fill(data, block, block, ZEROS);
    }
    assertEquals(Optional.of(0f), uniform(data));
  }
}
