package org.bitnetj.kernel;

import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryVectors;

/**
 * Products of one row of activations, always row 0, that read only the rows or columns of the
 * matrix they need; the bits are those of {@link Kernels#ternaryProduct}. Not every tier has them:
 * {@link Kernels#sparse}. What {@link Kernels} demands of callers holds here too.
 */
public interface SparseKernels {
  /**
   * Copies {@code w} into strips of its shape. Item i is strips {@code 16i} to {@code 16i + 15}, as
   * far as there are any.
   */
  void packStrips(TernaryMatrix w, TernaryVectors strips, int begin, int end);

  /**
   * {@code y = W a} by rows {@code [begin, end)} of {@code w}, but 0 where the gate is not above 0.
   * So {@code y} will do wherever it is multiplied by {@code relu(gate)}: a product that is left
   * out were a finite one. Where it might not be, because {@code 128 * columns * |scale|}
   * overflows, every row is computed.
   *
   * @return how many bytes of strips were read
   */
  long gatedProduct(
      TernaryVectors w, QuantizedRows a, FloatRows gate, FloatRows y, int begin, int end);

  /**
   * {@code y = W a} by columns of {@code w}, those left out whose activation is 0; for rows {@code
   * [256 begin, 256 end)} as far as there are such, so by lines of a strip.
   *
   * @return how many bytes of strips were read
   */
  long sparseProduct(TernaryVectors w, QuantizedRows a, FloatRows y, int begin, int end);
}
