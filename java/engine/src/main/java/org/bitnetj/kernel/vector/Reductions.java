package org.bitnetj.kernel.vector;

import static org.bitnetj.kernel.vector.Width.FLOAT;

import jdk.incubator.vector.FloatVector;

/**
 * Sums and dot products in the engine's one order: 16 lanes, then the upper half added to the lower
 * four times. Lengths are multiples of 16. What pads an operand must not change a bit: -0 in a sum,
 * and in a dot product +0 on one side and -0 on the other, for adding -0 leaves every float alone.
 */
final class Reductions {
  /** Lanes of a reduction, whatever the width of a vector. */
  static final int LANES = 16;

  /** Rows that {@link #dots} multiplies at once. */
  static final int ROWS = 4;

  private Reductions() {}

  /** A length with its padding. */
  static int padded(int n) {
    return (n + LANES - 1) & -LANES;
  }

  /**
   * Dot products of x and four rows: the lanes of row r go to {@code lanes[16 r]} and on, for
   * {@link #fold}. A vector narrower than 16 lanes passes over the rows several times.
   */
  static void dots(float[] x, int xAt, float[] rows, int at, int stride, int n, float[] lanes) {
    for (int part = 0; part < LANES; part += Width.LANES) {
      FloatVector a0 = FloatVector.zero(FLOAT);
      FloatVector a1 = a0;
      FloatVector a2 = a0;
      FloatVector a3 = a0;
      for (int i = part; i < n; i += LANES) {
        FloatVector v = FloatVector.fromArray(FLOAT, x, xAt + i);
        int row = at + i;
        a0 = FloatVector.fromArray(FLOAT, rows, row).fma(v, a0);
        a1 = FloatVector.fromArray(FLOAT, rows, row + stride).fma(v, a1);
        a2 = FloatVector.fromArray(FLOAT, rows, row + 2 * stride).fma(v, a2);
        a3 = FloatVector.fromArray(FLOAT, rows, row + 3 * stride).fma(v, a3);
      }
      a0.intoArray(lanes, part);
      a1.intoArray(lanes, LANES + part);
      a2.intoArray(lanes, 2 * LANES + part);
      a3.intoArray(lanes, 3 * LANES + part);
    }
  }

  /** Sum of the squares of the first n elements. */
  static float squares(float[] x, int n, float[] lanes) {
    for (int part = 0; part < LANES; part += Width.LANES) {
      FloatVector a = FloatVector.zero(FLOAT);
      for (int i = part; i < n; i += LANES) {
        FloatVector v = FloatVector.fromArray(FLOAT, x, i);
        a = v.fma(v, a);
      }
      a.intoArray(lanes, part);
    }
    return fold(lanes, 0);
  }

  /** Sum of n elements. */
  static float sum(float[] x, int n, float[] lanes) {
    for (int part = 0; part < LANES; part += Width.LANES) {
      FloatVector a = FloatVector.zero(FLOAT);
      for (int i = part; i < n; i += LANES) {
        a = FloatVector.fromArray(FLOAT, x, i).add(a);
      }
      a.intoArray(lanes, part);
    }
    return fold(lanes, 0);
  }

  /** 16 lanes to one; overwrites them. */
  static float fold(float[] lanes, int at) {
    for (int half = LANES / 2; half > 0; half /= 2) {
      for (int l = at; l < at + half; l++) {
        lanes[l] += lanes[l + half];
      }
    }
    return lanes[at];
  }
}
