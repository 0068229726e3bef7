package org.bitnetj.kernel.parity;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.tensor.Activation;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryVectors;
import org.bitnetj.tensor.TernaryVectors.Order;
import org.bitnetj.testing.OnEveryTier;
import org.bitnetj.testing.Tiers;
import org.junit.jupiter.api.Test;

/** Products that leave out what is multiplied by 0 give the bits of those that do not. */
class SparseParityTest {
  /** The definition itself is held to the dense definition. */
  @Test
  void scalarSparseProductsAreTheDenseProducts() {
    for (int n = 1; n <= 40; n++) {
      trial(Trial.SCALAR, n, n, 41 - n, 0.4f);
      trial(Trial.SCALAR, n, 250 + n, 300 - n, 0.1f);
    }
    trial(Trial.SCALAR, 4, 2560, 640, 0.1f);
  }

  private static Kernels kernels(Tiers.Tested tier) {
    return Tiers.ownOrSkip(tier, "packVectors", "vectorsProduct", "gatedProduct", "sparseProduct");
  }

  @OnEveryTier
  void sparseProductsMatchScalarOnSmallShapes(Tiers.Tested tier) {
    Kernels kernels = kernels(tier);
    for (int n = 1; n <= 70; n++) {
      for (int other : new int[] {1, 16, 33, 64}) {
        trial(kernels, n, n, other, 0.5f);
        trial(kernels, n, other, n, 0.5f);
      }
      trial(kernels, n, 220 + n, 480 + n, 0.2f);
    }
  }

  @OnEveryTier
  void sparseProductsMatchScalarOnRealShapes(Tiers.Tested tier) {
    Kernels kernels = kernels(tier);
    for (float density : new float[] {0f, 0.12f, 1f}) {
      trial(kernels, 1, 6912, 320, density);
      trial(kernels, 2, 320, 6912, density);
      trial(kernels, 3, 8640, 40, density);
    }
    trial(kernels, 4, 2560, 1000, 0.1f);
  }

  /**
   * Packing, then both products at a density of active rows and of activations that are not 0, for
   * one to as many rows of activations as may be.
   */
  private static void trial(Kernels kernels, long seed, int rows, int columns, float density) {
    int count = 1 + (int) (seed * 7 % TernaryVectors.MOST_ROWS);
    String shape = "sparse, %d by %d x %d, density %s".formatted(count, rows, columns, density);
    try (Trial trial = new Trial(kernels, seed, shape)) {
      float scale = seed % 7 == 6 ? Float.MAX_VALUE : 0.7f;
      TernaryMatrix w = trial.ternary(rows, columns, scale, seed % 2 == 1);
      QuantizedRows a = trial.quantized(count, columns, 0.013f, seed % 3 == 2);
      FloatRows dense = trial.output(count, rows);
      Trial.SCALAR.ternaryProduct(w, a, dense, count, 0, w.panelCount());
      gated(trial, kernels, w, a, dense, density);

      boolean[] needed = new boolean[columns];
      for (int t = 0; t < count; t++) {
        int sum = 0;
        for (int k = 0; k < columns; k++) {
          if (trial.random.nextFloat() >= density) {
            a.setValue(t, k, (byte) 0);
          }
          sum += a.value(t, k);
          needed[k] |= a.value(t, k) != 0;
        }
        a.setSum(t, sum);
      }
      Trial.SCALAR.ternaryProduct(w, a, dense, count, 0, w.panelCount());
      TernaryVectors copy = packed(trial, kernels, w, Order.COLUMN_MAJOR);
      FloatRows whole = trial.output(count, rows);
      long read = kernels.sparseProduct(copy, a, whole, count, 0, copy.lines());
      trial.same(dense, whole);
      assertEquals(count(needed) * copy.stride(), read, trial.where("bytes of columns"));
      FloatRows pieces = trial.output(count, rows);
      for (int line = 0; line < copy.lines(); line++) {
        kernels.sparseProduct(copy, a, pieces, count, line, line + 1);
      }
      trial.same(dense, pieces);
      whole(trial, kernels, copy, a, dense);
    }
  }

  private static long count(boolean[] needed) {
    long count = 0;
    for (boolean one : needed) {
      count += one ? 1 : 0;
    }
    return count;
  }

  private static void gated(
      Trial trial,
      Kernels kernels,
      TernaryMatrix w,
      QuantizedRows a,
      FloatRows dense,
      float density) {
    TernaryVectors copy = packed(trial, kernels, w, Order.ROW_MAJOR);
    whole(trial, kernels, copy, a, dense);
    int count = dense.capacity();
    FloatRows gate = trial.rows(count, w.rows(), Values.NORMAL);
    FloatRows expected = trial.output(count, w.rows());
    boolean[] needed = new boolean[w.rows()];
    for (int t = 0; t < count; t++) {
      boolean all = !Float.isFinite(128 * w.columns() * (w.scale() * a.scale(t)));
      for (int row = 0; row < w.rows(); row++) {
        boolean active = trial.random.nextFloat() < density;
        gate.set(t, row, (active ? 1 : -1) * Math.abs(gate.get(t, row)));
        active = all || gate.get(t, row) > 0;
        expected.set(t, row, active ? dense.get(t, row) : 0f);
        needed[row] |= active;
      }
    }
    FloatRows whole = trial.output(count, w.rows());
    long read = kernels.gatedProduct(copy, a, gate, whole, count, 0, w.rows());
    trial.same(expected, whole);
    assertEquals(count(needed) * copy.stride(), read, trial.where("bytes of rows"));
    FloatRows pieces = trial.output(count, w.rows());
    int step = 1 + trial.random.nextInt(40);
    for (int row = 0; row < w.rows(); row += step) {
      kernels.gatedProduct(copy, a, gate, pieces, count, row, Math.min(row + step, w.rows()));
    }
    trial.same(expected, pieces);
  }

  /** The product of all of a copy, at once and in pieces. */
  private static void whole(
      Trial trial, Kernels kernels, TernaryVectors copy, QuantizedRows a, FloatRows dense) {
    int count = dense.capacity();
    int panels = PanelLayout.panels(copy.rows());
    MemorySegment scratch = trial.memory.allocate(copy.scratchBytes());
    FloatRows whole = trial.output(count, copy.rows());
    kernels.vectorsProduct(copy, a, whole, count, 0, panels, scratch);
    trial.same(dense, whole);
    FloatRows pieces = trial.output(count, copy.rows());
    int step = 1 + trial.random.nextInt(20);
    for (int panel = 0; panel < panels; panel += step) {
      int next = Math.min(panel + step, panels);
      kernels.vectorsProduct(copy, a, pieces, count, panel, next, scratch);
    }
    trial.same(dense, pieces);
  }

  /** A copy that the kernels packed item by item, compared with the definition's. */
  private static TernaryVectors packed(Trial trial, Kernels kernels, TernaryMatrix w, Order order) {
    TernaryVectors expected = TernaryVectors.allocate(trial.memory, w, order);
    Trial.SCALAR.packVectors(w, expected, 0, expected.items());
    TernaryVectors actual = TernaryVectors.allocate(trial.memory, w, order);
    for (int item = 0; item < actual.items(); item++) {
      kernels.packVectors(w, actual, item, item + 1);
    }
    trial.sameBytes("copy, " + order, expected.digits(), actual.digits());
    return actual;
  }

  /**
   * What a feed-forward network makes of the gated product: the same int8 rows, scales and sums,
   * and the same refusals, whatever is in the gate and however large the products are.
   */
  @OnEveryTier
  void hiddenUnitsAreQuantizedToTheSameBits(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    int refused = 0;
    for (int seed = 0; seed < 300; seed++) {
      float scale = new float[] {0.7f, -1e-38f, 1e30f, 0x1p112f, Float.MAX_VALUE}[seed % 5];
      int rows = 1 + seed;
      String shape = "hidden units, %d, scale %s".formatted(rows, scale);
      try (Trial trial = new Trial(kernels, seed, shape)) {
        TernaryMatrix w = trial.ternary(rows, 90, scale, false);
        QuantizedRows a = trial.quantized(1, 90, 0.013f, seed % 3 == 2);
        FloatRows gate = trial.rows(1, rows, seed % 2 == 0 ? Values.NORMAL : Values.ANY_FINITE);
        for (int i = 0; i < rows; i += 3) {
          gate.set(0, i, trial.random.nextBoolean() ? -0f : 0f);
        }
        if (seed % 11 == 10) {
          gate.set(
              0, trial.random.nextInt(rows), seed % 2 == 0 ? Float.NaN : Float.NEGATIVE_INFINITY);
        }
        Norm norm = trial.norm(rows, Values.NORMAL);
        FloatRows up = trial.output(1, rows);
        kernels.ternaryProduct(w, a, up, 1, 0, w.panelCount());
        QuantizedRows expected = QuantizedRows.allocate(trial.memory, 1, rows);
        boolean finite = hidden(kernels, trial.copy(gate), up, norm, expected);
        refused += finite ? 0 : 1;

        TernaryVectors copy = packed(trial, kernels, w, Order.ROW_MAJOR);
        kernels.gatedProduct(copy, a, gate, up, 1, 0, rows);
        QuantizedRows actual = QuantizedRows.allocate(trial.memory, 1, rows);
        assertEquals(
            finite, hidden(kernels, trial.copy(gate), up, norm, actual), trial.where("finite"));
        if (finite) {
          trial.same(expected, actual);
        }
      }
    }
    assertTrue(refused > 20 && refused < 280, "refused: " + refused);
  }

  private static boolean hidden(
      Kernels kernels, FloatRows gate, FloatRows up, Norm norm, QuantizedRows out) {
    kernels.gate(Activation.RELU_SQUARED, gate, up, 0, 1);
    return kernels.quantize(gate, norm, out, 0, 1);
  }

  @Test
  void aVectorHoldsItsDigitsWhereTheFormatSays() {
    try (Trial trial = new Trial(Trial.SCALAR, 5, "copies of 300 x 280")) {
      TernaryMatrix w = trial.ternary(300, 280, 1f, false);
      for (Order order : Order.values()) {
        TernaryVectors copy = packed(trial, Trial.SCALAR, w, order);
        boolean byRows = order == Order.ROW_MAJOR;
        for (int i = 0; i < copy.count(); i++) {
          for (int k = 0; k < (byRows ? 280 : 300); k++) {
            byte at = copy.digits().get(JAVA_BYTE, i * 128L + k / 256 * 64 + k % 64);
            int digit = byRows ? w.digit(i, k) : w.digit(k, i);
            assertEquals(digit, at >> k / 64 % 4 * 2 & 3, order + " " + i + ", " + k);
            assertEquals(digit, byRows ? copy.digit(i, k) : copy.digit(k, i));
          }
        }
      }
    }
  }
}
