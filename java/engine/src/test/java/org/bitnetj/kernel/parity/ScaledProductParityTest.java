package org.bitnetj.kernel.parity;

import java.util.stream.IntStream;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.RowGroups;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryScales;
import org.bitnetj.testing.OnEveryTier;
import org.bitnetj.testing.Tiers;

/** Matrices with scales by rows or groups give the same bits on every tier. */
class ScaledProductParityTest {
  /**
   * Scales of weights and cuts of activations that occur together.
   *
   * @param group columns that share a scale of the weights; 0: rows have their own
   */
  private record Scaling(int group, RowGroups cut) {}

  private static final Scaling[] SCALINGS = {
    new Scaling(0, RowGroups.NONE),
    new Scaling(0, RowGroups.ofRows(64)),
    new Scaling(64, RowGroups.ofRows(64)),
    new Scaling(128, RowGroups.ofRows(128)),
    new Scaling(256, RowGroups.ofRows(256)),
    new Scaling(256, RowGroups.ofRows(64)),
    new Scaling(64, RowGroups.ofBlocks(64)),
    new Scaling(128, RowGroups.ofBlocks(128)),
    new Scaling(256, RowGroups.ofBlocks(256)),
    new Scaling(128, RowGroups.ofBlocks(64)),
    new Scaling(48, new RowGroups(16, 96)),
  };

  private static final int[] COUNTS = IntStream.rangeClosed(1, 17).toArray();

  @OnEveryTier
  void scaledProductsMatchScalarOnSmallShapes(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    for (Scaling scaling : SCALINGS) {
      for (int columns : new int[] {1, 16, 17, 63, 64, 65, 127, 128, 129, 192, 256, 300, 513}) {
        for (int rows : new int[] {1, 15, 16, 17, 33, 80}) {
          long seed = columns * 100L + rows;
          product(kernels, seed, rows, columns, scaling, 17, COUNTS, Values.NORMAL, 2);
        }
      }
    }
  }

  @OnEveryTier
  void scaledProductsMatchScalarOnRealShapes(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    for (Scaling scaling : SCALINGS) {
      int[] counts = {1, 2, 3, 4, 5, 8, 17, 33};
      product(kernels, 1, 136, 2560, scaling, 33, counts, Values.NORMAL, 2);
      product(kernels, 2, 72, 8640, scaling, 5, new int[] {1, 2, 3, 4, 5}, Values.NORMAL, 2);
    }
  }

  @OnEveryTier
  void scaledProductsMatchScalarWhereScalesAreExtreme(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    for (Scaling scaling : SCALINGS) {
      for (Values values : Values.values()) {
        for (int seed = 0; seed < 2; seed++) {
          product(kernels, seed, 40, 400, scaling, 5, new int[] {1, 3, 5}, values, 2);
        }
      }
    }
  }

  /** Where a 3 is +2, partial sums are half as large again. */
  @OnEveryTier
  void scaledProductsMatchScalarWithDigitsUpTo3(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    for (Scaling scaling : SCALINGS) {
      for (int seed = 0; seed < 12; seed++) {
        product(kernels, seed, 40, 600, scaling, 6, new int[] {1, 2, 3, 6}, Values.NORMAL, 3);
      }
    }
  }

  /** For each count: all panels at once, and each in a call of its own. */
  private static void product(
      Kernels kernels,
      long seed,
      int rows,
      int columns,
      Scaling scaling,
      int capacity,
      int[] counts,
      Values values,
      int largest) {
    String shape =
        "ternaryProduct, %d x %d, %s, scales %s, digits to %d"
            .formatted(rows, columns, scaling, values, largest);
    try (Trial trial = new Trial(kernels, seed, shape)) {
      TernaryScales scales =
          scaling.group == 0
              ? trial.rowScales(rows, values)
              : trial.groupScales(rows, columns, scaling.group, values);
      TernaryMatrix w = trial.ternary(rows, columns, scales, seed % 2 == 1, largest);
      QuantizedRows a = trial.quantized(capacity, columns, scaling.cut, 0.013f, seed % 3 == 2);
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
      }
    }
  }
}
