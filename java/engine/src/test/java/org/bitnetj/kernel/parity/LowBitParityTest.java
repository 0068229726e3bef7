package org.bitnetj.kernel.parity;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.tensor.Activation16;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.LogitBounds;
import org.bitnetj.tensor.LowBitMatrix;
import org.bitnetj.testing.OnEveryTier;
import org.bitnetj.testing.Tiers;
import org.junit.jupiter.api.Test;

/** Low-bit copies and bounds have the same bits on every tier. */
class LowBitParityTest {
  private static final int[] REAL_COLUMNS = {640, 768, 2560, 3200};

  /** Bounds do not know what a copy was made of: one type for each size of blocks. */
  private static final List<FloatFormat> BOUNDED =
      List.of(WeightFormats.F16, WeightFormats.Q8_0, WeightFormats.Q6_K);

  private static int[] columns(FloatFormat type) {
    return IntStream.concat(IntStream.rangeClosed(1, 40), IntStream.of(REAL_COLUMNS))
        .map(n -> n <= 40 ? n * type.blockColumns() : n)
        .filter(n -> n % type.blockColumns() == 0)
        .toArray();
  }

  /** Rows together and ranges of panels have the definition's bits by the definition, too. */
  @Test
  void copiesAndBoundsOfTheDefinitionMatchThemselvesInParts() {
    copiesAndBounds(Trial.SCALAR, List.of(WeightFormats.F16));
  }

  @OnEveryTier
  void copiesAndBoundsMatchScalar(Tiers.Tested tier) {
    Kernels kernels = Tiers.ownOrSkip(tier, "packLowBit", "boundLogits", "refineBounds");
    copiesAndBounds(kernels, WeightFormats.floats());
  }

  private static void copiesAndBounds(Kernels kernels, List<FloatFormat> types) {
    for (FloatFormat type : types) {
      for (int columns : columns(type)) {
        int rows = columns > 2000 ? 18 : columns > 500 ? 150 : 1 + columns * 7 % 170;
        String what = "low-bit copy of %s, %d x %d".formatted(type.name(), rows, columns);
        try (Trial trial = new Trial(kernels, columns, what)) {
          FloatMatrix m = MatrixParityTest.matrix(trial, type, rows, columns, false);
          LowBitMatrix expected = LowBitMatrix.allocate(trial.memory, rows, columns);
          LowBitMatrix actual = LowBitMatrix.allocate(trial.memory, rows, columns);
          int panels = expected.panelCount();
          assertTrue(Trial.SCALAR.packLowBit(m, expected, 0, panels));
          assertTrue(kernels.packLowBit(m, actual, panels / 2, panels));
          assertTrue(kernels.packLowBit(m, actual, 0, panels / 2));
          trial.sameBytes("coarse", expected.coarse(), actual.coarse());
          trial.sameBytes("fine", expected.fine(), actual.fine());
          trial.sameBytes("scales and norms", expected.scalesAndNorms(), actual.scalesAndNorms());
          if (BOUNDED.contains(type)) {
            int count = columns > 2000 ? 3 : columns % 17 == 0 ? 17 : 1 + columns % 6;
            FloatRows x = trial.rows(count, columns, Values.OUTLIERS);
            FloatRows rounded = trial.rows(count, columns, Values.NORMAL);
            bounds(trial, kernels, expected, x, rounded);
          }
        }
      }
    }
  }

  /**
   * Of several rows at once, against each row alone. Each is from {@code x}, or is rounded to high
   * bytes.
   */
  private static void bounds(
      Trial trial, Kernels kernels, LowBitMatrix lowBit, FloatRows x, FloatRows rounded) {
    int count = x.capacity();
    int panels = lowBit.panelCount();
    Activation16[] activations = new Activation16[count];
    LogitBounds[] expected = new LogitBounds[count];
    LogitBounds[] actual = new LogitBounds[count];
    for (int t = 0; t < count; t++) {
      activations[t] = Activation16.allocate(trial.memory, lowBit.columns());
      if ((t + lowBit.columns() / 6) % 2 == 0) {
        assertTrue(activations[t].setRounded(rounded, t));
        assertTrue(activations[t].isLowZero());
      } else {
        assertTrue(activations[t].set(x, t));
      }
      expected[t] = LogitBounds.allocate(trial.memory, lowBit.rows());
      actual[t] = LogitBounds.allocate(trial.memory, lowBit.rows());
      Activation16[] one = {activations[t]};
      Trial.SCALAR.boundLogits(lowBit, one, new LogitBounds[] {expected[t]}, 1, 0, panels);
    }
    kernels.boundLogits(lowBit, activations, actual, count, panels / 2, panels);
    kernels.boundLogits(lowBit, activations, actual, count, 0, panels / 2);
    same(trial, "coarse", expected, actual, lowBit.rows());
    for (int i = 0; i < 3; i++) {
      for (int t = 0; t < count; t++) {
        float[] thresholds = {
          expected[t].panelUpper(panels / (t + 2)), Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY
        };
        expected[t].setThreshold(thresholds[i]);
        actual[t].setThreshold(thresholds[i]);
        Activation16[] one = {activations[t]};
        Trial.SCALAR.refineBounds(lowBit, one, new LogitBounds[] {expected[t]}, 1, 0, panels);
      }
      kernels.refineBounds(lowBit, activations, actual, count, panels / 2, panels);
      kernels.refineBounds(lowBit, activations, actual, count, 0, panels / 2);
      same(trial, "refined, threshold " + i, expected, actual, lowBit.rows());
    }
  }

  /** More rows may be refined later: the bounds are those of doing it at once. */
  @Test
  void rowsMayBeRefinedInTwoSteps() {
    try (Trial trial = new Trial(Trial.SCALAR, 40, "refined in two steps")) {
      FloatMatrix m = MatrixParityTest.matrix(trial, WeightFormats.F16, 150, 40, false);
      LowBitMatrix lowBit = LowBitMatrix.allocate(trial.memory, 150, 40);
      int panels = lowBit.panelCount();
      assertTrue(Trial.SCALAR.packLowBit(m, lowBit, 0, panels));
      Activation16[] x = {Activation16.allocate(trial.memory, 40)};
      assertTrue(x[0].set(trial.rows(1, 40, Values.OUTLIERS), 0));
      LogitBounds[] steps = {LogitBounds.allocate(trial.memory, 150)};
      LogitBounds[] once = {LogitBounds.allocate(trial.memory, 150)};
      Trial.SCALAR.boundLogits(lowBit, x, steps, 1, 0, panels);
      Trial.SCALAR.boundLogits(lowBit, x, once, 1, 0, panels);
      float[] coarse = new float[panels];
      for (int p = 0; p < panels; p++) {
        coarse[p] = steps[0].panelUpper(p);
      }
      float[] sorted = coarse.clone();
      Arrays.sort(sorted);
      float threshold = sorted[panels - 3];
      steps[0].setThreshold(threshold);
      Trial.SCALAR.refineBounds(lowBit, x, steps, 1, 0, panels);
      int refined = 0;
      for (int p = 0; p < panels; p++) {
        refined += steps[0].panelRefined(p);
        assertEquals(coarse[p] >= threshold, steps[0].panelRefined(p) > 0, "panel " + p);
        assertTrue(coarse[p] >= threshold || coarse[p] == steps[0].panelUpper(p), "panel " + p);
      }
      assertTrue(refined >= 3 && refined < 3 * LowBitMatrix.PANEL_ROWS, refined + " rows");
      steps[0].setThreshold(Float.NEGATIVE_INFINITY);
      once[0].setThreshold(Float.NEGATIVE_INFINITY);
      Trial.SCALAR.refineBounds(lowBit, x, steps, 1, 0, panels);
      Trial.SCALAR.refineBounds(lowBit, x, once, 1, 0, panels);
      same(trial, "both planes", once, steps, 150);
    }
  }

  private static void same(
      Trial trial, String step, LogitBounds[] expected, LogitBounds[] actual, int rows) {
    for (int t = 0; t < expected.length; t++) {
      same(trial, step + ", row " + t + " of x", expected[t], actual[t], rows);
    }
  }

  private static void same(
      Trial trial, String step, LogitBounds expected, LogitBounds actual, int rows) {
    for (int r = 0; r < expected.panels() * LowBitMatrix.PANEL_ROWS; r++) {
      same(trial, step, r, rows, bits(expected.upper(r)), bits(actual.upper(r)));
      same(trial, step, r, rows, expected.sum(r, false), actual.sum(r, false));
      same(trial, step, r, rows, expected.sum(r, true), actual.sum(r, true));
    }
    for (int p = 0; p < expected.panels(); p++) {
      String place = trial.where(step + ", panel " + p);
      assertEquals(bits(expected.panelValue(p)), bits(actual.panelValue(p)), place);
      assertEquals(bits(expected.panelUpper(p)), bits(actual.panelUpper(p)), place);
      assertEquals(expected.panelRefined(p), actual.panelRefined(p), place);
    }
  }

  private static void same(
      Trial trial, String step, int row, int rows, long expected, long actual) {
    if (expected != actual) { // a message for each row would take most of the time
      assertEquals(expected, actual, trial.where(step + ", row " + row + " of " + rows));
    }
  }

  private static int bits(float value) {
    return Float.floatToRawIntBits(value);
  }

  @OnEveryTier
  void aWeightThatIsNotFiniteIsFoundWhereverItStands(Tiers.Tested tier) {
    findWhatIsNotFinite(Tiers.ownOrSkip(tier, "packLowBit"));
  }

  @Test
  void theDefinitionFindsAWeightThatIsNotFinite() {
    findWhatIsNotFinite(Trial.SCALAR);
  }

  private static void findWhatIsNotFinite(Kernels kernels) {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      for (int at = 0; at < 3 * 300; at += 7) {
        try (Trial trial = new Trial(kernels, at, "low-bit copy with " + bad)) {
          FloatMatrix m = MatrixParityTest.matrix(trial, WeightFormats.F32, 3, 300, false);
          for (int i = 0; i < 900; i++) {
            int bits = Float.floatToRawIntBits(i == at ? bad : i);
            m.data().set(JAVA_INT.withByteAlignment(1), 4L * i, bits);
          }
          LowBitMatrix lowBit = LowBitMatrix.allocate(trial.memory, 3, 300);
          assertFalse(kernels.packLowBit(m, lowBit, 0, 1), trial.where("element " + at));
        }
      }
    }
  }
}
