package org.bitnetj.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class PanelLayoutTest {
  static final List<PanelLayout> LAYOUTS = PanelLayout.ALL;

  private final RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(3);

  private static byte[] contents(MemorySegment panels) {
    return panels.toArray(ValueLayout.JAVA_BYTE);
  }

  @ParameterizedTest
  @FieldSource("LAYOUTS")
  void packedRowsReadBackAndDisturbNoOthers(PanelLayout layout) {
    for (int rows : new int[] {1, 15, 16, 17, 35}) {
      for (int columns : new int[] {1, 3, 16, 19, 20, 21, 41, 64, 80, 133}) {
        MemorySegment panels = Arena.ofAuto().allocate(layout.bytes(rows, columns));
        MemorySegment single = Arena.ofAuto().allocate(layout.bytes(rows, columns));
        byte[][] digits = new byte[rows][layout.paddedColumns(columns)];
        for (int row = rows - 1; row >= 0; row--) {
          for (int c = 0; c < columns; c++) {
            digits[row][c] = (byte) random.nextInt(layout.largestDigit() + 1);
            layout.setDigit(single, columns, row, c, digits[row][c]);
          }
          layout.pack(digits[row], panels, columns, row);
        }
        String shape = layout + ", " + rows + " x " + columns;
        assertArrayEquals(contents(single), contents(panels), shape);
        for (int row = 0; row < rows; row++) {
          byte[] read = new byte[layout.paddedColumns(columns)];
          layout.unpack(panels, columns, row, read);
          assertArrayEquals(digits[row], read, shape);
          for (int c = 0; c < columns; c++) {
            assertEquals(digits[row][c], layout.digit(panels, columns, row, c), shape);
          }
        }
      }
    }
  }

  @Test
  void everyTwoBitDigitStandsWhereTheLayoutSaysAndAlone() {
    int rows = 35;
    int columns = 41;
    MemorySegment panels = Arena.ofAuto().allocate(PanelLayout.TWO_BIT.bytes(rows, columns));
    assertEquals(3 * 4 * 48, panels.byteSize());
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        PanelLayout.TWO_BIT.setDigit(panels, columns, row, column, 2);
        // Panel p at 4Kp with K = 48, block b of 64 bytes, byte 4r + j, bits 2f and 2f + 1.
        int f = column % 16 / 4;
        long expected = 4 * 48 * (row / 16) + 64 * (column / 16) + 4 * (row % 16) + column % 4;
        for (long at = 0; at < panels.byteSize(); at++) {
          int value = panels.get(ValueLayout.JAVA_BYTE, at) & 0xff;
          assertEquals(at == expected ? 2 << 2 * f : 0, value, row + ", " + column + ": " + at);
        }
        PanelLayout.TWO_BIT.setDigit(panels, columns, row, column, 0);
      }
    }
  }

  /** By the formula in bitnet.h, with 3 for the digits of bytes that have none. */
  @Test
  void everyByteOfFiveDigitsMeansWhatTheLayoutSays() {
    PanelLayout five = PanelLayout.FIVE_DIGITS;
    int rows = 35;
    int columns = 40;
    MemorySegment panels = Arena.ofAuto().allocate(five.bytes(rows, columns));
    assertEquals(3 * 2 * 64, panels.byteSize());
    int valid = 0;
    for (int value = 0; value < 256; value++) {
      int number = value % 64 / 9 * 4 + value / 64;
      boolean digits = value % 64 < 63 && number < 27;
      valid += digits ? 1 : 0;
      // Row 33 is row 1 of panel 2; columns 22, 26, ... are byte 2 of a row in block 1.
      panels.set(ValueLayout.JAVA_BYTE, 2 * 2 * 64 + 64 + 4 + 2, (byte) value);
      int[] expected = {value % 64 % 9 / 3, number / 9, number / 3 % 3, value % 64 % 3, number % 3};
      for (int f = 0; f < 5; f++) {
        assertEquals(
            digits ? expected[f] : 3, five.digit(panels, columns, 33, 22 + 4 * f), "" + value);
      }
      assertEquals(digits, five.holdsNoneAbove(2, panels, 0, panels.byteSize()), "" + value);
    }
    assertEquals(243, valid);
  }

  @Test
  void bytesThatAreNoDigitsAreFoundWhereverTheyAre() {
    PanelLayout five = PanelLayout.FIVE_DIGITS;
    MemorySegment panels = Arena.ofAuto().allocate(five.bytes(16, 20));
    for (long at = 0; at < 64; at++) {
      panels.set(ValueLayout.JAVA_BYTE, at, (byte) 245); // the largest of digits
    }
    for (long at = 0; at < 64; at++) {
      for (int value : new int[] {63, 127, 191, 246, 255}) {
        panels.set(ValueLayout.JAVA_BYTE, at, (byte) value);
        long line = at / 8 * 8;
        assertFalse(five.holdsNoneAbove(2, panels, line, line + 8), value + " at " + at);
        assertTrue(five.holdsNoneAbove(2, panels, 0, line));
        assertTrue(five.holdsNoneAbove(2, panels, line + 8, 64));
      }
      panels.set(ValueLayout.JAVA_BYTE, at, (byte) 245);
    }
  }

  @Test
  void sizesFollowFromTheBlocks() {
    assertEquals(640L * 2560 / 4, PanelLayout.TWO_BIT.bytes(640, 2560));
    assertEquals(2 * 4 * 48, PanelLayout.TWO_BIT.bytes(17, 33));
    assertEquals(640L * 2560 / 5, PanelLayout.FIVE_DIGITS.bytes(640, 2560));
    assertEquals(16L * 6920 / 5, PanelLayout.FIVE_DIGITS.panelBytes(6912));
  }

  @Test
  void activationsHaveRoomForThePaddingOfEveryLayout() {
    assertEquals(6912 + 64, PanelLayout.activationStride(6912));
    assertEquals(6976, PanelLayout.activationStride(6976, List.of(PanelLayout.TWO_BIT)));
    assertEquals(6976 + 128, PanelLayout.activationStride(6976));
    assertEquals(2560 + 64, PanelLayout.activationStride(2560));
    assertEquals(64, PanelLayout.activationStride(1));
    assertEquals(192, PanelLayout.activationStride(65));
  }
}
