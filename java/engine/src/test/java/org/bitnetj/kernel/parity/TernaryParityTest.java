package org.bitnetj.kernel.parity;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.testing.OnEveryTier;
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

  /** For each count: all panels at once, and each in a call of its own. */
  private static void product(
      Kernels kernels, long seed, int rows, int columns, int capacity, int[] counts, float scale) {
    String shape = "ternaryProduct, %d x %d, scale %s".formatted(rows, columns, scale);
    try (Trial trial = new Trial(kernels, seed, shape)) {
      TernaryMatrix w = trial.ternary(rows, columns, scale, seed % 2 == 1);
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
      }
    }
  }

  @OnEveryTier
  void packingMatchesScalar(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    for (int columns :
        new int[] {1, 3, 16, 31, 64, 100, 127, 128, 129, 160, 256, 320, 1536, 2560}) {
      for (int rows : new int[] {1, 5, 16, 17, 40}) {
        try (Trial trial =
            new Trial(kernels, columns, "packI2s, %d x %d".formatted(rows, columns))) {
          MemorySegment source = codes(trial, rows, columns);
          TernaryMatrix expected = trial.ternary(rows, columns, 1f, false); // to be overwritten
          TernaryMatrix actual = TernaryMatrix.allocate(trial.memory, rows, columns, 1f);
          actual.panels().copyFrom(expected.panels());
          int panels = expected.panelCount();
          assertEquals(true, Trial.SCALAR.packI2s(source, expected, 0, panels));
          for (int panel = 0; panel < panels; panel++) {
            assertEquals(true, kernels.packI2s(source, actual, panel, panel + 1));
          }
          trial.sameBytes("panels one by one", expected.panels(), actual.panels());
          TernaryMatrix fresh = TernaryMatrix.allocate(trial.memory, rows, columns, 1f);
          assertEquals(true, kernels.packI2s(source, fresh, 0, panels));
          trial.sameBytes("panels at once", expected.panels(), fresh.panels());
        }
      }
    }
  }

  @OnEveryTier
  void packingFindsTheBadCodeWhereverItStandsAndNowhereElse(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    for (int columns : new int[] {40, 128, 130, 256}) {
      int rows = 35;
      String shape = "packI2s with a bad code, %d x %d".formatted(rows, columns);
      try (Trial trial = new Trial(kernels, columns, shape)) {
        MemorySegment source = codes(trial, rows, columns);
        TernaryMatrix w = TernaryMatrix.allocate(trial.memory, rows, columns, 1f);
        int step = columns == 128 ? 1 : 7;
        for (int flat = 0; flat < rows * columns; flat += step) {
          long at = flat / 128 * 32 + flat % 128 % 32;
          byte good = source.get(JAVA_BYTE, at);
          int bad = good | 3 << 6 - 2 * (flat % 128 / 32);
          source.set(JAVA_BYTE, at, (byte) bad);
          int panel = flat / columns / 16;
          for (int p = 0; p < w.panelCount(); p++) {
            assertEquals(
                p != panel,
                kernels.packI2s(source, w, p, p + 1),
                trial.where("weight " + flat + ", panel " + p));
          }
          source.set(JAVA_BYTE, at, good);
        }
      }
    }
  }

  /** A tensor in I2_S; the codes past its last weight, in the last block, are bad ones. */
  private static MemorySegment codes(Trial trial, int rows, int columns) {
    int weights = rows * columns;
    byte[] bytes = new byte[(weights + 127) / 128 * 32];
    for (int flat = 0; flat < bytes.length * 4; flat++) {
      int code = flat < weights ? trial.random.nextInt(3) : 3;
      bytes[flat / 128 * 32 + flat % 128 % 32] |= (byte) (code << 6 - 2 * (flat % 128 / 32));
    }
    MemorySegment source = trial.memory.allocate(bytes.length);
    MemorySegment.copy(bytes, 0, source, JAVA_BYTE, 0, bytes.length);
    return source;
  }
}
