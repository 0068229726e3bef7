package org.bitnetj.kernel.ffi;

import org.bitnetj.kernel.FloatRows;
import org.bitnetj.kernel.QuantizedRows;
import org.bitnetj.kernel.SparseKernels;
import org.bitnetj.kernel.TernaryMatrix;
import org.bitnetj.kernel.TernaryStrips;
import org.bitnetj.kernel.ffi.bindings.BitnetLibrary;

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
  public void packStrips(TernaryMatrix w, TernaryStrips strips, int begin, int end) {
    int status = BitnetLibrary.bn_pack_strips(id, w.struct(), strips.struct(), begin, end);
    if (status != BitnetLibrary.BN_OK()) {
      throw new IllegalStateException("bn_pack_strips returned the unknown status " + status);
    }
  }

  @Override
  public long gatedProduct(
      TernaryStrips w, QuantizedRows a, FloatRows gate, FloatRows y, int begin, int end) {
    return checked(
        "bn_gated_product",
        BitnetLibrary.bn_gated_product(
            id, w.struct(), a.struct(), gate.struct(), y.struct(), begin, end));
  }

  @Override
  public long sparseProduct(TernaryStrips w, QuantizedRows a, FloatRows y, int begin, int end) {
    return checked(
        "bn_sparse_product",
        BitnetLibrary.bn_sparse_product(id, w.struct(), a.struct(), y.struct(), begin, end));
  }

  private static long checked(String function, long read) {
    if (read < 0) {
      throw new IllegalArgumentException(function + " refused the direction of the strips");
    }
    return read;
  }
}
