package org.bitnetj.kernel.scalar;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.bitnetj.tensor.LowBitMatrix.PANEL_ROWS;

import java.lang.foreign.MemorySegment;
import org.bitnetj.tensor.Activation16;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.LogitBounds;
import org.bitnetj.tensor.LowBitMatrix;
import org.bitnetj.tensor.LowBitMatrix.RowNorm;

/** The definition of low-bit copies of output heads, and of the bounds of logits by them. */
final class ScalarLowBit {
  /** Rows whose largest weight is below this are copied as zeros: 1 / scale might overflow. */
  private static final float LEAST = 0x1p-120f;

  /** No less than the norm of such a row of the most columns there may be, 131,000. */
  private static final float LEAST_NORM = 0x1p-111f;

  private static final float NONE = Float.NEGATIVE_INFINITY;

  private ScalarLowBit() {}

  static boolean pack(FloatMatrix m, LowBitMatrix copy, int begin, int end) {
    int last = Math.min(end * PANEL_ROWS, copy.rows());
    for (int row = begin * PANEL_ROWS; row < last; row++) {
      if (!pack(m, row, copy)) {
        return false;
      }
    }
    return true;
  }

  static void boundLogits(
      LowBitMatrix copy, Activation16 x, LogitBounds bounds, int begin, int end) {
    for (int panel = begin; panel < end; panel++) {
      bound(copy, x, bounds, panel);
    }
  }

  static void refineBounds(
      LowBitMatrix copy, Activation16 x, LogitBounds bounds, int begin, int end) {
    for (int panel = begin; panel < end; panel++) {
      refine(copy, x, bounds, panel);
    }
  }

  /** False if some weight of the row is not finite. */
  private static boolean pack(FloatMatrix m, int row, LowBitMatrix copy) {
    int n = m.columns();
    float[] w = new float[n];
    m.decode(row, w, 0);
    float max = 0;
    for (float weight : w) {
      if (!Float.isFinite(weight)) {
        return false;
      }
      max = Math.max(max, Math.abs(weight));
    }
    float inverse = max < LEAST ? 0 : 31.5f / max;
    float[] coarse = new float[n];
    float[] fine = new float[n];
    for (int i = 0; i < n; i++) {
      w[i] *= inverse;
      int code = (int) (w[i] + 32f); // 0..63, for |w| < 31.5 (1 + 2^-22) here
      coarse[i] = w[i] - ((code & ~3) - 30f);
      fine[i] = w[i] - (code - 31.5f);
      add(copy.coarse(), copy.coarseByte(row, i), code >> 2 << (i & 4));
      add(copy.fine(), copy.fineByte(row, i), (code & 3) << 2 * (i / 64 % 4));
    }
    // z = w * (31.5 / max) is off from w / scale by at most 31.5 * 2^-22 for each weight, so an
    // error's norm by at most 2^-17 * sqrt(columns). A sum of up to 2^17 squares in 16 lanes is off
    // by a share of at most 8204 * 2^-24 < 2^-10.9 of itself, its root by half of that; the factor
    // makes up for it and for the few roundings here.
    float slack = 0x1p-17f * (float) Math.sqrt(n);
    float up = 1f + 0x1p-11f;
    float scale = max / 31.5f;
    boolean zero = max < LEAST;
    copy.setScale(row, zero ? 0 : scale);
    copy.setNorm(
        RowNorm.COARSE_RESIDUAL, row, zero ? LEAST_NORM : scale * (norm(coarse) + slack) * up);
    copy.setNorm(RowNorm.FINE_RESIDUAL, row, zero ? LEAST_NORM : scale * (norm(fine) + slack) * up);
    copy.setNorm(RowNorm.WHOLE, row, zero ? LEAST_NORM : scale * norm(w) * up);
    return true;
  }

  private static void add(MemorySegment plane, long at, int bits) {
    plane.set(JAVA_BYTE, at, (byte) (plane.get(JAVA_BYTE, at) | bits));
  }

  private static float norm(float[] values) {
    return (float) Math.sqrt(FloatMath.dot(values, 0, values, 0, values.length));
  }

  private static void bound(LowBitMatrix copy, Activation16 x, LogitBounds bounds, int panel) {
    float value = NONE;
    float upper = NONE;
    for (int r = 0; r < PANEL_ROWS; r++) {
      int row = panel * PANEL_ROWS + r;
      int high = 0;
      int low = 0;
      if (row < copy.rows()) {
        for (int i = 0; i < copy.columns(); i++) {
          int code = copy.coarse().get(JAVA_BYTE, copy.coarseByte(row, i)) >> (i & 4) & 15;
          high += (2 * code - 15) * x.high().get(JAVA_BYTE, i);
          low += (2 * code - 15) * x.low().get(JAVA_BYTE, i);
        }
      }
      bounds.setSum(row, false, high);
      bounds.setSum(row, true, low);
      if (row < copy.rows()) {
        value = Math.max(value, bounds.value(copy, x, row));
        upper = Math.max(upper, coarseUpper(copy, x, bounds, row));
      }
    }
    bounds.setPanelValue(panel, value + 0f); // of two zeros always the same
    bounds.setPanelUpper(panel, upper);
    bounds.setPanelRefined(panel, 0);
  }

  private static void refine(LowBitMatrix copy, Activation16 x, LogitBounds bounds, int panel) {
    float threshold = bounds.threshold();
    float[] uppers = new float[PANEL_ROWS];
    int refined = 0;
    for (int r = 0; r < PANEL_ROWS && bounds.panelUpper(panel) >= threshold; r++) {
      int row = panel * PANEL_ROWS + r;
      uppers[r] = row < copy.rows() ? coarseUpper(copy, x, bounds, row) : NONE;
      if (row < copy.rows() && uppers[r] >= threshold) {
        uppers[r] = fineUpper(copy, x, bounds, row);
        refined++;
      }
    }
    bounds.setPanelRefined(panel, refined);
    if (refined > 0) {
      float largest = NONE;
      for (int r = 0; r < PANEL_ROWS; r++) {
        bounds.setUpper(panel * PANEL_ROWS + r, uppers[r]);
        largest = Math.max(largest, uppers[r]);
      }
      bounds.setPanelUpper(panel, largest);
    }
  }

  private static float coarseUpper(LowBitMatrix copy, Activation16 x, LogitBounds bounds, int row) {
    return bounds.value(copy, x, row) + off(copy, x, row, RowNorm.COARSE_RESIDUAL);
  }

  private static float fineUpper(LowBitMatrix copy, Activation16 x, LogitBounds bounds, int row) {
    int high = 4 * bounds.sum(row, false);
    int low = 4 * bounds.sum(row, true);
    for (int i = 0; i < copy.columns(); i++) {
      int code = copy.fine().get(JAVA_BYTE, copy.fineByte(row, i)) >> 2 * (i / 64 % 4) & 3;
      high += (2 * code - 3) * x.high().get(JAVA_BYTE, i);
      low += (2 * code - 3) * x.low().get(JAVA_BYTE, i);
    }
    return LogitBounds.value(copy, x, row, high, low, 0.5f)
        + off(copy, x, row, RowNorm.FINE_RESIDUAL);
  }

  /** What a logit is off by at most. */
  private static float off(LowBitMatrix copy, Activation16 x, int row, RowNorm residual) {
    return (copy.norm(residual, row) * x.errorWeight()
            + copy.norm(RowNorm.WHOLE, row) * x.normWeight())
        + x.slack();
  }
}
