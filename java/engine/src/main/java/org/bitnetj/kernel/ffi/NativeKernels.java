package org.bitnetj.kernel.ffi;

import java.lang.foreign.MemorySegment;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.ffi.bindings.BitnetLibrary;
import org.bitnetj.tensor.Activation;
import org.bitnetj.tensor.Activation16;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.AttentionParts;
import org.bitnetj.tensor.Batch;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.LogitBounds;
import org.bitnetj.tensor.LowBitMatrix;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.Rope;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryVectors;

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
  public boolean gainsByCopies() {
    return true;
  }

  @Override
  public boolean pack(
      TernaryFormat format, MemorySegment source, TernaryMatrix w, int begin, int end) {
    MemorySegment struct = Descriptors.ofThread().of(w);
    int status = BitnetLibrary.bn_pack(id, format.layoutId(), source, struct, begin, end);
    if (status == BitnetLibrary.BN_UNSUPPORTED()) { // a format that only Java knows
      return w.pack(format, source, begin, end);
    }
    return holds("bn_pack", status, BitnetLibrary.BN_BAD_DIGIT());
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
  public void packVectors(TernaryMatrix w, TernaryVectors copy, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    check("bn_pack_strips", BitnetLibrary.bn_pack_strips(id, c.of(w), c.of(copy), begin, end));
  }

  @Override
  public long gatedProduct(
      TernaryVectors w, QuantizedRows a, FloatRows gate, FloatRows y, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    long read =
        BitnetLibrary.bn_gated_product(id, c.of(w), c.of(a), c.of(gate), c.ofOther(y), begin, end);
    return bytes("bn_gated_product", w, read);
  }

  @Override
  public long sparseProduct(TernaryVectors w, QuantizedRows a, FloatRows y, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    long read = BitnetLibrary.bn_sparse_product(id, c.of(w), c.of(a), c.of(y), begin, end);
    return bytes("bn_sparse_product", w, read);
  }

  /** The library refuses a copy of the other order by a negative number. */
  private static long bytes(String function, TernaryVectors w, long read) {
    if (read < 0) {
      throw new IllegalArgumentException(function + " takes no copy that is " + w.order());
    }
    return read;
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
  public void attendParts(
      AttentionLayer layer,
      Batch batch,
      FloatRows queries,
      AttentionParts parts,
      int begin,
      int end) {
    Descriptors c = Descriptors.ofThread();
    check(
        "bn_attend_parts",
        BitnetLibrary.bn_attend_parts(
            id, c.of(layer), c.of(batch), c.of(queries), c.of(parts), begin, end));
  }

  @Override
  public void mergeParts(
      AttentionLayer layer, Batch batch, AttentionParts parts, FloatRows out, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    check(
        "bn_merge_parts",
        BitnetLibrary.bn_merge_parts(
            id, c.of(layer), c.of(batch), c.of(parts), c.of(out), begin, end));
  }

  @Override
  public void headProduct(FloatMatrix m, FloatRows x, FloatRows y, int count, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    check(
        "bn_head_product",
        BitnetLibrary.bn_head_product(id, c.of(m), c.of(x), c.ofOther(y), count, begin, end));
  }

  @Override
  public boolean packLowBit(FloatMatrix m, LowBitMatrix copy, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    int status = BitnetLibrary.bn_build_sketch(id, c.of(m), c.of(copy), begin, end);
    return holds("bn_build_sketch", status, BitnetLibrary.BN_NON_FINITE());
  }

  @Override
  public void boundLogits(LowBitMatrix m, Activation16 x, LogitBounds bounds, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    check(
        "bn_bound_logits",
        BitnetLibrary.bn_bound_logits(id, c.of(m), c.of(x), c.of(bounds), begin, end));
  }

  @Override
  public void refineBounds(
      LowBitMatrix m, Activation16 x, LogitBounds bounds, float threshold, int begin, int end) {
    Descriptors c = Descriptors.ofThread();
    check(
        "bn_refine_bounds",
        BitnetLibrary.bn_refine_bounds(id, c.of(m), c.of(x), c.of(bounds), threshold, begin, end));
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
