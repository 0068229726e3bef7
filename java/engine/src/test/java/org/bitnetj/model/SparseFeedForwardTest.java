package org.bitnetj.model;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bitnetj.format.PanelLayout;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.scalar.ScalarKernels;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.memory.ThreadMemory;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryScales;
import org.bitnetj.tensor.TernaryVectors;
import org.junit.jupiter.api.Test;

/** Several rows leave weights out only where each of them leaves out enough. */
class SparseFeedForwardTest {
  private static final int UNITS = 64;

  private final Kernels kernels = new ScalarKernels();

  /** Whether two rows pay after {@code steps} steps with {@code activeUnits} active units. */
  private boolean paysAfter(int activeUnits, int steps) {
    try (NativeMemory memory = new NativeMemory();
        ThreadTeam team = new ThreadTeam(1)) {
      TernaryMatrix gate = matrix(memory, activeUnits);
      TernaryMatrix up = matrix(memory, UNITS);
      TernaryVectors copy = TernaryVectors.allocate(memory, up, TernaryVectors.Order.ROW_MAJOR);
      kernels.packVectors(up, copy, 0, copy.items());
      QuantizedRows normed = QuantizedRows.allocate(memory, 3, UNITS);
      for (int t = 0; t < 3; t++) {
        for (int i = 0; i < UNITS; i++) {
          normed.setValue(t, i, (byte) 1);
        }
        normed.setSum(t, UNITS);
        normed.setScale(t, 1);
      }
      WeightReads reads = new WeightReads();
      FloatRows gates = FloatRows.allocate(memory, 3, UNITS);
      FloatRows ups = FloatRows.allocate(memory, 3, UNITS);
      FloatRows out = FloatRows.allocate(memory, 3, UNITS);
      ThreadMemory own = new ThreadMemory(memory, team.threads(), 0);
      SparseFeedForward sparse = new SparseFeedForward(own, kernels, team, 2, gates, ups, out);
      Linear weights = new Linear.Vectors(copy, Norm.none(UNITS));
      for (int step = 0; step < steps; step++) {
        sparse.gateUp(new Linear.Ternary(gate, Norm.none(UNITS)), weights, normed, 3, reads);
        sparse.learn(0, gates, 3); // rows that are alike: the union of active rows is each one's
      }
      assertEquals((double) activeUnits / UNITS, reads.activeRows().orElseThrow());
      assertFalse(
          sparse.pays(0, new Linear.Ternary(gate, Norm.none(UNITS)), 1), "by panels nothing does");
      assertTrue(sparse.pays(0, weights, 1), "one row always pays");
      assertFalse(sparse.pays(0, weights, TernaryVectors.MOST_ROWS + 1), "that many never do");
      assertTrue(sparse.pays(1, weights, 2), "each layer learns for itself");
      boolean pays = sparse.pays(0, weights, 2);
      assertEquals(pays, sparse.pays(0, weights, 16));
      return pays;
    }
  }

  /**
   * Digits of 2 (weights of 1) in {@code positive} rows, and of 0 (weights of -1) in the others.
   */
  private static TernaryMatrix matrix(NativeMemory memory, int positive) {
    TernaryScales one = new TernaryScales.Tensor(1);
    TernaryMatrix w = TernaryMatrix.allocate(memory, PanelLayout.TWO_BIT, UNITS, UNITS, one, 2);
    for (int row = 0; row < positive; row++) {
      for (int block = 0; block < UNITS / 16; block++) {
        for (int j = 0; j < 4; j++) {
          long at = row / 16 * w.panelBytes() + block * 64L + row % 16 * 4 + j;
          w.panels().set(JAVA_BYTE, at, (byte) 0xaa);
        }
      }
    }
    return w;
  }

  @Test
  void severalRowsAreSparseWhereFewUnitsAreActive() {
    assertTrue(paysAfter(0, 100));
    assertTrue(paysAfter(UNITS / 5, 100));
  }

  @Test
  void severalRowsAreDenseWhereManyUnitsAreActive() {
    assertFalse(paysAfter(UNITS / 2, 100));
    assertFalse(paysAfter(UNITS, 100));
  }
}
