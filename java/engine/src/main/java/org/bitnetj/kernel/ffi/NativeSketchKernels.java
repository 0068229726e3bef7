package org.bitnetj.kernel.ffi;

import org.bitnetj.kernel.ActivationDigits;
import org.bitnetj.kernel.FloatMatrix;
import org.bitnetj.kernel.HeadSketch;
import org.bitnetj.kernel.LogitBounds;
import org.bitnetj.kernel.SketchKernels;
import org.bitnetj.kernel.ffi.bindings.BitnetLibrary;

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
  public boolean buildSketch(FloatMatrix m, HeadSketch sketch, int begin, int end) {
    int status = BitnetLibrary.bn_build_sketch(id, m.struct(), sketch.struct(), begin, end);
    if (status != BitnetLibrary.BN_NON_FINITE()) {
      check("bn_build_sketch", status);
    }
    return status == BitnetLibrary.BN_OK();
  }

  @Override
  public void boundLogits(
      HeadSketch sketch, ActivationDigits x, LogitBounds bounds, int begin, int end) {
    check(
        "bn_bound_logits",
        BitnetLibrary.bn_bound_logits(
            id, sketch.struct(), x.struct(), bounds.struct(), begin, end));
  }

  @Override
  public void refineBounds(
      HeadSketch sketch,
      ActivationDigits x,
      LogitBounds bounds,
      float threshold,
      int begin,
      int end) {
    check(
        "bn_refine_bounds",
        BitnetLibrary.bn_refine_bounds(
            id, sketch.struct(), x.struct(), bounds.struct(), threshold, begin, end));
  }

  private static void check(String function, int status) {
    if (status != BitnetLibrary.BN_OK()) {
      throw new IllegalStateException(function + " returned the unexpected status " + status);
    }
  }
}
