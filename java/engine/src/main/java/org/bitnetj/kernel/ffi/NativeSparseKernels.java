package org.bitnetj.kernel.ffi;

import org.bitnetj.kernel.SparseKernels;
import org.bitnetj.kernel.ffi.bindings.BitnetLibrary;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryVectors;

/** The sparse products of one tier of the native library. */
final class NativeSparseKernels implements SparseKernels {
  private final int id;

  /**
   * @param id the tier's number in the library, one that is compiled in
   */
  NativeSparseKernels(int id) {
    this.id = id;
  }

  @Override
  public void packStrips(TernaryMatrix w, TernaryVectors strips, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    int status = BitnetLibrary.bn_pack_strips(id, c.of(w), c.of(strips), begin, end);
    if (status != BitnetLibrary.BN_OK()) {
      throw new IllegalStateException("bn_pack_strips returned the unknown status " + status);
    }
  }

  @Override
  public long gatedProduct(
      TernaryVectors w, QuantizedRows a, FloatRows gate, FloatRows y, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    return checked(
        "bn_gated_product",
        BitnetLibrary.bn_gated_product(id, c.of(w), c.of(a), c.of(gate), c.ofOther(y), begin, end));
  }

  @Override
  public long sparseProduct(TernaryVectors w, QuantizedRows a, FloatRows y, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    return checked(
        "bn_sparse_product",
        BitnetLibrary.bn_sparse_product(id, c.of(w), c.of(a), c.of(y), begin, end));
  }

  private static long checked(String function, long read) {
    if (read < 0) {
      throw new IllegalArgumentException(function + " refused the direction of the strips");
    }
    return read;
  }
}
