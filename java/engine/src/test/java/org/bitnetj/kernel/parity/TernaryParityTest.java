package org.bitnetj.kernel.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.testing.OnEveryTier;
import org.bitnetj.testing.StoredWeights;
import org.bitnetj.testing.Tiers;

/** Packing and multiplying ternary matrices gives the same bits on every tier. */
class TernaryParityTest {
  /** Row lengths of published models, and of the one that ships. */
  private static final int[] REAL_COLUMNS = {256, 640, 768, 1536, 2560, 3200, 6912, 8640};

  private static final int[] COUNTS = IntStream.rangeClosed(1, 17).toArray();

  @OnEveryTier
  void ternaryProductMatchesScalarOnSmallShapes(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    for (int columns = 1; columns <= 70; columns++) {
      for (int rows : new int[] {1, 7, 15, 16, 17, 33, 48}) {
        product(kernels, columns * 100L + rows, rows, columns, 17, COUNTS, 0.7f);
      }
    }
    for (int rows = 1; rows <= 160; rows += rows < 70 ? 1 : 9) {
      for (int columns : new int[] {127, 128, 129, 255, 272, 513}) {
        product(kernels, rows * 1000L + columns, rows, columns, 5, new int[] {1, 2, 5}, 0.7f);
      }
    }
  }

  @OnEveryTier
  void ternaryProductMatchesScalarOnRealShapes(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    for (int columns : REAL_COLUMNS) {
      int rows = columns > 3000 ? 72 : 136; // panels for several streams
      product(kernels, columns, rows, columns, 64, new int[] {1, 2, 3, 4, 5, 8, 16, 17, 64}, 1.21f);
    }
  }

  @OnEveryTier
  void ternaryProductMatchesScalarWhereSumsAndScalesAreExtreme(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    int longest = 131_000; // the limit of the ABI: sums up to 2^24
    for (int seed = 0; seed < 6; seed++) {
      product(kernels, seed, 16, longest, 3, new int[] {1, 3}, 1f);
    }
    for (float scale : new float[] {0f, -1.5f, 1e-38f, 1e-30f, 1e30f, Float.MAX_VALUE}) {
      for (int seed = 0; seed < 4; seed++) {
        product(kernels, seed, 33, 100, 4, new int[] {1, 4}, scale);
      }
    }
  }

  /** Where a 3 is +2, partial sums are half as large again. */
  @OnEveryTier
  void ternaryProductMatchesScalarWithDigitsUpTo3(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    for (int columns : new int[] {1, 16, 63, 130, 160, 161, 256, 336, 337, 1360, 2560, 8640}) {
      for (int seed = 0; seed < 12; seed++) {
        product(kernels, seed, 40, columns, 6, new int[] {1, 2, 3, 4, 6}, 0.7f, 3);
      }
    }
    for (int seed = 0; seed < 6; seed++) {
      product(kernels, seed, 16, 131_000, 3, new int[] {1, 3}, 1f, 3);
    }
  }

  private static void product(
      Kernels kernels, long seed, int rows, int columns, int capacity, int[] counts, float scale) {
    product(kernels, seed, rows, columns, capacity, counts, scale, 2);
  }

  /** For each count: all panels at once, and each in a call of its own. */
  private static void product(
      Kernels kernels,
      long seed,
      int rows,
      int columns,
      int capacity,
      int[] counts,
      float scale,
      int largest) {
    String shape =
        "ternaryProduct, %d x %d, scale %s, digits to %d".formatted(rows, columns, scale, largest);
    try (Trial trial = new Trial(kernels, seed, shape)) {
      TernaryMatrix w = trial.ternary(rows, columns, scale, seed % 2 == 1, largest);
      QuantizedRows a = trial.quantized(capacity, columns, 0.013f, seed % 3 == 2);
      FloatRows all = trial.output(capacity, rows);
      Trial.SCALAR.ternaryProduct(w, a, all, capacity, 0, w.panelCount());
      for (int count : counts) {
        FloatRows expected = trial.output(capacity, rows);
        for (int t = 0; t < count; t++) {
          expected.copyRow(all, t, t);
        }
        FloatRows whole = trial.output(capacity, rows);
        kernels.ternaryProduct(w, a, whole, count, 0, w.panelCount());
        trial.same(expected, whole);
        FloatRows pieces = trial.output(capacity, rows);
        for (int panel = 0; panel < w.panelCount(); panel++) {
          kernels.ternaryProduct(w, a, pieces, count, panel, panel + 1);
        }
        trial.same(expected, pieces);
        if (largest == 2) {
          TernaryMatrix five = trial.inFiveDigits(w);
          FloatRows ofFive = trial.output(capacity, rows);
          kernels.ternaryProduct(five, a, ofFive, count, 0, five.panelCount());
          trial.same(expected, ofFive);
        }
      }
    }
  }

  @OnEveryTier
  void aRangeOfPanelsWritesItsRowsOnly(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    for (int count : new int[] {1, 4, 17}) {
      try (Trial trial = new Trial(kernels, count, "ternaryProduct, panels 1 to 3 of 5")) {
        TernaryMatrix w = trial.ternary(75, 90, 1f, false);
        QuantizedRows a = trial.quantized(count, 90, 1f, false);
        FloatRows expected = trial.output(count, 75);
        FloatRows actual = trial.output(count, 75);
        Trial.SCALAR.ternaryProduct(w, a, expected, count, 1, 3);
        kernels.ternaryProduct(w, a, actual, count, 1, 3);
        trial.same(expected, actual);
        kernels.ternaryProduct(w, a, actual, count, 2, 2);
        kernels.ternaryProduct(w, a, actual, 0, 0, 5);
        trial.same(expected, actual);
        FloatRows ofFive = trial.output(count, 75);
        kernels.ternaryProduct(trial.inFiveDigits(w), a, ofFive, count, 1, 3);
        trial.same(expected, ofFive);
      }
    }
  }

  /** Row lengths of blocks of all sizes; of 80, 160 and 8640, blocks of I2_S straddle rows. */
  private static final int[] PACKED_COLUMNS = {
    3, 16, 32, 64, 80, 96, 128, 160, 192, 256, 320, 384, 512, 768, 1280, 2560, 8640
  };

  /** Every format packs to its digits, by the tier's way and by the format's class. */
  @OnEveryTier
  void packingPutsEveryDigitInItsPlace(Tiers.Tested tier) {
    Kernels kernels = Tiers.ownOrSkip(tier, "pack");
    for (TernaryFormat format : WeightFormats.ternary()) {
      for (int columns : PACKED_COLUMNS) {
        for (int rows : new int[] {1, 5, 16, 17, 40}) {
          if (StoredWeights.canHold(format, rows, columns)) {
            pack(kernels, format, rows, columns);
          }
        }
      }
    }
  }

  private static void pack(Kernels kernels, TernaryFormat format, int rows, int columns) {
    String what = "pack from %s, %d x %d".formatted(format.name(), rows, columns);
    try (Trial trial = new Trial(kernels, columns, what)) {
      int largest = format.largestDigit();
      byte[][] digits = new byte[rows][columns];
      for (byte[] row : digits) {
        for (int c = 0; c < columns; c++) {
          row[c] = (byte) trial.random.nextInt(largest + 1);
        }
      }
      StoredWeights.fit(format, digits);
      float[][] scales = new float[rows][format.scaleKind().count(columns)];
      MemorySegment source = StoredWeights.encode(format, digits, scales);
      TernaryMatrix expected = trial.filled(rows, columns, PanelLayout.TWO_BIT, largest, 0);
      TernaryMatrix actual = trial.filled(rows, columns, PanelLayout.TWO_BIT, largest, 0x5a);
      TernaryMatrix whole = trial.filled(rows, columns, PanelLayout.TWO_BIT, largest, 0x5a);
      int panels = expected.panelCount();
      assertTrue(expected.pack(format, source, 0, panels));
      sameDigits(trial, digits, expected, 0, rows);
      for (int panel = 0; panel < panels; panel++) {
        assertTrue(kernels.pack(format, source, actual, panel, panel + 1));
      }
      trial.sameBytes("panels one by one", expected.panels(), actual.panels());
      assertTrue(kernels.pack(format, source, whole, 0, panels));
      trial.sameBytes("panels at once", expected.panels(), whole.panels());
      packFiveDigits(kernels, format, source, trial, digits);
      if (StoredWeights.canHold3(format)) {
        find3(kernels, format, trial, digits);
      }
    }
  }

  /** Digits that five of are in a byte, but for a panel with a 3, which is refused. */
  private static void packFiveDigits(
      Kernels kernels, TernaryFormat format, MemorySegment source, Trial trial, byte[][] digits) {
    int columns = digits[0].length;
    TernaryMatrix five = trial.filled(digits.length, columns, PanelLayout.FIVE_DIGITS, 2, 0xa5);
    for (int panel = 0; panel < five.panelCount(); panel++) {
      int last = Math.min(16 * panel + 16, digits.length);
      boolean ternary = true;
      for (int row = 16 * panel; row < last; row++) {
        for (byte digit : digits[row]) {
          ternary &= digit < 3;
        }
      }
      assertEquals(ternary, kernels.pack(format, source, five, panel, panel + 1));
      if (ternary) {
        sameDigits(trial, digits, five, 16 * panel, last);
      }
    }
  }

  private static void sameDigits(
      Trial trial, byte[][] expected, TernaryMatrix actual, int first, int last) {
    for (int row = first; row < last; row++) {
      for (int c = 0; c < expected[row].length; c++) {
        int digit = actual.digit(row, c);
        if (digit != expected[row][c]) { // a message for each digit would take most of the time
          assertEquals(expected[row][c], digit, trial.where("row " + row + ", column " + c));
        }
      }
    }
  }

  /** A 3 is found in its panel and nowhere else, unless the matrix may have it. */
  private static void find3(Kernels kernels, TernaryFormat format, Trial trial, byte[][] digits) {
    int rows = digits.length;
    int columns = digits[0].length;
    for (byte[] row : digits) {
      for (int c = 0; c < columns; c++) {
        row[c] = (byte) Math.min(2, row[c]);
      }
    }
    float[][] scales = new float[rows][format.scaleKind().count(columns)];
    for (int i = 0; i < 3; i++) {
      int row = trial.random.nextInt(rows);
      int column = trial.random.nextInt(columns);
      byte was = digits[row][column];
      digits[row][column] = 3;
      MemorySegment source = StoredWeights.encode(format, digits, scales);
      digits[row][column] = was;
      TernaryMatrix strict = TernaryMatrix.allocate(trial.memory, rows, columns, 1f);
      TernaryMatrix wide = trial.filled(rows, columns, PanelLayout.TWO_BIT, 3, 0xa5);
      for (int panel = 0; panel < strict.panelCount(); panel++) {
        String where = trial.where("row " + row + ", column " + column + ", panel " + panel);
        boolean fits = panel != row / 16;
        assertEquals(fits, kernels.pack(format, source, strict, panel, panel + 1), where);
        assertTrue(kernels.pack(format, source, wide, panel, panel + 1), where);
      }
      assertEquals(3, wide.digit(row, column));
    }
  }
}
