package org.bitnetj.kernel.ffi;

import org.bitnetj.kernel.SketchKernels;
import org.bitnetj.kernel.ffi.bindings.BitnetLibrary;
import org.bitnetj.tensor.Activation16;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.LogitBounds;
import org.bitnetj.tensor.LowBitMatrix;

/** The sketches of one tier of the native library. */
final class NativeSketchKernels implements SketchKernels {
  private final int id;

  /**
   * @param id the tier's number in the library, one that is compiled in
   */
  NativeSketchKernels(int id) {
    this.id = id;
  }

  @Override
  public boolean buildSketch(FloatMatrix m, LowBitMatrix sketch, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    int status = BitnetLibrary.bn_build_sketch(id, c.of(m), c.of(sketch), begin, end);
    if (status != BitnetLibrary.BN_NON_FINITE()) {
      check("bn_build_sketch", status);
    }
    return status == BitnetLibrary.BN_OK();
  }

  @Override
  public void boundLogits(
      LowBitMatrix sketch, Activation16 x, LogitBounds bounds, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    check(
        "bn_bound_logits",
        BitnetLibrary.bn_bound_logits(id, c.of(sketch), c.of(x), c.of(bounds), begin, end));
  }

  @Override
  public void refineBounds(
      LowBitMatrix sketch,
      Activation16 x,
      LogitBounds bounds,
      float threshold,
      int begin,
      int end) {
    Descriptors c = Descriptors.ofThread();
    check(
        "bn_refine_bounds",
        BitnetLibrary.bn_refine_bounds(
            id, c.of(sketch), c.of(x), c.of(bounds), threshold, begin, end));
  }

  private static void check(String function, int status) {
    if (status != BitnetLibrary.BN_OK()) {
      throw new IllegalStateException(function + " returned the unexpected status " + status);
    }
  }
}
