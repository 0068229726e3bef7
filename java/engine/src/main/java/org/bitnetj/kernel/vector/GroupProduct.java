package org.bitnetj.kernel.vector;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.bitnetj.kernel.vector.TernaryProduct.BLOCK_COLUMNS;
import static org.bitnetj.kernel.vector.TernaryProduct.GROUPS;
import static org.bitnetj.kernel.vector.TernaryProduct.TOKENS;
import static org.bitnetj.kernel.vector.Width.FLOAT;
import static org.bitnetj.kernel.vector.Width.INT;
import static org.bitnetj.kernel.vector.Width.LANES;
import static org.bitnetj.kernel.vector.Width.ORDER;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryScales;

/**
 * Panels of ternary weights with scales by groups of columns times int8 activations: {@link
 * TernaryProduct}'s sums of a group become floats before the next group begins. A "run" here is
 * such a group of columns, since rows come in groups too. For one thread.
 */
final class GroupProduct {
  private final Scratch s;

  // What is multiplied.
  private TernaryMatrix w;
  private TernaryScales.Groups scales;
  private QuantizedRows a;
  private FloatRows y;

  GroupProduct(Scratch scratch) {
    this.s = scratch;
  }

  /** The product of panels {@code [begin, end)} and the first {@code count} tokens. */
  void compute(
      TernaryMatrix w,
      TernaryScales.Groups scales,
      QuantizedRows a,
      FloatRows y,
      int count,
      int begin,
      int end) {
    this.w = w;
    this.scales = scales;
    this.a = a;
    this.y = y;
    s.use(w);
    int half = TernaryProduct.half(w);
    int[] c = s.ints(2 * half * count);
    for (int t = 0; t < count; t++) {
      TernaryProduct.widen(a, t, c, half);
    }
    int last = end * GROUPS - 1;
    int blocks = TernaryProduct.blocks(w);
    int most = scales.columns() / BLOCK_COLUMNS;
    int t = 0;
    for (; count - t >= TOKENS - 1; t += TOKENS) {
      int tokens = Math.min(TOKENS, count - t);
      for (int group = begin * GROUPS; group <= last; group += 2) {
        int groups = Math.min(2, last + 1 - group);
        Arrays.fill(s.outputs, 0f);
        for (int run = 0; run < scales.count(); run++) {
          int first = run * most;
          int next = Math.min(first + most, blocks);
          TernaryProduct.multiply(w, c, half, s, group, last, t, tokens, first, next);
          takeScales(group, groups, run);
          for (int i = 0; i < tokens; i++) {
            add(2 * LANES * i, groups, run, t + i);
          }
        }
        for (int i = 0; i < tokens; i++) {
          put(2 * LANES * i, group, groups, t + i);
        }
      }
    }
    for (; t < count; t++) {
      for (int group = begin * GROUPS; group <= last; group += 4) {
        int groups = Math.min(4, last + 1 - group);
        Arrays.fill(s.outputs, 0f);
        for (int run = 0; run < scales.count(); run++) {
          int first = run * most;
          int next = Math.min(first + most, blocks);
          TernaryProduct.multiply(w, c, half, s, group, last, t, first, next);
          takeScales(group, groups, run);
          add(0, groups, run, t);
        }
        put(0, group, groups, t);
      }
    }
  }

  /** The scales of a run for groups of rows from {@code first} on. */
  private void takeScales(int first, int groups, int run) {
    for (int g = 0; g < groups; g++) {
      int row = (first + g) * LANES;
      long panel = row / TernaryMatrix.PANEL_ROWS;
      long at = (panel * scales.count() + run) * TernaryMatrix.PANEL_ROWS;
      at += row % TernaryMatrix.PANEL_ROWS;
      for (int i = 0; i < LANES; i++) {
        s.scales[g * LANES + i] =
            Float.float16ToFloat(scales.scales().getAtIndex(JAVA_SHORT, at + i));
      }
    }
  }

  /** The sum of a run of token t. */
  private int sum(int run, int t) {
    int parts = scales.columns() / a.cut().groupColumns();
    int end = Math.min((run + 1) * parts, a.groups());
    int sum = 0;
    for (int g = run * parts; g < end; g++) {
      sum += a.groupSum(t, g);
    }
    return sum;
  }

  /**
   * Sums of q * u at {@code from}, of some groups of rows, become sums of q * (u - 1), times the
   * run's scales, and are added to the outputs of token t.
   */
  private void add(int from, int groups, int run, int t) {
    int block = a.cut().blockColumns();
    float factor = block == 0 ? 1f : a.scale(t, run * scales.columns() / block); // 1: exact
    int sum = sum(run, t);
    for (int g = 0; g < groups; g++) {
      int at = from + g * LANES;
      ((FloatVector) IntVector.fromArray(INT, s.sums, at).sub(sum).convert(VectorOperators.I2F, 0))
          .fma(
              FloatVector.fromArray(FLOAT, s.scales, g * LANES).mul(factor),
              FloatVector.fromArray(FLOAT, s.outputs, at))
          .intoArray(s.outputs, at);
    }
  }

  /** Outputs at {@code from}, of groups of rows from {@code first} on, go to row t. */
  private void put(int from, int first, int groups, int t) {
    float factor = a.cut().blockColumns() == 0 ? a.scale(t) : 1f;
    for (int g = 0; g < groups; g++) {
      int at = from + g * LANES;
      int row = (first + g) * LANES;
      if (row + LANES <= w.rows()) {
        FloatVector.fromArray(FLOAT, s.outputs, at)
            .mul(factor)
            .intoMemorySegment(y.data(), (t * y.stride() + row) * Float.BYTES, ORDER);
      } else {
        for (int r = row; r < w.rows(); r++) {
          y.set(t, r, s.outputs[at + r - row] * factor);
        }
      }
    }
  }
}
