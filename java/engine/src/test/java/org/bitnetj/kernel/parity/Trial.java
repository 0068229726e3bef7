package org.bitnetj.kernel.parity;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.scalar.ScalarKernels;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.RowGroups;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryScales;

/**
 * One comparison of a tier with the scalar definition on random operands of one seed. Input rows
 * have NaN in their padding, which no result may depend on; output rows start as a sentinel
 * everywhere, padding included, so that an element too many or too few that is written shows.
 */
final class Trial implements AutoCloseable {
  static final Kernels SCALAR = new ScalarKernels();
  private static final float SENTINEL = -1234.5678f;

  final NativeMemory memory = new NativeMemory();
  final SplittableRandom random;
  private final Kernels kernels;
  private final long seed;
  private final String what;

  /**
   * @param what the operation and shape, for messages
   */
  Trial(Kernels kernels, long seed, String what) {
    this.kernels = kernels;
    this.seed = seed;
    this.what = what;
    this.random = new SplittableRandom(seed);
  }

  /** {@code capacity} rows of random values. */
  FloatRows rows(int capacity, int columns, Values values) {
    FloatRows rows = FloatRows.allocate(memory, capacity, columns);
    float[] row = new float[(int) rows.stride()];
    Arrays.fill(row, Float.NaN);
    for (int r = 0; r < capacity; r++) {
      for (int i = 0; i < columns; i++) {
        row[i] = values.next(random);
      }
      MemorySegment.copy(row, 0, rows.data(), JAVA_FLOAT, r * rows.stride() * 4, row.length);
    }
    return rows;
  }

  /** Rows to be written. */
  FloatRows output(int capacity, int columns) {
    FloatRows rows = FloatRows.allocate(memory, capacity, columns);
    float[] all = new float[Math.toIntExact(capacity * rows.stride())];
    Arrays.fill(all, SENTINEL);
    MemorySegment.copy(all, 0, rows.data(), JAVA_FLOAT, 0, all.length);
    return rows;
  }

  FloatRows copy(FloatRows rows) {
    FloatRows copy = FloatRows.allocate(memory, rows.capacity(), rows.columns());
    copy.data().copyFrom(rows.data());
    return copy;
  }

  Norm norm(int columns, Values values) {
    float[] weight = new float[columns];
    for (int i = 0; i < columns; i++) {
      weight[i] = values.next(random);
    }
    return Norm.of(memory, weight, 1e-5f);
  }

  /** Digits 0, 1 and 2 at random, or, if skewed, every other row with one digit only. */
  TernaryMatrix ternary(int rows, int columns, float scale, boolean skewed) {
    return ternary(rows, columns, scale, skewed, 2);
  }

  /** The same with digits up to 2 or 3. */
  TernaryMatrix ternary(int rows, int columns, float scale, boolean skewed, int largest) {
    return ternary(rows, columns, new TernaryScales.Tensor(scale), skewed, largest);
  }

  /** The same with any scales. */
  TernaryMatrix ternary(int rows, int columns, TernaryScales scales, boolean skewed, int largest) {
    TernaryMatrix w =
        TernaryMatrix.allocate(memory, PanelLayout.TWO_BIT, rows, columns, scales, largest);
    byte[] panels = new byte[Math.toIntExact(w.panels().byteSize())];
    for (int r = 0; r < rows; r++) {
      // The layout's formula, as PanelLayoutTest checks it.
      long start = r / 16 * w.panelBytes() + r % 16 * 4;
      for (int c = 0; c < columns; c++) {
        int digit = skewed && r % 2 == 0 ? r / 2 % (largest + 1) : random.nextInt(largest + 1);
        panels[(int) start + c / 16 * 64 + c % 4] |= (byte) (digit << c % 16 / 4 * 2);
      }
    }
    MemorySegment.copy(panels, 0, w.panels(), JAVA_BYTE, 0, panels.length);
    return w;
  }

  /** A matrix to be overwritten, padding included: every byte of its panels is the one given. */
  TernaryMatrix filled(int rows, int columns, PanelLayout layout, int largest, int with) {
    TernaryMatrix w =
        TernaryMatrix.allocate(
            memory, layout, rows, columns, new TernaryScales.Tensor(1f), largest);
    w.panels().fill((byte) with);
    return w;
  }

  /** The same matrix with five digits a byte. */
  TernaryMatrix inFiveDigits(TernaryMatrix w) {
    TernaryMatrix five =
        TernaryMatrix.allocate(
            memory, PanelLayout.FIVE_DIGITS, w.rows(), w.columns(), w.scales(), 2);
    byte[] digits = new byte[five.layout().paddedColumns(w.columns())];
    for (int r = 0; r < w.rows(); r++) {
      w.layout().unpack(w.panels(), w.columns(), r, digits);
      five.layout().pack(digits, five.panels(), w.columns(), r);
    }
    return five;
  }

  /** A scale for each row. */
  TernaryScales.Rows rowScales(int rows, Values values) {
    TernaryScales.Rows all =
        new TernaryScales.Rows(memory.allocate(4L * PanelLayout.panels(rows) * PanelLayout.ROWS));
    for (int r = 0; r < rows; r++) {
      all.scales().setAtIndex(JAVA_FLOAT, r, values.next(random));
    }
    return all;
  }

  /** A scale for each group of columns of a row, rounded to float16, finite ones. */
  TernaryScales.Groups groupScales(int rows, int columns, int group, Values values) {
    int count = Math.ceilDiv(columns, group);
    int panels = PanelLayout.panels(rows);
    TernaryScales.Groups all =
        new TernaryScales.Groups(
            group, count, memory.allocate(2L * panels * count * PanelLayout.ROWS));
    for (int r = 0; r < rows; r++) {
      for (int g = 0; g < count; g++) {
        float scale = Math.clamp(values.next(random), -65504f, 65504f);
        long at = ((long) r / PanelLayout.ROWS * count + g) * PanelLayout.ROWS + r % 16;
        all.scales().setAtIndex(JAVA_SHORT, at, Float.floatToFloat16(scale));
      }
    }
    return all;
  }

  /** Values of all of int8, or only its ends; sums that fit and the given scale. */
  QuantizedRows quantized(int capacity, int columns, float scale, boolean onlyEnds) {
    return quantized(capacity, columns, RowGroups.NONE, scale, onlyEnds);
  }

  /** The same, cut into groups and blocks. */
  QuantizedRows quantized(int capacity, int columns, RowGroups cut, float scale, boolean onlyEnds) {
    QuantizedRows rows = QuantizedRows.allocate(memory, capacity, columns, cut);
    byte[] row = new byte[columns];
    for (int r = 0; r < capacity; r++) {
      int sum = 0;
      byte end = (byte) (random.nextBoolean() ? 127 : -128);
      for (int i = 0; i < columns; i++) {
        row[i] = onlyEnds ? end : (byte) random.nextInt();
        sum += row[i];
      }
      MemorySegment.copy(row, 0, rows.values(), JAVA_BYTE, r * rows.stride(), columns);
      rows.setSum(r, sum);
      for (int b = 0; b < rows.blocks(); b++) {
        rows.setScale(r, b, scale * (1 + r + 0.37f * b));
      }
      int[] sums = new int[rows.groups()];
      for (int i = 0; i < columns && cut.groupColumns() > 0; i++) {
        sums[i / cut.groupColumns()] += row[i];
        rows.setGroupSum(r, i / cut.groupColumns(), sums[i / cut.groupColumns()]);
      }
    }
    return rows;
  }

  /** All elements have the same bits, all NaNs counting as one, padding included. */
  void same(FloatRows expected, FloatRows actual) {
    int n = Math.toIntExact(expected.data().byteSize() / 4);
    int[] e = new int[n];
    int[] a = new int[n];
    MemorySegment.copy(expected.data(), JAVA_INT, 0, e, 0, n);
    MemorySegment.copy(actual.data(), JAVA_INT, 0, a, 0, n);
    int i = Arrays.mismatch(e, a);
    while (i >= 0) {
      if (!Float.isNaN(Float.intBitsToFloat(e[i])) || !Float.isNaN(Float.intBitsToFloat(a[i]))) {
        String place = "row " + i / expected.stride() + ", column " + i % expected.stride();
        fail(where(place) + difference(e[i], a[i]));
      }
      int next = Arrays.mismatch(e, i + 1, n, a, i + 1, n);
      i = next < 0 ? -1 : i + 1 + next;
    }
  }

  private static String difference(int expected, int actual) {
    return "expected %08x (%s), was %08x (%s)"
        .formatted(expected, Float.intBitsToFloat(expected), actual, Float.intBitsToFloat(actual));
  }

  void same(QuantizedRows expected, QuantizedRows actual) {
    sameBytes("values", expected.values(), actual.values());
    for (int r = 0; r < expected.capacity(); r++) {
      for (int b = 0; b < expected.blocks(); b++) {
        int e = Float.floatToIntBits(expected.scale(r, b));
        int a = Float.floatToIntBits(actual.scale(r, b));
        if (e != a) {
          fail(where("scale of row " + r + ", block " + b) + difference(e, a));
        }
      }
      assertEquals(expected.sum(r), actual.sum(r), where("sum of row " + r));
      for (int g = 0; expected.cut().groupColumns() > 0 && g < expected.groups(); g++) {
        if (expected.groupSum(r, g) != actual.groupSum(r, g)) {
          String place = where("sum of row " + r + ", group " + g);
          assertEquals(expected.groupSum(r, g), actual.groupSum(r, g), place);
        }
      }
    }
  }

  void sameBytes(String part, MemorySegment expected, MemorySegment actual) {
    long at = expected.mismatch(actual);
    if (at >= 0) {
      fail(
          where(part + ", byte " + at)
              + "expected %02x, was %02x"
                  .formatted(expected.get(JAVA_BYTE, at), actual.get(JAVA_BYTE, at)));
    }
  }

  /** Where a difference is. */
  String where(String place) {
    return what + ", tier " + kernels.tier() + ", seed " + seed + ": " + place + ": ";
  }

  @Override
  public void close() {
    memory.close();
  }
}
