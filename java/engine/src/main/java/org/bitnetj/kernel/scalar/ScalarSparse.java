package org.bitnetj.kernel.scalar;

import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryVectors;
import org.bitnetj.tensor.TernaryVectors.Order;

/** The definition of the products that leave out what is multiplied by 0. */
final class ScalarSparse {
  private ScalarSparse() {}

  static void pack(TernaryMatrix w, TernaryVectors vectors, int begin, int end) {
    int last = Math.min(end * TernaryVectors.ITEM_VECTORS, vectors.count());
    for (int vector = begin * TernaryVectors.ITEM_VECTORS; vector < last; vector++) {
      switch (vectors.order()) {
        case ROW_MAJOR -> {
          for (int column = 0; column < w.columns(); column++) {
            vectors.setDigit(vector, column, w.digit(vector, column));
          }
        }
        case COLUMN_MAJOR -> {
          for (int row = 0; row < w.rows(); row++) {
            vectors.setDigit(row, vector, w.digit(row, vector));
          }
        }
      }
    }
  }

  static void product(
      TernaryVectors w, QuantizedRows a, FloatRows y, int count, int begin, int end) {
    int last = Math.min(end * TernaryMatrix.PANEL_ROWS, w.rows());
    for (int row = begin * TernaryMatrix.PANEL_ROWS; row < last; row++) {
      for (int t = 0; t < count; t++) {
        int sum = 0;
        for (int k = 0; k < w.columns(); k++) {
          sum += a.value(t, k) * (w.digit(row, k) - 1);
        }
        y.set(t, row, (float) sum * (w.scale() * a.scale(t)));
      }
    }
  }

  static long gatedProduct(
      TernaryVectors w,
      QuantizedRows a,
      FloatRows gate,
      FloatRows y,
      int count,
      int begin,
      int end) {
    require(w, Order.ROW_MAJOR);
    long read = 0;
    for (int row = begin; row < end; row++) {
      boolean used = false;
      for (int t = 0; t < count; t++) {
        float scale = w.scale() * a.scale(t);
        boolean all = !Float.isFinite(128 * w.columns() * scale);
        if (all || gate.get(t, row) > 0f) {
          int sum = 0;
          for (int k = 0; k < w.columns(); k++) {
            sum += a.value(t, k) * (w.digit(row, k) - 1);
          }
          y.set(t, row, (float) sum * scale);
          used = true;
        } else {
          y.set(t, row, 0f);
        }
      }
      read += used ? w.stride() : 0;
    }
    return read;
  }

  static long sparseProduct(
      TernaryVectors w, QuantizedRows a, FloatRows y, int count, int begin, int end) {
    require(w, Order.COLUMN_MAJOR);
    int first = begin * TernaryVectors.LINE_DIGITS;
    int rows = Math.max(0, Math.min(end * TernaryVectors.LINE_DIGITS, w.rows()) - first);
    int[][] sums = new int[count][rows];
    long read = 0;
    for (int k = 0; k < w.columns(); k++) {
      boolean used = false;
      for (int t = 0; t < count; t++) {
        int q = a.value(t, k);
        if (q != 0) {
          for (int i = 0; i < rows; i++) {
            sums[t][i] += q * (w.digit(first + i, k) - 1);
          }
          used = true;
        }
      }
      read += used ? (long) TernaryVectors.LINE_BYTES * (end - begin) : 0;
    }
    for (int t = 0; t < count; t++) {
      float scale = w.scale() * a.scale(t);
      for (int i = 0; i < rows; i++) {
        y.set(t, first + i, (float) sums[t][i] * scale);
      }
    }
    return read;
  }

  private static void require(TernaryVectors w, Order order) {
    if (w.order() != order) {
      throw new IllegalArgumentException("the matrix is " + w.order() + ", not " + order);
    }
  }
}
