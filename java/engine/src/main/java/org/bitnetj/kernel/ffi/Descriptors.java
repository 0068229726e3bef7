package org.bitnetj.kernel.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.bitnetj.kernel.ffi.bindings.BitnetLibrary;
import org.bitnetj.kernel.ffi.bindings.bn_activation16;
import org.bitnetj.kernel.ffi.bindings.bn_attention;
import org.bitnetj.kernel.ffi.bindings.bn_batch;
import org.bitnetj.kernel.ffi.bindings.bn_bounds;
import org.bitnetj.kernel.ffi.bindings.bn_low_bit;
import org.bitnetj.kernel.ffi.bindings.bn_matrix;
import org.bitnetj.kernel.ffi.bindings.bn_norm;
import org.bitnetj.kernel.ffi.bindings.bn_parts;
import org.bitnetj.kernel.ffi.bindings.bn_quantized;
import org.bitnetj.kernel.ffi.bindings.bn_rope;
import org.bitnetj.kernel.ffi.bindings.bn_rows;
import org.bitnetj.kernel.ffi.bindings.bn_ternary;
import org.bitnetj.kernel.ffi.bindings.bn_ternary_vectors;
import org.bitnetj.memory.NativeAccess;
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
import org.bitnetj.tensor.TernaryScales;
import org.bitnetj.tensor.TernaryVectors;
import org.jspecify.annotations.Nullable;

/**
 * C's views of operands: the structs of {@code bitnet.h} that describe them, in native memory that
 * lives as long as the operand. Each is made when a kernel first gets the operand and is kept by
 * the operand, because most calls of a step use the same ones as those of the step before.
 * Thread-safe.
 */
final class Descriptors {
  /** The most rows that are screened in one call. */
  static final int MOST_SCREENED = 16;

  private static final ThreadLocal<ScreenedRows> SCREENED =
      ThreadLocal.withInitial(ScreenedRows::new);

  /** Arrays of structs for what changes with every row: a thread's own, written for each call. */
  private static final class ScreenedRows {
    final MemorySegment activations;
    final MemorySegment[] activation = new MemorySegment[MOST_SCREENED]; // each of these
    final MemorySegment allBounds;
    final MemorySegment[] bounds = new MemorySegment[MOST_SCREENED];

    ScreenedRows() {
      Arena arena = Arena.ofAuto();
      activations = bn_activation16.allocateArray(MOST_SCREENED, arena);
      allBounds = bn_bounds.allocateArray(MOST_SCREENED, arena);
      for (int t = 0; t < MOST_SCREENED; t++) {
        activation[t] = bn_activation16.asSlice(activations, t);
        bounds[t] = bn_bounds.asSlice(allBounds, t);
      }
    }
  }

  private Descriptors() {}

  /** What an operand keeps; null if its struct is yet to be made. */
  private static @Nullable MemorySegment kept(Operand operand) {
    return operand.view() instanceof MemorySegment struct ? struct : null;
  }

  /** Lets the operand own a struct; without its scope, a call need not ask whether it is alive. */
  private static MemorySegment keep(Operand operand, MemorySegment struct) {
    return (MemorySegment) operand.keepView(NativeAccess.unscoped(struct), struct);
  }

  static MemorySegment of(FloatRows x) {
    MemorySegment struct = kept(x);
    return struct != null ? struct : describe(x);
  }

  private static MemorySegment describe(FloatRows x) {
    MemorySegment struct = bn_rows.allocate(Arena.ofAuto());
    bn_rows.data(struct, x.data());
    bn_rows.stride(struct, x.stride());
    bn_rows.columns(struct, x.columns());
    bn_rows.capacity(struct, x.capacity());
    return keep(x, struct);
  }

  static MemorySegment of(QuantizedRows a) {
    MemorySegment struct = kept(a);
    return struct != null ? struct : describe(a);
  }

  private static MemorySegment describe(QuantizedRows a) {
    MemorySegment struct = bn_quantized.allocate(Arena.ofAuto());
    bn_quantized.values(struct, a.values());
    bn_quantized.scales(struct, a.scales());
    bn_quantized.sums(struct, a.sums());
    bn_quantized.stride(struct, a.stride());
    bn_quantized.columns(struct, a.columns());
    bn_quantized.capacity(struct, a.capacity());
    bn_quantized.group_sums(struct, a.groupSums());
    bn_quantized.group_columns(struct, a.cut().groupColumns());
    bn_quantized.block_columns(struct, a.cut().blockColumns());
    return keep(a, struct);
  }

  static MemorySegment of(TernaryMatrix w) {
    MemorySegment struct = kept(w);
    return struct != null ? struct : describe(w);
  }

  private static MemorySegment describe(TernaryMatrix w) {
    MemorySegment struct = bn_ternary.allocate(Arena.ofAuto());
    bn_ternary.panels(struct, w.panels());
    bn_ternary.rows(struct, w.rows());
    bn_ternary.columns(struct, w.columns());
    bn_ternary.layout(struct, w.layout().id());
    bn_ternary.largest_digit(struct, w.largestDigit());
    bn_ternary.scale(struct, Float.NaN);
    if (w.scales() instanceof TernaryScales.Tensor one) {
      bn_ternary.scale(struct, one.scale());
    } else if (w.scales() instanceof TernaryScales.Rows rows) {
      bn_ternary.row_scales(struct, rows.scales());
    } else if (w.scales() instanceof TernaryScales.Groups groups) {
      bn_ternary.group_scales(struct, groups.scales());
      bn_ternary.group_columns(struct, groups.columns());
    }
    return keep(w, struct);
  }

  static MemorySegment of(TernaryVectors w) {
    MemorySegment struct = kept(w);
    return struct != null ? struct : describe(w);
  }

  private static MemorySegment describe(TernaryVectors w) {
    MemorySegment struct = bn_ternary_vectors.allocate(Arena.ofAuto());
    bn_ternary_vectors.digits(struct, w.digits());
    bn_ternary_vectors.stride(struct, w.stride());
    bn_ternary_vectors.rows(struct, w.rows());
    bn_ternary_vectors.columns(struct, w.columns());
    bn_ternary_vectors.order(
        struct,
        switch (w.order()) {
          case ROW_MAJOR -> BitnetLibrary.BN_ROW_MAJOR();
          case COLUMN_MAJOR -> BitnetLibrary.BN_COLUMN_MAJOR();
        });
    bn_ternary_vectors.scale(struct, w.scale());
    return keep(w, struct);
  }

  static MemorySegment of(FloatMatrix m) {
    MemorySegment struct = kept(m);
    return struct != null ? struct : describe(m);
  }

  private static MemorySegment describe(FloatMatrix m) {
    MemorySegment struct = bn_matrix.allocate(Arena.ofAuto());
    bn_matrix.data(struct, m.data());
    bn_matrix.row_bytes(struct, m.rowBytes());
    bn_matrix.rows(struct, m.rows());
    bn_matrix.columns(struct, m.columns());
    bn_matrix.type(struct, m.format().id());
    return keep(m, struct);
  }

  static MemorySegment of(LowBitMatrix m) {
    MemorySegment struct = kept(m);
    return struct != null ? struct : describe(m);
  }

  private static MemorySegment describe(LowBitMatrix m) {
    MemorySegment struct = bn_low_bit.allocate(Arena.ofAuto());
    bn_low_bit.coarse(struct, m.coarse());
    bn_low_bit.fine(struct, m.fine());
    bn_low_bit.scales_and_norms(struct, m.scalesAndNorms());
    bn_low_bit.rows(struct, m.rows());
    bn_low_bit.columns(struct, m.columns());
    return keep(m, struct);
  }

  /**
   * Those from {@code first} on, at most {@link #MOST_SCREENED}; valid until this thread's next.
   */
  static MemorySegment of(Activation16[] x, int first, int count) {
    ScreenedRows own = SCREENED.get();
    for (int t = 0; t < count; t++) {
      describe(x[first + t], own.activation[t]);
    }
    return own.activations;
  }

  private static void describe(Activation16 x, MemorySegment struct) {
    bn_activation16.high(struct, x.high());
    bn_activation16.low(struct, x.low());
    bn_activation16.high_sum(struct, x.highSum());
    bn_activation16.low_sum(struct, x.lowSum());
    bn_activation16.scale(struct, x.scale());
    bn_activation16.error_weight(struct, x.errorWeight());
    bn_activation16.norm_weight(struct, x.normWeight());
    bn_activation16.slack(struct, x.slack());
    bn_activation16.low_is_zero(struct, x.isLowZero() ? 1 : 0);
  }

  /**
   * Those from {@code first} on, at most {@link #MOST_SCREENED}; valid until this thread's next.
   */
  static MemorySegment of(LogitBounds[] b, int first, int count) {
    ScreenedRows own = SCREENED.get();
    for (int t = 0; t < count; t++) {
      describe(b[first + t], own.bounds[t]);
    }
    return own.allBounds;
  }

  private static void describe(LogitBounds b, MemorySegment struct) {
    bn_bounds.upper(struct, b.upper());
    bn_bounds.sums(struct, b.sums());
    bn_bounds.panel_value(struct, b.panelValue());
    bn_bounds.panel_upper(struct, b.panelUpper());
    bn_bounds.panel_refined(struct, b.panelRefined());
    bn_bounds.threshold(struct, b.threshold());
  }

  static MemorySegment of(Norm n) {
    MemorySegment struct = kept(n);
    return struct != null ? struct : describe(n);
  }

  private static MemorySegment describe(Norm n) {
    MemorySegment struct = bn_norm.allocate(Arena.ofAuto());
    bn_norm.weight(struct, n.weight());
    bn_norm.columns(struct, n.columns());
    bn_norm.epsilon(struct, n.epsilon());
    return keep(n, struct);
  }

  static MemorySegment of(Rope r) {
    MemorySegment struct = kept(r);
    return struct != null ? struct : describe(r);
  }

  private static MemorySegment describe(Rope r) {
    MemorySegment struct = bn_rope.allocate(Arena.ofAuto());
    bn_rope.cosines(struct, r.cosines());
    bn_rope.sines(struct, r.sines());
    bn_rope.pairs(struct, r.pairs());
    bn_rope.head_dim(struct, r.headDim());
    bn_rope.style(
        struct,
        switch (r.style()) {
          case HALVES -> BitnetLibrary.BN_ROPE_HALVES();
          case ADJACENT -> BitnetLibrary.BN_ROPE_ADJACENT();
        });
    bn_rope.positions(struct, r.positions());
    return keep(r, struct);
  }

  static MemorySegment of(Batch b) {
    MemorySegment struct = kept(b);
    return struct != null ? struct : describe(b);
  }

  private static MemorySegment describe(Batch b) {
    MemorySegment struct = bn_batch.allocate(Arena.ofAuto());
    bn_batch.blocks(struct, b.addresses());
    bn_batch.positions(struct, b.positions());
    bn_batch.tokens(struct, b.tokens());
    return keep(b, struct);
  }

  static MemorySegment of(AttentionLayer layer) {
    MemorySegment struct = kept(layer);
    return struct != null ? struct : describe(layer);
  }

  private static MemorySegment describe(AttentionLayer layer) {
    MemorySegment struct = bn_attention.allocate(Arena.ofAuto());
    bn_attention.keys(struct, layer.keys());
    bn_attention.values(struct, layer.values());
    bn_attention.block_stride(struct, layer.blockStride());
    bn_attention.query_heads(struct, layer.queryHeads());
    bn_attention.kv_heads(struct, layer.kvHeads());
    bn_attention.head_dim(struct, layer.headDim());
    bn_attention.scale(struct, layer.scale());
    bn_attention.type(
        struct,
        switch (layer.type()) {
          case F16 -> BitnetLibrary.BN_TYPE_F16();
          case F32 -> BitnetLibrary.BN_TYPE_F32();
        });
    return keep(layer, struct);
  }

  static MemorySegment of(AttentionParts p) {
    MemorySegment struct = kept(p);
    return struct != null ? struct : describe(p);
  }

  private static MemorySegment describe(AttentionParts p) {
    MemorySegment struct = bn_parts.allocate(Arena.ofAuto());
    bn_parts.data(struct, p.data());
    bn_parts.stride(struct, p.stride());
    bn_parts.head_stride(struct, p.headStride());
    bn_parts.first(struct, p.first());
    bn_parts.rows(struct, p.rows());
    return keep(p, struct);
  }

  /** The number of an activation function. */
  static int id(Activation activation) {
    return switch (activation) {
      case RELU_SQUARED -> BitnetLibrary.BN_ACT_RELU2();
      case SILU -> BitnetLibrary.BN_ACT_SILU();
      case GELU -> BitnetLibrary.BN_ACT_GELU();
    };
  }
}
