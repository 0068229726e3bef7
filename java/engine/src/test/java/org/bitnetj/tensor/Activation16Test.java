package org.bitnetj.tensor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.bitnetj.tensor.LowBitMatrix.PANEL_ROWS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.scalar.ScalarKernels;
import org.bitnetj.memory.NativeMemory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** No logit is above the bound that a low-bit copy of the head gives for it. */
class Activation16Test {
  private static final Kernels SCALAR = new ScalarKernels();
  private static final int ROWS = 40;

  /** Rows of weights, or of activations. */
  enum Kind {
    GAUSSIAN,
    UNIFORM,
    /** One element of a thousand times the others, as trained activations have. */
    OUTLIER,
    ONE_HOT,
    /** Signs only: a copy is exact but for roundings. */
    SIGNS,
    EQUAL,
    ZERO,
    /** The largest float16. */
    HUGE,
    /** Weights of 1e-30, whose products underflow for small activations. */
    TINY,
    DENORMAL,
    /** Exponents from -30 to 30. */
    WIDE;

    float next(SplittableRandom random, int row, int column) {
      float gaussian = (float) random.nextGaussian();
      return switch (this) {
        case GAUSSIAN -> gaussian;
        case UNIFORM -> random.nextFloat() - 0.5f;
        case OUTLIER -> gaussian * (column % 61 == row % 61 ? 1000 : 1);
        case ONE_HOT -> column == row % 7 ? 3 : 0;
        case SIGNS -> random.nextBoolean() ? 0.37f : -0.37f;
        case EQUAL -> 0.1f;
        case ZERO -> 0;
        case HUGE -> random.nextBoolean() ? 65504 : -65504;
        case TINY -> gaussian * 1e-30f;
        case DENORMAL -> Float.intBitsToFloat(random.nextInt() & 0x807fffff);
        case WIDE -> Math.scalb(gaussian, random.nextInt(61) - 30);
      };
    }
  }

  private static FloatMatrix head(NativeMemory memory, Kind kind, int columns, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    MemorySegment data = memory.allocate(4L * ROWS * columns);
    for (int r = 0; r < ROWS; r++) {
      for (int i = 0; i < columns; i++) {
        data.setAtIndex(JAVA_FLOAT, (long) r * columns + i, kind.next(random, r, i));
      }
    }
    return new FloatMatrix(data, WeightFormats.F32, ROWS, columns);
  }

  private static FloatRows row(NativeMemory memory, Kind kind, int columns, float scale) {
    SplittableRandom random = new SplittableRandom(columns);
    FloatRows x = FloatRows.allocate(memory, 1, columns);
    for (int i = 0; i < columns; i++) {
      x.set(0, i, kind.next(random, 0, i) * scale);
    }
    return x;
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void noLogitIsAboveItsBound(Kind weights) {
    int checked = 0;
    for (int columns : new int[] {1, 2, 7, 16, 33, 257, 640}) {
      try (NativeMemory memory = new NativeMemory()) {
        FloatMatrix head = head(memory, weights, columns, columns);
        LowBitMatrix lowBit = LowBitMatrix.allocate(memory, ROWS, columns);
        assertTrue(SCALAR.packLowBit(head, lowBit, 0, lowBit.panelCount()));
        Activation16 activation = Activation16.allocate(memory, columns);
        LogitBounds bounds = LogitBounds.allocate(memory, ROWS);
        FloatRows logits = FloatRows.allocate(memory, 1, ROWS);
        for (Kind kind : Kind.values()) {
          for (float scale : new float[] {1, 0.003f, 1e5f}) {
            FloatRows x = row(memory, kind, columns, scale);
            if (!activation.set(x, 0)) {
              assertFalse(activation.setRounded(x, 0));
              continue;
            }
            SCALAR.headProduct(head, x, logits, 1, 0, ROWS);
            String what = weights + " by " + kind + " * " + scale + ", columns " + columns;
            check(what, lowBit, activation, bounds, logits);
            assertTrue(activation.setRounded(x, 0));
            check("rounded, " + what, lowBit, activation, bounds, logits);
            checked++;
          }
        }
      }
    }
    assertTrue(checked >= 7 * 3 * 7, "only " + checked + " cases were checked");
  }

  private static void bound(LowBitMatrix lowBit, Activation16 x, LogitBounds bounds) {
    SCALAR.boundLogits(
        lowBit, new Activation16[] {x}, new LogitBounds[] {bounds}, 1, 0, bounds.panels());
  }

  /** Refines the rows of one panel whose bounds reach a threshold. */
  private static void refine(
      LowBitMatrix lowBit, Activation16 x, LogitBounds bounds, int panel, float threshold) {
    bounds.setThreshold(threshold);
    SCALAR.refineBounds(
        lowBit, new Activation16[] {x}, new LogitBounds[] {bounds}, 1, panel, panel + 1);
  }

  private static void check(
      String what, LowBitMatrix lowBit, Activation16 x, LogitBounds bounds, FloatRows logits) {
    bound(lowBit, x, bounds);
    for (int panel = 0; panel < bounds.panels(); panel++) {
      checkPanel("coarse, " + what, bounds, panel, logits);
      refine(lowBit, x, bounds, panel, bounds.panelUpper(panel)); // of most rows no bound changes
      checkRows("coarse, " + what, bounds, panel, logits);
      checkValues("coarse, " + what, lowBit, x, bounds, panel, logits);
      refine(lowBit, x, bounds, panel, Float.NEGATIVE_INFINITY);
      checkPanel("fine, " + what, bounds, panel, logits);
      checkRows("fine, " + what, bounds, panel, logits);
    }
  }

  /** Every logit is as near its value by the coarse plane as the proof says, on both sides. */
  private static void checkValues(
      String what,
      LowBitMatrix lowBit,
      Activation16 x,
      LogitBounds bounds,
      int panel,
      FloatRows logits) {
    for (int r = panel * PANEL_ROWS; r < Math.min((panel + 1) * PANEL_ROWS, ROWS); r++) {
      double residual = lowBit.norm(LowBitMatrix.RowNorm.COARSE_RESIDUAL, r);
      double norm = lowBit.norm(LowBitMatrix.RowNorm.WHOLE, r);
      double off = residual * x.errorWeight() + norm * x.normWeight() + x.slack();
      double value = bounds.value(lowBit, x, r);
      String place = what + ", row " + r + ": " + logits.get(0, r) + ", by the copy " + value;
      assertTrue(Math.abs(logits.get(0, r) - value) <= off, () -> place);
    }
  }

  private static void checkPanel(String what, LogitBounds bounds, int panel, FloatRows logits) {
    for (int r = panel * PANEL_ROWS; r < Math.min((panel + 1) * PANEL_ROWS, ROWS); r++) {
      float logit = logits.get(0, r);
      String place = what + ", row " + r + " of panel " + panel + ": " + logit;
      assertTrue(bounds.panelUpper(panel) >= logit, () -> place);
    }
  }

  private static void checkRows(String what, LogitBounds bounds, int panel, FloatRows logits) {
    for (int r = panel * PANEL_ROWS; r < Math.min((panel + 1) * PANEL_ROWS, ROWS); r++) {
      float logit = logits.get(0, r);
      String place = what + ", row " + r + ": " + logit;
      assertTrue(bounds.upper(r) >= logit, () -> place);
      assertTrue(bounds.panelUpper(panel) >= bounds.upper(r), () -> place);
    }
  }

  /** Uniform weights: the error of a code is uniform too, so its norm is known. */
  @Test
  void boundsAreAsNarrowAsSixBitsAllow() {
    int columns = 2048;
    try (NativeMemory memory = new NativeMemory()) {
      FloatMatrix head = head(memory, Kind.UNIFORM, columns, 1);
      LowBitMatrix lowBit = LowBitMatrix.allocate(memory, ROWS, columns);
      SCALAR.packLowBit(head, lowBit, 0, lowBit.panelCount());
      FloatRows x = row(memory, Kind.GAUSSIAN, columns, 1);
      FloatRows minus = FloatRows.allocate(memory, 1, columns);
      for (int i = 0; i < columns; i++) {
        minus.set(0, i, -x.get(0, i));
      }
      double root12 = Math.sqrt(columns / 12.0);
      double norm = Math.sqrt(columns);
      Activation16 activation = Activation16.allocate(memory, columns);
      LogitBounds bounds = LogitBounds.allocate(memory, ROWS);
      double[] uppers = new double[ROWS]; // of x and -x, so that their logits cancel out
      for (FloatRows signed : List.of(x, minus)) {
        assertTrue(activation.set(signed, 0));
        bound(lowBit, activation, bounds);
        for (int p = 0; p < bounds.panels(); p++) {
          double width = (bounds.panelUpper(p) - bounds.panelValue(p)) / (norm * root12);
          assertEquals(4.0 / 63, width, 0.006, "coarse, panel " + p);
          refine(lowBit, activation, bounds, p, Float.NEGATIVE_INFINITY);
        }
        for (int r = 0; r < ROWS; r++) {
          uppers[r] += bounds.upper(r);
        }
      }
      for (int r = 0; r < ROWS; r++) {
        assertEquals(1.0 / 63, uppers[r] / (2 * norm * root12), 0.002, "fine, row " + r);
      }
    }
  }

  @Test
  void aRoundedRowHasNoLowBytesUnlessItHasOutliers() {
    try (NativeMemory memory = new NativeMemory()) {
      Activation16 activation = Activation16.allocate(memory, 2048);
      FloatRows x = row(memory, Kind.GAUSSIAN, 2048, 1);
      assertTrue(activation.set(x, 0));
      assertTrue(hasLowBytes(activation), "not rounded");
      assertTrue(activation.setRounded(x, 0));
      assertFalse(hasLowBytes(activation), "rounded");
      assertEquals(0, activation.lowSum());
      x.set(0, 5, 1000);
      assertTrue(activation.setRounded(x, 0));
      assertTrue(hasLowBytes(activation), "an outlier");
      assertTrue(activation.set(row(memory, Kind.ONE_HOT, 2048, 1), 0));
      assertFalse(hasLowBytes(activation), "its one element is 127 * 256");
    }
  }

  private static boolean hasLowBytes(Activation16 activation) {
    boolean any = false;
    for (int i = 0; i < activation.columns(); i++) {
      any |= activation.low().get(JAVA_BYTE, i) != 0;
    }
    assertEquals(!any, activation.isLowZero());
    return any;
  }

  @Test
  void whatCannotBeBoundedIsRefused() {
    try (NativeMemory memory = new NativeMemory()) {
      Activation16 activation = Activation16.allocate(memory, 64);
      assertFalse(activation.set(row(memory, Kind.ZERO, 64, 1), 0), "zeros");
      assertFalse(activation.set(row(memory, Kind.DENORMAL, 64, 1), 0), "denormals");
      assertFalse(activation.set(row(memory, Kind.GAUSSIAN, 64, 1e30f), 0), "huge");
      assertTrue(activation.set(row(memory, Kind.GAUSSIAN, 64, 1), 0));
    }
  }
}
