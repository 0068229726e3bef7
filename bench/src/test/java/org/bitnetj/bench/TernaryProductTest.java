package org.bitnetj.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.bitnetj.kernel.FloatRows;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.ffi.NativeLibrary;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TernaryProductTest {
  private static final int ROWS = 100;
  private static final int COLUMNS = 333;
  private static final int BATCH = 3;

  @ParameterizedTest
  @EnumSource
  void everyTierMeasuresTheSameProduct(KernelTier tier) {
    assumeTrue(
        !tier.isNative()
            || NativeLibrary.status() instanceof NativeLibrary.Loaded library
                && library.supported().contains(tier),
        () -> "this machine lacks " + tier);
    try (var scalar = new TernaryProduct(KernelTier.SCALAR, ROWS, COLUMNS, BATCH);
        var measured = new TernaryProduct(tier, ROWS, COLUMNS, BATCH)) {
      FloatRows expected = scalar.compute();
      FloatRows actual = measured.compute();
      boolean anyNonZero = false;
      for (int t = 0; t < BATCH; t++) {
        for (int row = 0; row < ROWS; row++) {
          assertEquals(
              expected.get(t, row), actual.get(t, row), tier + " [" + t + ", " + row + "]");
          anyNonZero |= actual.get(t, row) != 0;
        }
      }
      assertTrue(anyNonZero, "the product is zero throughout");
    }
  }
}
