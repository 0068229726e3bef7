package org.bitnetj.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.ValueLayout;
import org.bitnetj.memory.NativeMemory;
import org.junit.jupiter.api.Test;

class TernaryMatrixTest {

  @Test
  void everyDigitStandsWhereTheLayoutSaysAndAlone() {
    int rows = 35;
    int columns = 41;
    try (NativeMemory memory = new NativeMemory()) {
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column += 3) {
          TernaryMatrix w = TernaryMatrix.allocate(memory, rows, columns, 1f);
          w.setDigit(row, column, 2);
          assertEquals(2, w.digit(row, column));
          // Panel p at 4Kp with K = 48, block b of 64 bytes, byte 4r + j, bits 2f and 2f + 1.
          int p = row / 16;
          int r = row % 16;
          int b = column / 16;
          int f = column % 16 / 4;
          int j = column % 4;
          long expected = 4 * 48 * p + 64 * b + 4 * r + j;
          for (long at = 0; at < w.bytes(); at++) {
            int value = w.panels().get(ValueLayout.JAVA_BYTE, at) & 0xff;
            assertEquals(at == expected ? 2 << 2 * f : 0, value, row + ", " + column + ": " + at);
          }
        }
      }
    }
  }

  @Test
  void digitsOfOneByteDoNotDisturbEachOther() {
    try (NativeMemory memory = new NativeMemory()) {
      TernaryMatrix w = TernaryMatrix.allocate(memory, 16, 16, 1f);
      for (int pass = 0; pass < 3; pass++) {
        for (int row = 0; row < 16; row++) {
          for (int column = 0; column < 16; column++) {
            w.setDigit(row, column, (row + column + pass) % 3);
          }
        }
        for (int row = 0; row < 16; row++) {
          for (int column = 0; column < 16; column++) {
            assertEquals((row + column + pass) % 3, w.digit(row, column));
          }
        }
      }
    }
  }

  @Test
  void sizesFollowFromTheShape() {
    try (NativeMemory memory = new NativeMemory()) {
      TernaryMatrix w = TernaryMatrix.allocate(memory, 17, 33, 0.5f);
      assertEquals(2, w.panelCount());
      assertEquals(4 * 48, w.panelBytes());
      assertEquals(2 * 4 * 48, w.bytes());
      assertEquals(w.bytes(), w.panels().byteSize());
      assertEquals(0, w.panels().address() % 64);
      assertEquals(0.5f, w.scale());
      assertEquals(640L * 2560 / 4, TernaryMatrix.allocate(memory, 640, 2560, 1f).bytes());
    }
  }

  @Test
  void impossibleShapesAreRefused() {
    try (NativeMemory memory = new NativeMemory()) {
      for (int[] shape : new int[][] {{0, 5}, {5, 0}, {-1, 5}, {5, 131_001}}) {
        assertThrows(
            IllegalArgumentException.class,
            () -> TernaryMatrix.allocate(memory, shape[0], shape[1], 1f));
      }
    }
  }
}
