package org.bitnetj.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

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
  /** Layouts that kernels have, and one that shows that blocks need not be of 16 columns. */
  static final List<PanelLayout> LAYOUTS = List.of(PanelLayout.TWO_BIT, new FiveTrits());

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

  @Test
  void sizesFollowFromTheBlocks() {
    assertEquals(640L * 2560 / 4, PanelLayout.TWO_BIT.bytes(640, 2560));
    assertEquals(2 * 4 * 48, PanelLayout.TWO_BIT.bytes(17, 33));
    assertEquals(640L * 2560 / 5, new FiveTrits().bytes(640, 2560));
    assertEquals(16L * 6920 / 5, new FiveTrits().panelBytes(6912));
  }

  @Test
  void activationsHaveRoomForThePaddingOfEveryLayout() {
    assertEquals(6912 + 64, PanelLayout.activationStride(6912));
    assertEquals(6912 + 64, PanelLayout.activationStride(6912, LAYOUTS));
    assertEquals(6976, PanelLayout.activationStride(6976));
    assertEquals(6976 + 128, PanelLayout.activationStride(6976, LAYOUTS));
    assertEquals(2560 + 64, PanelLayout.activationStride(2560, LAYOUTS));
    assertEquals(64, PanelLayout.activationStride(1));
    assertEquals(192, PanelLayout.activationStride(65));
  }

  /**
   * Five base-3 digits to a byte: byte 4r + j of a block holds those of columns 4f + j, f = 0..4.
   */
  private record FiveTrits() implements PanelLayout {
    private static final int[] POWERS = {81, 27, 9, 3, 1};

    @Override
    public int id() {
      return -1;
    }

    @Override
    public String label() {
      return "five trits";
    }

    @Override
    public int blockColumns() {
      return 20;
    }

    @Override
    public int blockBytes() {
      return 64;
    }

    @Override
    public int largestDigit() {
      return 2;
    }

    @Override
    public void pack(byte[] digits, MemorySegment panels, int columns, int row) {
      for (int c = 0; c < columns; c++) {
        setDigit(panels, columns, row, c, digits[c]);
      }
    }

    @Override
    public void unpack(MemorySegment panels, int columns, int row, byte[] digits) {
      for (int c = 0; c < columns; c++) {
        digits[c] = (byte) digit(panels, columns, row, c);
      }
    }

    @Override
    public int digit(MemorySegment panels, int columns, int row, int column) {
      int number = panels.get(ValueLayout.JAVA_BYTE, byteOf(columns, row, column)) & 0xff;
      return number / POWERS[column % 20 / 4] % 3;
    }

    @Override
    public void setDigit(MemorySegment panels, int columns, int row, int column, int digit) {
      long at = byteOf(columns, row, column);
      int change = (digit - digit(panels, columns, row, column)) * POWERS[column % 20 / 4];
      panels.set(
          ValueLayout.JAVA_BYTE, at, (byte) (panels.get(ValueLayout.JAVA_BYTE, at) + change));
    }

    private long byteOf(int columns, int row, int column) {
      return row / 16 * panelBytes(columns) + column / 20 * 64L + row % 16 * 4 + column % 4;
    }
  }
}
