package org.bitnetj.kernel.ffi;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.SketchKernels;
import org.bitnetj.kernel.SparseKernels;
import org.bitnetj.kernel.ffi.bindings.BitnetLibrary;
import org.bitnetj.tensor.Activation;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.Batch;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.Rope;
import org.bitnetj.tensor.TernaryMatrix;

/**
 * One tier of the native library. Each method is one downcall on {@link Descriptors} of its
 * operands and allocates nothing. The calls are ordinary, not critical ones: they run too long to
 * hold up the garbage collector.
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
    Descriptors c = Descriptors.ofThread();
    int status = BitnetLibrary.bn_pack_i2s(id, source, c.of(w), begin, end);
    return holds("bn_pack_i2s", status, BitnetLibrary.BN_BAD_DIGIT());
  }

  @Override
  public void embed(FloatMatrix table, Batch batch, FloatRows out, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    check("bn_embed", BitnetLibrary.bn_embed(id, c.of(table), c.of(batch), c.of(out), begin, end));
  }

  @Override
  public void add(FloatRows x, FloatRows y, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    check("bn_add", BitnetLibrary.bn_add(id, c.of(x), c.ofOther(y), begin, end));
  }

  @Override
  public void normalize(FloatRows x, Norm norm, FloatRows out, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    check(
        "bn_normalize",
        BitnetLibrary.bn_normalize(id, c.of(x), c.of(norm), c.ofOther(out), begin, end));
  }

  @Override
  public boolean quantize(FloatRows x, Norm norm, QuantizedRows out, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    int status = BitnetLibrary.bn_quantize(id, c.of(x), c.of(norm), c.of(out), begin, end);
    return holds("bn_quantize", status, BitnetLibrary.BN_NON_FINITE());
  }

  @Override
  public void gate(Activation activation, FloatRows gate, FloatRows up, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    check(
        "bn_gate",
        BitnetLibrary.bn_gate(
            id, Descriptors.id(activation), c.of(gate), c.ofOther(up), begin, end));
  }

  @Override
  public void ternaryProduct(
      TernaryMatrix w, QuantizedRows a, FloatRows y, int count, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    check(
        "bn_ternary_product",
        BitnetLibrary.bn_ternary_product(id, c.of(w), c.of(a), c.of(y), count, begin, end));
  }

  @Override
  public void rotate(Rope rope, Batch batch, FloatRows x, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    check("bn_rotate", BitnetLibrary.bn_rotate(id, c.of(rope), c.of(batch), c.of(x), begin, end));
  }

  @Override
  public void store(
      AttentionLayer layer, Batch batch, FloatRows keys, FloatRows values, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    check(
        "bn_store",
        BitnetLibrary.bn_store(
            id, c.of(layer), c.of(batch), c.of(keys), c.ofOther(values), begin, end));
  }

  @Override
  public void attend(
      AttentionLayer layer, Batch batch, FloatRows queries, FloatRows out, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    check(
        "bn_attend",
        BitnetLibrary.bn_attend(
            id, c.of(layer), c.of(batch), c.of(queries), c.ofOther(out), begin, end));
  }

  @Override
  public void headProduct(FloatMatrix m, FloatRows x, FloatRows y, int count, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    check(
        "bn_head_product",
        BitnetLibrary.bn_head_product(id, c.of(m), c.of(x), c.ofOther(y), count, begin, end));
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
