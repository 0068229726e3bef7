package org.bitnetj.model;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryVectors;

/** The weight of a linear layer, {@code y = W x}, in one of the ways that it is computed with. */
sealed interface Linear {
  /** Of ternary digits; its input is quantized to int8. */
  record Ternary(TernaryMatrix matrix, Norm inputNorm) implements Linear {
    @Override
    public int panels() {
      return matrix.panelCount();
    }

    @Override
    public long panelBytes() {
      return matrix.panelBytes();
    }

    @Override
    public long bytes() {
      return matrix.bytes();
    }

    @Override
    public void multiply(
        Kernels kernels,
        LinearInput input,
        FloatRows y,
        int count,
        int begin,
        int end,
        Scratch scratch) {
      kernels.ternaryProduct(matrix, input.quantized(), y, count, begin, end);
    }
  }

  /**
   * Of ternary digits by rows or columns, so that {@link SparseFeedForward} can leave some out. As
   * a whole they are multiplied by way of panels, a few at a time.
   */
  record Vectors(TernaryVectors vectors, Norm inputNorm) implements Linear {
    @Override
    public int panels() {
      return PanelLayout.panels(vectors.rows());
    }

    @Override
    public long panelBytes() {
      return PanelLayout.TWO_BIT.panelBytes(vectors.columns());
    }

    @Override
    public int chunk() {
      return vectors.order() == TernaryVectors.Order.COLUMN_MAJOR ? TernaryVectors.LINE_PANELS : 1;
    }

    @Override
    public long scratchBytes() {
      return vectors.scratchBytes();
    }

    @Override
    public long bytes() {
      return vectors.bytes();
    }

    @Override
    public void multiply(
        Kernels kernels,
        LinearInput input,
        FloatRows y,
        int count,
        int begin,
        int end,
        Scratch scratch) {
      MemorySegment piece = scratch.take();
      try {
        kernels.vectorsProduct(vectors, input.quantized(), y, count, begin, end, piece);
      } finally {
        scratch.giveBack(piece);
      }
    }
  }

  /** Of floats, used in place in the file's bytes; its input stays in float32. */
  record Floats(FloatMatrix matrix, Norm inputNorm) implements Linear {
    /** A panel is a run of rows, as many as a panel of a ternary matrix has. */
    static final int PANEL_ROWS = TernaryMatrix.PANEL_ROWS;

    @Override
    public int panels() {
      return Math.ceilDiv(matrix.rows(), PANEL_ROWS);
    }

    @Override
    public long panelBytes() {
      return PANEL_ROWS * matrix.rowBytes();
    }

    @Override
    public long bytes() {
      return matrix.bytes();
    }

    @Override
    public void multiply(
        Kernels kernels,
        LinearInput input,
        FloatRows y,
        int count,
        int begin,
        int end,
        Scratch scratch) {
      FloatRows rows = Objects.requireNonNull(input.floats());
      int last = Math.min(end * PANEL_ROWS, matrix.rows());
      kernels.headProduct(matrix, rows, y, count, begin * PANEL_ROWS, last);
    }
  }

  /** Of its own input, after what norms that has; none for most models. */
  Norm inputNorm();

  /** How many parts it has that threads can compute. */
  int panels();

  /** How many parts are computed together at the cost of one: a chunk should be so many. */
  default int chunk() {
    return 1;
  }

  /** Bytes of scratch memory that a thread needs to compute parts. */
  default long scratchBytes() {
    return 0;
  }

  /** Bytes of a part. */
  long panelBytes();

  /** Bytes that one product reads. */
  long bytes();

  /** Computes parts {@code [begin, end)} of the first {@code count} rows of {@code y = W x}. */
  void multiply(
      Kernels kernels,
      LinearInput input,
      FloatRows y,
      int count,
      int begin,
      int end,
      Scratch scratch);
}
