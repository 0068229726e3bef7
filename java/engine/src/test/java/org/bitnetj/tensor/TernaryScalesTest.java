package org.bitnetj.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.testing.StoredWeights;
import org.junit.jupiter.api.Test;

class TernaryScalesTest {
  private static final int ROWS = 19;
  private static final int COLUMNS = 256;
  private static final TernaryFormat FORMAT = WeightFormats.Q2_0;
  private static final int GROUPS = 4;

  /** Every weight is +1 times its scale. */
  private static byte[][] digits() {
    byte[][] digits = new byte[ROWS][COLUMNS];
    for (byte[] row : digits) {
      Arrays.fill(row, (byte) 2);
    }
    return digits;
  }

  private static float[][] scales() {
    float[][] scales = new float[ROWS][GROUPS];
    for (int row = 0; row < ROWS; row++) {
      for (int g = 0; g < GROUPS; g++) {
        scales[row][g] = 0.25f * row - g;
      }
    }
    scales[3][1] = 0x1p-24f; // subnormal
    scales[18][3] = -0f;
    return scales;
  }

  private static float[][] all(float scale) {
    float[][] scales = new float[ROWS][GROUPS];
    for (float[] row : scales) {
      Arrays.fill(row, scale);
    }
    return scales;
  }

  private static TernaryScales read(NativeMemory memory, byte[][] digits, float[][] scales) {
    MemorySegment data = StoredWeights.encode(FORMAT, digits, scales);
    return TernaryScales.of(memory, FORMAT, data, ROWS, COLUMNS);
  }

  @Test
  void scalesOfGroupsStandByPanelsGroupsAndRows() {
    try (NativeMemory memory = new NativeMemory()) {
      float[][] scales = scales();
      TernaryScales.Groups groups = (TernaryScales.Groups) read(memory, digits(), scales);
      assertEquals(64, groups.columns());
      assertEquals(GROUPS, groups.count());
      assertEquals(2 * GROUPS * 16 * Short.BYTES, groups.scales().byteSize());
      for (int at = 0; at < 2 * GROUPS * 16; at++) {
        int row = at / (GROUPS * 16) * 16 + at % 16;
        int group = at / 16 % GROUPS;
        short expected = row < ROWS ? Float.floatToFloat16(scales[row][group]) : 0;
        assertEquals(expected, groups.scales().getAtIndex(ValueLayout.JAVA_SHORT, at), "at " + at);
        if (row < ROWS) {
          assertEquals(scales[row][group], groups.scale(row, group));
        }
      }
    }
  }

  @Test
  void oneScaleOfAllWeightsIsThatOfTheMatrix() {
    try (NativeMemory memory = new NativeMemory()) {
      float[][] scales = all(0.375f);
      byte[][] digits = digits();
      assertEquals(new TernaryScales.Tensor(0.375f), read(memory, digits, scales));
      scales[7][2] = 5f;
      Arrays.fill(digits[7], 128, 192, (byte) 1); // its weights are 0
      assertEquals(new TernaryScales.Tensor(0.375f), read(memory, digits, scales));
    }
  }

  @Test
  void scalesAsStoredStayByGroups() {
    try (NativeMemory memory = new NativeMemory()) {
      MemorySegment data = StoredWeights.encode(FORMAT, digits(), all(0.375f));
      TernaryScales stored = TernaryScales.stored(memory, FORMAT, data, ROWS, COLUMNS);
      TernaryScales.Groups groups = (TernaryScales.Groups) stored;
      assertEquals(0.375f, groups.scale(18, 3));
      assertEquals(2 * 16 * GROUPS * Short.BYTES, groups.bytes());
      assertEquals(groups.bytes(), TernaryScales.bytes(FORMAT.scaleKind(), ROWS, COLUMNS));
    }
  }

  @Test
  void aFactorBesideThemIsPartOfScalesInFloat32() {
    try (NativeMemory memory = new NativeMemory()) {
      assertEquals(new TernaryScales.Tensor(1.5f), new TernaryScales.Tensor(0.5f).times(3f));
      assertThrows(IllegalArgumentException.class, () -> new TernaryScales.Tensor(3e38f).times(2f));
      TernaryScales.Rows rows = new TernaryScales.Rows(memory.allocate(16 * Float.BYTES));
      rows.scales().setAtIndex(ValueLayout.JAVA_FLOAT, 2, 0.25f);
      assertEquals(0.75f, rows.times(3f).ofRow(2));
      assertEquals(16 * Float.BYTES, rows.bytes());
      TernaryScales groups = read(memory, digits(), scales());
      assertEquals(groups, groups.times(1f));
      assertThrows(IllegalArgumentException.class, () -> groups.times(2f));
    }
  }

  @Test
  void aScaleThatIsNotFiniteIsNamed() {
    try (NativeMemory memory = new NativeMemory()) {
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
        float[][] scales = scales();
        scales[17][2] = bad;
        assertEquals("the scale of group 2 of row 17 is " + bad, refusal(memory, scales));
        assertEquals("its scale is " + bad, refusal(memory, all(bad)));
      }
    }
  }

  private static String refusal(NativeMemory memory, float[][] scales) {
    return assertThrows(IllegalArgumentException.class, () -> read(memory, digits(), scales))
        .getMessage();
  }
}
