package org.bitnetj.kernel.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.testing.Npy;
import org.bitnetj.testing.Tiers;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Four real layers as an independent numpy implementation computed them: int8 activations and
 * integer sums are the same on every tier, scalar included, and floats as numerics.md defines them.
 */
class GoldenBitLinearTest {
  private static final Map<String, Npy> ARRAYS = Npy.archive("golden/bitlinear_unit.npz");

  @ParameterizedTest(name = "{0}")
  @EnumSource(KernelTier.class)
  void realLayersHaveTheGoldenIntegersAndTheDefinedFloats(KernelTier tier) {
    Kernels kernels = Tiers.orSkip(tier);
    for (String layer : new String[] {"0_q", "0_down", "3_gate", "5_o"}) {
      try (NativeMemory memory = new NativeMemory()) {
        check(kernels, memory, layer);
      }
    }
  }

  private static void check(Kernels kernels, NativeMemory memory, String layer) {
    Npy x = array(layer, "x");
    Npy dot = array(layer, "dot");
    Npy digits = array(layer, "w");
    int count = x.shape()[0];
    int columns = x.shape()[1];
    int rows = digits.shape()[0];
    QuantizedRows q = quantize(kernels, memory, layer);
    // With scale 1 on both sides the product is the integer sum itself.
    QuantizedRows unit = quantize(kernels, memory, layer);
    float scale = array(layer, "scale").f32(0);
    TernaryMatrix w = TernaryMatrix.allocate(memory, rows, columns, scale);
    TernaryMatrix integers = TernaryMatrix.allocate(memory, rows, columns, 1f);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        w.setDigit(r, c, digits.i8(r * columns + c) + 1);
        integers.setDigit(r, c, digits.i8(r * columns + c) + 1);
      }
    }
    for (int t = 0; t < count; t++) {
      unit.setScale(t, 1f);
    }
    FloatRows sums = FloatRows.allocate(memory, count, rows);
    FloatRows y = FloatRows.allocate(memory, count, rows);
    kernels.ternaryProduct(integers, unit, sums, count, 0, w.panelCount());
    kernels.ternaryProduct(w, q, y, count, 0, w.panelCount());
    Npy golden = array(layer, "y");
    for (int t = 0; t < count; t++) {
      for (int r = 0; r < rows; r++) {
        int sum = dot.i32(t * rows + r);
        String where = layer + ", row " + t + ", output " + r;
        assertEquals(sum, sums.get(t, r), where);
        assertEquals(sum * (scale * q.scale(t)), y.get(t, r), where);
        // numpy divides by s where numerics.md multiplies by amax / 127: three roundings apart.
        float expected = golden.f32(t, r);
        assertEquals(expected, y.get(t, r), Math.abs(expected) * 0x1p-21f, where);
      }
    }
  }

  /** Quantizes x and checks values, scales and sums. */
  private static QuantizedRows quantize(Kernels kernels, NativeMemory memory, String layer) {
    Npy x = array(layer, "x");
    Npy expected = array(layer, "q");
    Npy s = array(layer, "s");
    int count = x.shape()[0];
    int columns = x.shape()[1];
    FloatRows rows = FloatRows.allocate(memory, count, columns);
    QuantizedRows q = QuantizedRows.allocate(memory, count, columns);
    for (int t = 0; t < count; t++) {
      for (int i = 0; i < columns; i++) {
        rows.set(t, i, x.f32(t, i));
      }
    }
    assertTrue(kernels.quantize(rows, Norm.none(columns), q, 0, count));
    for (int t = 0; t < count; t++) {
      float largest = 1e-5f;
      int sum = 0;
      for (int i = 0; i < columns; i++) {
        largest = Math.max(largest, Math.abs(x.f32(t, i)));
        sum += expected.i8(t * columns + i);
        assertEquals(
            expected.i8(t * columns + i), q.value(t, i), layer + ", row " + t + ", column " + i);
      }
      assertEquals(s.f32(t), 127f / largest, "numpy's scale is the defined one");
      assertEquals(largest / 127f, q.scale(t));
      assertEquals(sum, q.sum(t));
    }
    return q;
  }

  private static Npy array(String layer, String name) {
    return ARRAYS.get(layer + "." + name);
  }
}
