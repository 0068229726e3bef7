package org.bitnetj.kernel.ffi;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.bitnetj.kernel.Activation;
import org.bitnetj.kernel.AttentionLayer;
import org.bitnetj.kernel.Batch;
import org.bitnetj.kernel.FloatMatrix;
import org.bitnetj.kernel.FloatRows;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.Norm;
import org.bitnetj.kernel.QuantizedRows;
import org.bitnetj.kernel.Rope;
import org.bitnetj.kernel.SketchKernels;
import org.bitnetj.kernel.SparseKernels;
import org.bitnetj.kernel.TernaryMatrix;
import org.bitnetj.kernel.ffi.bindings.BitnetLibrary;

/**
 * One tier of the native library. Each method is one downcall on the operands' own structs and
 * allocates nothing. The calls are ordinary, not critical ones: they run too long to hold up the
 * garbage collector.
 */
public final class NativeKernels implements Kernels {
  private static final int OK = BitnetLibrary.BN_OK();

  private final KernelTier tier;
  private final int id;

  /**
   * @throws IllegalArgumentException if {@code library} does not support {@code tier} here
   */
  public NativeKernels(NativeLibrary.Loaded library, KernelTier tier) {
    if (!library.supported().contains(tier)) {
      throw new IllegalArgumentException(
          "the native library runs " + library.supported() + " on this machine, not " + tier);
    }
    this.tier = tier;
    this.id = tier.nativeId();
  }

  @Override
  public KernelTier tier() {
    return tier;
  }

  @Override
  public Optional<SketchKernels> sketch() {
    return Optional.of(new NativeSketchKernels(id));
  }

  @Override
  public Optional<SparseKernels> sparse() {
    return Optional.of(new NativeSparseKernels(id));
  }

  @Override
  public boolean packI2s(MemorySegment source, TernaryMatrix w, int begin, int end) {
    int status = BitnetLibrary.bn_pack_i2s(id, source, w.struct(), begin, end);
    return holds("bn_pack_i2s", status, BitnetLibrary.BN_BAD_DIGIT());
  }

  @Override
  public void embed(FloatMatrix table, Batch batch, FloatRows out, int begin, int end) {
    check(
        "bn_embed",
        BitnetLibrary.bn_embed(id, table.struct(), batch.struct(), out.struct(), begin, end));
  }

  @Override
  public void add(FloatRows x, FloatRows y, int begin, int end) {
    check("bn_add", BitnetLibrary.bn_add(id, x.struct(), y.struct(), begin, end));
  }

  @Override
  public void normalize(FloatRows x, Norm norm, FloatRows out, int begin, int end) {
    check(
        "bn_normalize",
        BitnetLibrary.bn_normalize(id, x.struct(), norm.struct(), out.struct(), begin, end));
  }

  @Override
  public boolean quantize(FloatRows x, Norm norm, QuantizedRows out, int begin, int end) {
    int status = BitnetLibrary.bn_quantize(id, x.struct(), norm.struct(), out.struct(), begin, end);
    return holds("bn_quantize", status, BitnetLibrary.BN_NON_FINITE());
  }

  @Override
  public void gate(Activation activation, FloatRows gate, FloatRows up, int begin, int end) {
    check(
        "bn_gate",
        BitnetLibrary.bn_gate(id, activation.nativeId(), gate.struct(), up.struct(), begin, end));
  }

  @Override
  public void ternaryProduct(
      TernaryMatrix w, QuantizedRows a, FloatRows y, int count, int begin, int end) {
    check(
        "bn_ternary_product",
        BitnetLibrary.bn_ternary_product(
            id, w.struct(), a.struct(), y.struct(), count, begin, end));
  }

  @Override
  public void rotate(Rope rope, Batch batch, FloatRows x, int begin, int end) {
    check(
        "bn_rotate",
        BitnetLibrary.bn_rotate(id, rope.struct(), batch.struct(), x.struct(), begin, end));
  }

  @Override
  public void store(
      AttentionLayer layer, Batch batch, FloatRows keys, FloatRows values, int begin, int end) {
    check(
        "bn_store",
        BitnetLibrary.bn_store(
            id, layer.struct(), batch.struct(), keys.struct(), values.struct(), begin, end));
  }

  @Override
  public void attend(
      AttentionLayer layer, Batch batch, FloatRows queries, FloatRows out, int begin, int end) {
    check(
        "bn_attend",
        BitnetLibrary.bn_attend(
            id, layer.struct(), batch.struct(), queries.struct(), out.struct(), begin, end));
  }

  @Override
  public void headProduct(FloatMatrix m, FloatRows x, FloatRows y, int count, int begin, int end) {
    check(
        "bn_head_product",
        BitnetLibrary.bn_head_product(id, m.struct(), x.struct(), y.struct(), count, begin, end));
  }

  private void check(String function, int status) {
    if (status != OK) {
      throw failure(function, status);
    }
  }

  /** True for success, false for the one failure that is the data's. */
  private boolean holds(String function, int status, int badData) {
    if (status != OK && status != badData) {
      throw failure(function, status);
    }
    return status == OK;
  }

  private IllegalStateException failure(String function, int status) {
    return new IllegalStateException(
        status == BitnetLibrary.BN_UNSUPPORTED()
            ? "the native library's tier " + tier + " does not do what " + function + " was asked"
            : function + " of tier " + tier + " returned the unknown status " + status);
  }
}
