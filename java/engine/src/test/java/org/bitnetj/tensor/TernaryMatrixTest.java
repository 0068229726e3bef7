package org.bitnetj.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.testing.StoredWeights;
import org.junit.jupiter.api.Test;

class TernaryMatrixTest {

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

  @Test
  void digitsAreThoseOfTheLayout() {
    try (NativeMemory memory = new NativeMemory()) {
      TernaryMatrix w = TernaryMatrix.allocate(memory, 35, 41, 1f);
      for (int row = 0; row < 35; row++) {
        for (int column = 0; column < 41; column++) {
          w.setDigit(row, column, (row + column) % 3);
        }
      }
      for (int row = 0; row < 35; row++) {
        for (int column = 0; column < 41; column++) {
          assertEquals((row + column) % 3, w.digit(row, column));
          assertEquals((row + column) % 3, w.layout().digit(w.panels(), 41, row, column));
        }
      }
    }
  }

  @Test
  void packedPanelsOfAnotherOwnerAreUsedWhereTheyAre() {
    TernaryScales scale = new TernaryScales.Tensor(0.5f);
    try (NativeMemory memory = new NativeMemory()) {
      MemorySegment file = memory.allocate(64 + 2 * 4 * 48);
      MemorySegment panels = file.asSlice(64).asReadOnly();
      TernaryMatrix w = TernaryMatrix.view(PanelLayout.TWO_BIT, panels, 17, 33, scale, 2);
      file.set(ValueLayout.JAVA_BYTE, 64, (byte) 2);
      assertEquals(2, w.digit(0, 0));
      assertEquals(panels.address(), w.panels().address());
      assertEquals(0.5f, w.scale());
      for (long start : new long[] {63, 32}) {
        MemorySegment crooked = file.asSlice(start, panels.byteSize());
        assertThrows(
            IllegalArgumentException.class,
            () -> TernaryMatrix.view(PanelLayout.TWO_BIT, crooked, 17, 33, scale, 2));
      }
      assertThrows(
          IllegalArgumentException.class,
          () -> TernaryMatrix.view(PanelLayout.TWO_BIT, panels, 17, 49, scale, 2));
    }
  }

  @Test
  void oneScaleIsAskedForWhereThereIsOne() {
    try (NativeMemory memory = new NativeMemory()) {
      TernaryScales rows = new TernaryScales.Rows(memory.allocate(64));
      TernaryMatrix w = TernaryMatrix.allocate(memory, PanelLayout.TWO_BIT, 16, 16, rows, 2);
      assertEquals(rows, w.scales());
      assertThrows(IllegalStateException.class, w::scale);
    }
  }

  @Test
  void digitsOf3AreForMatricesThatMayHaveThem() {
    TernaryScales scale = new TernaryScales.Tensor(1f);
    byte[][] digits = new byte[20][128];
    digits[17][65] = 3;
    MemorySegment data = StoredWeights.encode(WeightFormats.Q2_0, digits, new float[20][2]);
    try (NativeMemory memory = new NativeMemory()) {
      TernaryMatrix strict = TernaryMatrix.allocate(memory, 20, 128, 1f);
      assertTrue(strict.pack(WeightFormats.Q2_0, data, 0, 1));
      assertFalse(strict.pack(WeightFormats.Q2_0, data, 1, 2));
      TernaryMatrix w = TernaryMatrix.allocate(memory, PanelLayout.TWO_BIT, 20, 128, scale, 3);
      assertEquals(3, w.largestDigit());
      assertTrue(w.pack(WeightFormats.Q2_0, data, 0, 2));
      assertEquals(3, w.digit(17, 65));
      for (int largest : new int[] {1, 4}) {
        assertThrows(
            IllegalArgumentException.class,
            () -> TernaryMatrix.allocate(memory, PanelLayout.TWO_BIT, 20, 128, scale, largest));
      }
    }
  }
}
