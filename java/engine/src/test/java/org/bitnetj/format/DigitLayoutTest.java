package org.bitnetj.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What files in the engine's own layouts hold, of every layout. */
class DigitLayoutTest {
  private static final int[][] SHAPES = {{1, 1}, {16, 16}, {17, 31}, {256, 64}, {257, 300}};

  static List<DigitLayout> layouts() {
    return DigitLayout.all();
  }

  /** Those that have the bits of a 3. */
  static List<DigitLayout> layoutsOfTwoBits() {
    return layouts().stream().filter(layout -> layout != PanelLayout.FIVE_DIGITS).toList();
  }

  private static void set(
      DigitLayout layout,
      MemorySegment data,
      int rows,
      int columns,
      int row,
      int column,
      int digit) {
    switch (layout) {
      case PanelLayout panels -> panels.setDigit(data, columns, row, column, digit);
      case VectorLayout vectors -> vectors.setDigit(data, rows, columns, row, column, digit);
    }
  }

  /** Random digits up to 2. */
  private static MemorySegment random(DigitLayout layout, byte[][] digits) {
    int columns = digits[0].length;
    MemorySegment data =
        Arena.ofAuto().allocate(layout.bytes(digits.length, columns), DigitLayout.ALIGNMENT);
    Random random = new Random(digits.length * 1000L + columns);
    for (int row = 0; row < digits.length; row++) {
      for (int c = 0; c < columns; c++) {
        digits[row][c] = (byte) random.nextInt(3);
        set(layout, data, digits.length, columns, row, c, digits[row][c]);
      }
    }
    return data;
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void rowsAreWhatWasPutIntoThem(DigitLayout layout) {
    assertEquals(Optional.of(layout), MappedFormat.layout(layout.label()));
    for (int[] shape : SHAPES) {
      byte[][] digits = new byte[shape[0]][shape[1]];
      MemorySegment data = random(layout, digits);
      assertEquals(0, data.byteSize() % DigitLayout.ALIGNMENT);
      assertTrue(layout.paddedRows(shape[0]) >= shape[0]);
      int digitsOfByte = layout == PanelLayout.FIVE_DIGITS ? 5 : 4;
      assertEquals(
          data.byteSize() * digitsOfByte,
          (long) layout.paddedRows(shape[0]) * layout.paddedColumns(shape[1]));
      byte[] row = new byte[shape[1]];
      for (int r = 0; r < shape[0]; r++) {
        layout.digits(data, shape[0], shape[1], r, row);
        assertArrayEquals(digits[r], row, layout + ", " + Arrays.toString(shape) + ", row " + r);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("layoutsOfTwoBits")
  void digitsAboveTheLargestAreFoundWhereverTheyAre(DigitLayout layout) {
    for (int[] shape : SHAPES) {
      byte[][] digits = new byte[shape[0]][shape[1]];
      MemorySegment data = random(layout, digits);
      long end = data.byteSize();
      assertTrue(layout.holdsNoneAbove(2, data, 0, end));
      for (int[] at : new int[][] {{0, 0}, {shape[0] - 1, shape[1] - 1}, {shape[0] / 2, 0}}) {
        int old = digits[at[0]][at[1]];
        set(layout, data, shape[0], shape[1], at[0], at[1], 3);
        assertFalse(layout.holdsNoneAbove(2, data, 0, end), Arrays.toString(at));
        assertTrue(layout.holdsNoneAbove(3, data, 0, end));
        set(layout, data, shape[0], shape[1], at[0], at[1], old);
      }
      assertTrue(layout.holdsNoneAbove(2, data, 0, end));
    }
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void paddingThatIsNotZeroIsFound(DigitLayout layout) {
    for (int[] shape : SHAPES) {
      int rows = shape[0];
      int columns = shape[1];
      MemorySegment data = random(layout, new byte[rows][columns]);
      assertTrue(layout.isPaddedWithZeros(data, rows, columns));
      int lastRow = layout.paddedRows(rows) - 1;
      int lastColumn = layout.paddedColumns(columns) - 1;
      if (lastRow >= rows) {
        set(layout, data, rows, columns, lastRow, 0, 1);
        assertFalse(layout.isPaddedWithZeros(data, rows, columns));
        set(layout, data, rows, columns, lastRow, 0, 0);
      }
      if (lastColumn >= columns) {
        set(layout, data, rows, columns, rows - 1, lastColumn, 1);
        assertFalse(layout.isPaddedWithZeros(data, rows, columns));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void aMappedMatrixHasItsDigitsThenItsScale(DigitLayout layout) {
    byte[][] digits = new byte[40][70];
    MemorySegment packed = random(layout, digits);
    MappedFormat format = new MappedFormat(layout, 40, 70, ScaleKind.TENSOR, 2, "I2_S");
    assertEquals(packed.byteSize() + 4, format.bytes(40, 70));
    MemorySegment data = Arena.ofAuto().allocate(format.bytes(), DigitLayout.ALIGNMENT);
    format.digits(data).copyFrom(packed);
    format.scales(data).set(ValueLayout.JAVA_FLOAT, 0, 0.25f);
    assertEquals(Optional.of(0.25f), format.uniformScale(data, 40, 70));
    byte[] row = new byte[70];
    format.digits(data, 70, 39, row);
    assertArrayEquals(digits[39], row);
    assertTrue(format.isUsableAt(data));
    assertFalse(format.isUsableAt(data.asSlice(32)));
    assertFalse(format.isUsableAt(MemorySegment.ofArray(new byte[64])));
    assertThrows(IllegalArgumentException.class, () -> format.bytes(40, 71));
  }

  @Test
  void scalesOfRowsAndGroupsAreInTheOrderOfPanels() {
    MappedFormat rows = new MappedFormat(PanelLayout.TWO_BIT, 17, 64, ScaleKind.ROW, 3, "IQ2_BN");
    MemorySegment data = Arena.ofAuto().allocate(rows.bytes(), DigitLayout.ALIGNMENT);
    assertEquals(rows.digitBytes() + 32 * 4, data.byteSize());
    rows.scales(data).setAtIndex(ValueLayout.JAVA_FLOAT, 16, 3f);
    float[] scale = new float[1];
    rows.scales(data, 64, 16, scale);
    assertEquals(3f, scale[0]);

    ScaleKind groups = new ScaleKind.Group(64);
    MappedFormat grouped = new MappedFormat(PanelLayout.TWO_BIT, 17, 192, groups, 2, "Q2_0");
    MemorySegment other = Arena.ofAuto().allocate(grouped.bytes(), DigitLayout.ALIGNMENT);
    assertEquals(grouped.digitBytes() + 32 * 3 * 2, other.byteSize());
    short half = Float.floatToFloat16(0.5f);
    grouped.scales(other).setAtIndex(ValueLayout.JAVA_SHORT, 3 * 16 + 2 * 16, half);
    float[] three = new float[3];
    grouped.scales(other, 192, 16, three);
    assertArrayEquals(new float[] {0, 0, 0.5f}, three);
  }

  @Test
  void kindsOfScalesAreNumbers() {
    for (ScaleKind kind : List.of(ScaleKind.TENSOR, ScaleKind.ROW, new ScaleKind.Group(128))) {
      assertEquals(Optional.of(kind), MappedFormat.scaleKind(MappedFormat.scaleColumns(kind)));
    }
    assertEquals(Optional.empty(), MappedFormat.scaleKind(100));
    assertEquals(Optional.empty(), MappedFormat.scaleKind(-2));
  }

  @Test
  void whatALayoutCannotHoldIsRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> new MappedFormat(VectorLayout.ROWS, 4, 4, ScaleKind.TENSOR, 3, "I2_S"));
    assertThrows(
        IllegalArgumentException.class,
        () -> new MappedFormat(VectorLayout.COLUMNS, 4, 4, ScaleKind.ROW, 2, "I2_S"));
    assertThrows(
        IllegalArgumentException.class,
        () -> new MappedFormat(PanelLayout.TWO_BIT, 0, 4, ScaleKind.TENSOR, 2, "I2_S"));
    assertThrows(
        IllegalArgumentException.class,
        () -> new MappedFormat(PanelLayout.FIVE_DIGITS, 4, 4, ScaleKind.TENSOR, 3, "IQ2_BN"));
    ScaleKind groups = new ScaleKind.Group(64);
    assertThrows(
        IllegalArgumentException.class,
        () -> new MappedFormat(PanelLayout.FIVE_DIGITS, 4, 64, groups, 2, "Q2_0"));
  }
}
