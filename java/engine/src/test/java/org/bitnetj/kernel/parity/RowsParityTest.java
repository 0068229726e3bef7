package org.bitnetj.kernel.parity;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.tensor.Activation;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.RowGroups;
import org.bitnetj.testing.OnEveryTier;
import org.bitnetj.testing.Tiers;

/** Adding, normalizing, quantizing and gating rows gives the same bits on every tier. */
class RowsParityTest {
  private static final int ROWS = 3;

  private static final RowGroups[] CUTS = {
    RowGroups.NONE,
    RowGroups.ofRows(64),
    RowGroups.ofBlocks(64),
    RowGroups.ofBlocks(128),
    RowGroups.ofBlocks(256),
    new RowGroups(16, 48)
  };

  /** Every length up to 130, and those of published models. */
  private static final int[] COLUMNS =
      IntStream.concat(
              IntStream.rangeClosed(1, 130), IntStream.of(640, 768, 1536, 2560, 3200, 6912, 8640))
          .toArray();

  private interface Comparison {
    void run(Trial trial, int columns, Values values);
  }

  private static void onAllData(Kernels kernels, String operation, Comparison comparison) {
    for (int columns : COLUMNS) {
      for (Values values : Values.values()) {
        String what = operation + " of " + columns + " columns of " + values;
        try (Trial trial = new Trial(kernels, columns, what)) {
          comparison.run(trial, columns, values);
        }
      }
    }
  }

  @OnEveryTier
  void addMatchesScalar(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    onAllData(
        kernels,
        "add",
        (trial, columns, values) -> {
          FloatRows expected = trial.rows(ROWS, columns, values);
          FloatRows actual = trial.copy(expected);
          FloatRows y = trial.rows(ROWS, columns, Values.NORMAL);
          Trial.SCALAR.add(expected, y, 1, ROWS);
          kernels.add(actual, y, 1, ROWS);
          trial.same(expected, actual);
        });
  }

  @OnEveryTier
  void normalizeMatchesScalar(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    onAllData(
        kernels,
        "normalize",
        (trial, columns, values) -> {
          FloatRows x = trial.rows(ROWS, columns, values);
          for (Norm norm :
              new Norm[] {
                Norm.none(columns),
                trial.norm(columns, Values.NORMAL),
                trial.norm(columns, Values.WIDE)
              }) {
            FloatRows expected = trial.output(ROWS, columns);
            FloatRows actual = trial.output(ROWS, columns);
            Trial.SCALAR.normalize(x, norm, expected, 0, ROWS - 1);
            kernels.normalize(x, norm, actual, 0, ROWS - 1);
            trial.same(expected, actual);
            FloatRows inPlace = trial.copy(x);
            kernels.normalize(inPlace, norm, inPlace, 0, ROWS - 1);
            expected.copyRow(x, ROWS - 1, ROWS - 1);
            trial.same(withPaddingOf(x, expected), inPlace);
          }
        });
  }

  private static FloatRows withPaddingOf(FloatRows padding, FloatRows rows) {
    for (int r = 0; r < rows.capacity(); r++) {
      for (int i = rows.columns(); i < rows.stride(); i++) {
        rows.set(r, i, padding.get(r, i));
      }
    }
    return rows;
  }

  @OnEveryTier
  void quantizeMatchesScalar(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    onAllData(
        kernels,
        "quantize",
        (trial, columns, values) -> {
          FloatRows x = trial.rows(ROWS, columns, values);
          for (Norm norm :
              new Norm[] {
                Norm.none(columns), trial.norm(columns, Values.NORMAL),
              }) {
            for (RowGroups cut : CUTS) {
              QuantizedRows expected = full(trial, columns, cut);
              QuantizedRows actual = full(trial, columns, cut);
              boolean finite = Trial.SCALAR.quantize(x, norm, expected, 1, ROWS);
              assertTrue(
                  finite == kernels.quantize(x, norm, actual, 1, ROWS),
                  trial.where("result, cut by " + cut));
              if (finite) {
                trial.same(expected, actual);
              }
            }
          }
        });
  }

  /** Rows with something in every byte, padding included. */
  private static QuantizedRows full(Trial trial, int columns, RowGroups cut) {
    QuantizedRows rows = QuantizedRows.allocate(trial.memory, ROWS, columns, cut);
    rows.values().fill((byte) 0x5a);
    rows.scales().fill((byte) 0x5a);
    rows.sums().fill((byte) 0x5a);
    rows.groupSums().fill((byte) 0x5a);
    return rows;
  }

  @OnEveryTier
  void quantizeRoundsHalvesToEven(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    int columns = 255;
    try (Trial trial = new Trial(kernels, 0, "quantize of all halves")) {
      // The largest is 127, so the factor is exactly 1 and all of these are exact ties.
      FloatRows x = trial.rows(1, columns, Values.ZERO);
      for (int i = 0; i < columns - 1; i++) {
        x.set(0, i, i - 126.5f);
      }
      x.set(0, columns - 1, -127f);
      QuantizedRows q = QuantizedRows.allocate(trial.memory, 1, columns);
      assertTrue(kernels.quantize(x, Norm.none(columns), q, 0, 1));
      for (int i = 0; i < columns - 1; i++) {
        int value = q.value(0, i);
        assertTrue(
            value % 2 == 0 && Math.abs(value - x.get(0, i)) == 0.5f, x.get(0, i) + ": " + value);
      }
    }
  }

  @OnEveryTier
  void quantizeRefusesWhatIsNotFiniteWhereverItStands(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    float[] bad = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
    for (int columns = 1; columns <= 130; columns++) {
      String what = "quantize of " + columns + " columns";
      try (Trial trial = new Trial(kernels, columns, what)) {
        FloatRows x = trial.rows(ROWS, columns, Values.ANY_FINITE);
        Norm none = Norm.none(columns);
        QuantizedRows q = QuantizedRows.allocate(trial.memory, ROWS, columns);
        assertTrue(kernels.quantize(x, none, q, 0, ROWS), trial.where("finite rows"));
        QuantizedRows byBlocks =
            QuantizedRows.allocate(trial.memory, ROWS, columns, RowGroups.ofBlocks(64));
        for (int i = 0; i < columns; i++) {
          float old = x.get(1, i);
          x.set(1, i, bad[i % bad.length]);
          assertFalse(kernels.quantize(x, none, q, 0, ROWS), trial.where("column " + i));
          assertFalse(kernels.quantize(x, none, byBlocks, 0, ROWS), trial.where("column " + i));
          assertTrue(kernels.quantize(x, none, q, 2, ROWS), trial.where("rows past it"));
          x.set(1, i, old);
        }
      }
    }
  }

  @OnEveryTier
  void quantizeRefusesANormThatOverflows(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    try (Trial trial = new Trial(kernels, 0, "quantize with an infinite weight")) {
      float[] weight = new float[40];
      weight[33] = Float.POSITIVE_INFINITY;
      FloatRows x = trial.rows(1, weight.length, Values.UNIT);
      QuantizedRows q = QuantizedRows.allocate(trial.memory, 1, weight.length);
      Norm norm = Norm.of(trial.memory, weight, 1e-5f);
      assertFalse(Trial.SCALAR.quantize(x, norm, q, 0, 1));
      assertFalse(kernels.quantize(x, norm, q, 0, 1));
    }
  }

  @OnEveryTier
  void gateMatchesScalar(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    for (Activation activation : Activation.values()) {
      onAllData(
          kernels,
          "gate with " + activation,
          (trial, columns, values) -> {
            FloatRows expected = trial.rows(ROWS, columns, values);
            FloatRows actual = trial.copy(expected);
            FloatRows up = trial.rows(ROWS, columns, Values.NORMAL);
            Trial.SCALAR.gate(activation, expected, up, 1, ROWS);
            kernels.gate(activation, actual, up, 1, ROWS);
            trial.same(expected, actual);
          });
    }
  }

  @OnEveryTier
  void activationsMatchScalarOverTheWholeLine(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    int columns = 4096;
    int step = 1021; // prime: no low bits are left out
    for (Activation activation : Activation.values()) {
      try (Trial trial = new Trial(kernels, step, "gate with " + activation)) {
        FloatRows up = trial.rows(1, columns, Values.UNIT);
        FloatRows expected = trial.output(1, columns);
        FloatRows actual = trial.output(1, columns);
        for (long bits = 0; bits < 1L << 32; bits += (long) columns * step) {
          for (int i = 0; i < columns; i++) {
            float g = Float.intBitsToFloat((int) (bits + (long) i * step));
            expected.set(0, i, g);
            actual.set(0, i, g);
          }
          Trial.SCALAR.gate(activation, expected, up, 0, 1);
          kernels.gate(activation, actual, up, 0, 1);
          trial.same(expected, actual);
        }
      }
    }
  }
}
