package org.bitnetj.kernel.ffi;

import static org.bitnetj.kernel.ffi.Descriptors.of;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
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
import org.bitnetj.tensor.Operand;
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

  /**
   * Links every function of the library now and not when it is called first: each takes some
   * milliseconds, which another thread may have while one prepares what is computed.
   */
  public static void link() {
    for (Class<?> function : BitnetLibrary.class.getDeclaredClasses()) {
      try {
        Class.forName(function.getName(), true, function.getClassLoader());
      } catch (ClassNotFoundException e) {
        throw new AssertionError("a nested class that is declared", e);
      }
    }
  }

  @Override
  public KernelTier tier() {
    return tier;
  }

  @Override
  public boolean gainsBySkipping() {
    return true;
  }

  /**
   * By tiles, eight rows take as long as sixteen, while what is skipped takes longer with each. On
   * an Emerald Rapids (2560 by 6912) both took as long with eight rows at a share of 0.2; with
   * sixteen at 0.2, a whole step by tiles took 0.75 of the time of one that skips.
   */
  @Override
  public double crossover(int rows) {
    return tier == KernelTier.AMX && rows >= 8 ? 1.6 / rows : Kernels.super.crossover(rows);
  }

  @Override
  public boolean pack(
      TernaryFormat format, MemorySegment source, TernaryMatrix w, int begin, int end) {
    MemorySegment struct = of(w);
    int status = BitnetLibrary.bn_pack(id, format.layoutId(), source, struct, begin, end);
    Reference.reachabilityFence(w);
    if (status == BitnetLibrary.BN_UNSUPPORTED()) { // a format that only Java knows
      return w.pack(format, source, begin, end);
    }
    return holds("bn_pack", status, BitnetLibrary.BN_BAD_DIGIT());
  }

  @Override
  public void embed(FloatMatrix table, Batch batch, FloatRows out, int begin, int end) {
    int status = BitnetLibrary.bn_embed(id, of(table), of(batch), of(out), begin, end);
    keepUntilHere(table, batch, out);
    check("bn_embed", status);
  }

  @Override
  public void add(FloatRows x, FloatRows y, int begin, int end) {
    int status = BitnetLibrary.bn_add(id, of(x), of(y), begin, end);
    keepUntilHere(x, y);
    check("bn_add", status);
  }

  @Override
  public void normalize(FloatRows x, Norm norm, FloatRows out, int begin, int end) {
    int status = BitnetLibrary.bn_normalize(id, of(x), of(norm), of(out), begin, end);
    keepUntilHere(x, norm, out);
    check("bn_normalize", status);
  }

  @Override
  public boolean quantize(FloatRows x, Norm norm, QuantizedRows out, int begin, int end) {
    int status = BitnetLibrary.bn_quantize(id, of(x), of(norm), of(out), begin, end);
    keepUntilHere(x, norm, out);
    return holds("bn_quantize", status, BitnetLibrary.BN_NON_FINITE());
  }

  @Override
  public void gate(Activation activation, FloatRows gate, FloatRows up, int begin, int end) {
    int status =
        BitnetLibrary.bn_gate(id, Descriptors.id(activation), of(gate), of(up), begin, end);
    keepUntilHere(gate, up);
    check("bn_gate", status);
  }

  @Override
  public void ternaryProduct(
      TernaryMatrix w, QuantizedRows a, FloatRows y, int count, int begin, int end) {
    int status = BitnetLibrary.bn_ternary_product(id, of(w), of(a), of(y), count, begin, end);
    keepUntilHere(w, a, y);
    check("bn_ternary_product", status);
  }

  @Override
  public void packVectors(TernaryMatrix w, TernaryVectors vectors, int begin, int end) {
    int status = BitnetLibrary.bn_pack_vectors(id, of(w), of(vectors), begin, end);
    keepUntilHere(w, vectors);
    check("bn_pack_vectors", status);
  }

  @Override
  public void vectorsProduct(
      TernaryVectors w,
      QuantizedRows a,
      FloatRows y,
      int count,
      int begin,
      int end,
      MemorySegment scratch) {
    int status =
        BitnetLibrary.bn_vectors_product(
            id, of(w), of(a), of(y), count, begin, end, scratch, scratch.byteSize());
    keepUntilHere(w, a, y);
    check("bn_vectors_product", status);
  }

  @Override
  public long gatedProduct(
      TernaryVectors w,
      QuantizedRows a,
      FloatRows gate,
      FloatRows y,
      int count,
      int begin,
      int end) {
    long read =
        BitnetLibrary.bn_gated_product(id, of(w), of(a), of(gate), of(y), count, begin, end);
    keepUntilHere(w, a, gate, y);
    return bytes("bn_gated_product", w, read);
  }

  @Override
  public long sparseProduct(
      TernaryVectors w, QuantizedRows a, FloatRows y, int count, int begin, int end) {
    long read = BitnetLibrary.bn_sparse_product(id, of(w), of(a), of(y), count, begin, end);
    keepUntilHere(w, a, y);
    return bytes("bn_sparse_product", w, read);
  }

  /** The library refuses the other order by a negative number. */
  private static long bytes(String function, TernaryVectors w, long read) {
    if (read < 0) {
      throw new IllegalArgumentException(function + " does not take a matrix that is " + w.order());
    }
    return read;
  }

  @Override
  public void rotate(Rope rope, Batch batch, FloatRows x, int begin, int end) {
    int status = BitnetLibrary.bn_rotate(id, of(rope), of(batch), of(x), begin, end);
    keepUntilHere(rope, batch, x);
    check("bn_rotate", status);
  }

  @Override
  public void store(
      AttentionLayer layer, Batch batch, FloatRows keys, FloatRows values, int begin, int end) {
    int status = BitnetLibrary.bn_store(id, of(layer), of(batch), of(keys), of(values), begin, end);
    keepUntilHere(layer, batch, keys, values);
    check("bn_store", status);
  }

  @Override
  public void attend(
      AttentionLayer layer, Batch batch, FloatRows queries, FloatRows out, int begin, int end) {
    int status =
        BitnetLibrary.bn_attend(id, of(layer), of(batch), of(queries), of(out), begin, end);
    keepUntilHere(layer, batch, queries, out);
    check("bn_attend", status);
  }

  @Override
  public void attendParts(
      AttentionLayer layer,
      Batch batch,
      FloatRows queries,
      AttentionParts parts,
      int begin,
      int end) {
    int status =
        BitnetLibrary.bn_attend_parts(id, of(layer), of(batch), of(queries), of(parts), begin, end);
    keepUntilHere(layer, batch, queries, parts);
    check("bn_attend_parts", status);
  }

  @Override
  public void mergeParts(
      AttentionLayer layer, Batch batch, AttentionParts parts, FloatRows out, int begin, int end) {
    int status =
        BitnetLibrary.bn_merge_parts(id, of(layer), of(batch), of(parts), of(out), begin, end);
    keepUntilHere(layer, batch, parts, out);
    check("bn_merge_parts", status);
  }

  @Override
  public void headProduct(FloatMatrix m, FloatRows x, FloatRows y, int count, int begin, int end) {
    int status = BitnetLibrary.bn_head_product(id, of(m), of(x), of(y), count, begin, end);
    keepUntilHere(m, x, y);
    check("bn_head_product", status);
  }

  @Override
  public boolean packLowBit(FloatMatrix m, LowBitMatrix copy, int begin, int end) {
    int status = BitnetLibrary.bn_pack_low_bit(id, of(m), of(copy), begin, end);
    keepUntilHere(m, copy);
    return holds("bn_pack_low_bit", status, BitnetLibrary.BN_NON_FINITE());
  }

  @Override
  public void boundLogits(
      LowBitMatrix m, Activation16[] x, LogitBounds[] bounds, int count, int begin, int end) {
    for (int t = 0; t < count; t += Descriptors.MOST_SCREENED) {
      int some = Math.min(count - t, Descriptors.MOST_SCREENED);
      int status =
          BitnetLibrary.bn_bound_logits(
              id, of(m), of(x, t, some), of(bounds, t, some), some, begin, end);
      Reference.reachabilityFence(m);
      check("bn_bound_logits", status);
    }
  }

  @Override
  public void refineBounds(
      LowBitMatrix m, Activation16[] x, LogitBounds[] bounds, int count, int begin, int end) {
    for (int t = 0; t < count; t += Descriptors.MOST_SCREENED) {
      int some = Math.min(count - t, Descriptors.MOST_SCREENED);
      int status =
          BitnetLibrary.bn_refine_bounds(
              id, of(m), of(x, t, some), of(bounds, t, some), some, begin, end);
      Reference.reachabilityFence(m);
      check("bn_refine_bounds", status);
    }
  }

  /** Operands own the structs that C reads, so they must live until a call has returned. */
  private static void keepUntilHere(Operand a, Operand b) {
    Reference.reachabilityFence(a);
    Reference.reachabilityFence(b);
  }

  private static void keepUntilHere(Operand a, Operand b, Operand c) {
    keepUntilHere(a, b);
    Reference.reachabilityFence(c);
  }

  private static void keepUntilHere(Operand a, Operand b, Operand c, Operand d) {
    keepUntilHere(a, b);
    keepUntilHere(c, d);
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
