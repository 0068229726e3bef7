package org.bitnetj.kernel.scalar;

import org.bitnetj.kernel.FloatRows;
import org.bitnetj.kernel.QuantizedRows;
import org.bitnetj.kernel.SparseKernels;
import org.bitnetj.kernel.TernaryMatrix;
import org.bitnetj.kernel.TernaryStrips;
import org.bitnetj.kernel.TernaryStrips.Direction;

/** The definition of the products that leave out what is multiplied by 0. */
final class ScalarSparseKernels implements SparseKernels {
  private static final int LINE_DIGITS = 256;
  private static final int LINE_BYTES = 64;

  @Override
  public void packStrips(TernaryMatrix w, TernaryStrips strips, int begin, int end) {
    int last = Math.min(end * TernaryStrips.ITEM_STRIPS, strips.count());
    for (int strip = begin * TernaryStrips.ITEM_STRIPS; strip < last; strip++) {
      switch (strips.direction()) {
        case ROWS -> {
          for (int column = 0; column < w.columns(); column++) {
            strips.setDigit(strip, column, w.digit(strip, column));
          }
        }
        case COLUMNS -> {
          for (int row = 0; row < w.rows(); row++) {
            strips.setDigit(row, strip, w.digit(row, strip));
          }
        }
      }
    }
  }

  @Override
  public long gatedProduct(
      TernaryStrips w, QuantizedRows a, FloatRows gate, FloatRows y, int begin, int end) {
    require(w, Direction.ROWS);
    float scale = w.scale() * a.scale(0);
    boolean all = !Float.isFinite(128 * w.columns() * scale);
    long read = 0;
    for (int row = begin; row < end; row++) {
      if (all || gate.get(0, row) > 0f) {
        int sum = 0;
        for (int k = 0; k < w.columns(); k++) {
          sum += a.value(0, k) * (w.digit(row, k) - 1);
        }
        y.set(0, row, (float) sum * scale);
        read += w.stride();
      } else {
        y.set(0, row, 0f);
      }
    }
    return read;
  }

  @Override
  public long sparseProduct(TernaryStrips w, QuantizedRows a, FloatRows y, int begin, int end) {
    require(w, Direction.COLUMNS);
    int first = begin * LINE_DIGITS;
    int[] sums = new int[Math.max(0, Math.min(end * LINE_DIGITS, w.rows()) - first)];
    long read = 0;
    for (int k = 0; k < w.columns(); k++) {
      int q = a.value(0, k);
      if (q != 0) {
        for (int i = 0; i < sums.length; i++) {
          sums[i] += q * (w.digit(first + i, k) - 1);
        }
        read += (long) LINE_BYTES * (end - begin);
      }
    }
    float scale = w.scale() * a.scale(0);
    for (int i = 0; i < sums.length; i++) {
      y.set(0, first + i, (float) sums[i] * scale);
    }
    return read;
  }

  private static void require(TernaryStrips w, Direction direction) {
    if (w.direction() != direction) {
      throw new IllegalArgumentException("these strips are " + w.direction());
    }
  }
}
