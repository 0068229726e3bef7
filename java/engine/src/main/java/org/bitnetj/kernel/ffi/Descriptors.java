package org.bitnetj.kernel.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.bitnetj.kernel.ffi.bindings.BitnetLibrary;
import org.bitnetj.kernel.ffi.bindings.bn_attention;
import org.bitnetj.kernel.ffi.bindings.bn_batch;
import org.bitnetj.kernel.ffi.bindings.bn_bounds;
import org.bitnetj.kernel.ffi.bindings.bn_digits;
import org.bitnetj.kernel.ffi.bindings.bn_matrix;
import org.bitnetj.kernel.ffi.bindings.bn_norm;
import org.bitnetj.kernel.ffi.bindings.bn_parts;
import org.bitnetj.kernel.ffi.bindings.bn_quantized;
import org.bitnetj.kernel.ffi.bindings.bn_rope;
import org.bitnetj.kernel.ffi.bindings.bn_rows;
import org.bitnetj.kernel.ffi.bindings.bn_sketch;
import org.bitnetj.kernel.ffi.bindings.bn_strips;
import org.bitnetj.kernel.ffi.bindings.bn_ternary;
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
import org.bitnetj.tensor.TernaryScales;
import org.bitnetj.tensor.TernaryVectors;

/**
 * C's views of the operands of one call: each method writes the struct of {@code bitnet.h} that
 * describes an operand as it is now and returns it, valid until this thread describes the next one
 * of its kind. One struct of a kind is enough for every function, two of rows. They are a thread's
 * own, in native memory that goes with it, so that calls neither share nor allocate anything.
 */
final class Descriptors {
  private static final ThreadLocal<Descriptors> OF_THREAD =
      ThreadLocal.withInitial(Descriptors::new);

  private final MemorySegment rows;
  private final MemorySegment otherRows;
  private final MemorySegment quantized;
  private final MemorySegment ternary;
  private final MemorySegment vectors;
  private final MemorySegment matrix;
  private final MemorySegment lowBit;
  private final MemorySegment activation;
  private final MemorySegment bounds;
  private final MemorySegment norm;
  private final MemorySegment rope;
  private final MemorySegment batch;
  private final MemorySegment attention;
  private final MemorySegment parts;

  private Descriptors() {
    Arena arena = Arena.ofAuto();
    this.rows = bn_rows.allocate(arena);
    this.otherRows = bn_rows.allocate(arena);
    this.quantized = bn_quantized.allocate(arena);
    this.ternary = bn_ternary.allocate(arena);
    this.vectors = bn_strips.allocate(arena);
    this.matrix = bn_matrix.allocate(arena);
    this.lowBit = bn_sketch.allocate(arena);
    this.activation = bn_digits.allocate(arena);
    this.bounds = bn_bounds.allocate(arena);
    this.norm = bn_norm.allocate(arena);
    this.rope = bn_rope.allocate(arena);
    this.batch = bn_batch.allocate(arena);
    this.attention = bn_attention.allocate(arena);
    this.parts = bn_parts.allocate(arena);
  }

  /** Those of the calling thread. */
  static Descriptors ofThread() {
    return OF_THREAD.get();
  }

  /** The first rows of a call. */
  MemorySegment of(FloatRows x) {
    return describe(x, rows);
  }

  /** The second rows of a call. */
  MemorySegment ofOther(FloatRows y) {
    return describe(y, otherRows);
  }

  private static MemorySegment describe(FloatRows x, MemorySegment struct) {
    bn_rows.data(struct, x.data());
    bn_rows.stride(struct, x.stride());
    bn_rows.columns(struct, x.columns());
    bn_rows.capacity(struct, x.capacity());
    return struct;
  }

  MemorySegment of(QuantizedRows a) {
    bn_quantized.values(quantized, a.values());
    bn_quantized.scales(quantized, a.scales());
    bn_quantized.sums(quantized, a.sums());
    bn_quantized.stride(quantized, a.stride());
    bn_quantized.columns(quantized, a.columns());
    bn_quantized.capacity(quantized, a.capacity());
    return quantized;
  }

  MemorySegment of(TernaryMatrix w) {
    bn_ternary.panels(ternary, w.panels());
    bn_ternary.rows(ternary, w.rows());
    bn_ternary.columns(ternary, w.columns());
    bn_ternary.layout(ternary, w.layout().id());
    bn_ternary.largest_digit(ternary, w.largestDigit());
    float scale = Float.NaN;
    MemorySegment rowScales = MemorySegment.NULL;
    MemorySegment groupScales = MemorySegment.NULL;
    int groupColumns = 0;
    switch (w.scales()) {
      case TernaryScales.Tensor one -> scale = one.scale();
      case TernaryScales.Rows rows -> rowScales = rows.scales();
      case TernaryScales.Groups groups -> {
        groupScales = groups.scales();
        groupColumns = groups.columns();
      }
    }
    bn_ternary.scale(ternary, scale);
    bn_ternary.row_scales(ternary, rowScales);
    bn_ternary.group_scales(ternary, groupScales);
    bn_ternary.group_columns(ternary, groupColumns);
    return ternary;
  }

  MemorySegment of(TernaryVectors w) {
    bn_strips.digits(vectors, w.digits());
    bn_strips.stride(vectors, w.stride());
    bn_strips.rows(vectors, w.rows());
    bn_strips.columns(vectors, w.columns());
    bn_strips.direction(
        vectors,
        switch (w.order()) {
          case ROW_MAJOR -> BitnetLibrary.BN_STRIPS_ROWS();
          case COLUMN_MAJOR -> BitnetLibrary.BN_STRIPS_COLUMNS();
        });
    bn_strips.scale(vectors, w.scale());
    return vectors;
  }

  MemorySegment of(FloatMatrix m) {
    bn_matrix.data(matrix, m.data());
    bn_matrix.row_bytes(matrix, m.rowBytes());
    bn_matrix.rows(matrix, m.rows());
    bn_matrix.columns(matrix, m.columns());
    bn_matrix.type(matrix, m.format().id());
    return matrix;
  }

  MemorySegment of(LowBitMatrix m) {
    bn_sketch.coarse(lowBit, m.coarse());
    bn_sketch.fine(lowBit, m.fine());
    bn_sketch.facts(lowBit, m.scalesAndNorms());
    bn_sketch.rows(lowBit, m.rows());
    bn_sketch.columns(lowBit, m.columns());
    return lowBit;
  }

  MemorySegment of(Activation16 x) {
    bn_digits.high(activation, x.high());
    bn_digits.low(activation, x.low());
    bn_digits.high_sum(activation, x.highSum());
    bn_digits.low_sum(activation, x.lowSum());
    bn_digits.scale(activation, x.scale());
    bn_digits.error_weight(activation, x.errorWeight());
    bn_digits.norm_weight(activation, x.normWeight());
    bn_digits.slack(activation, x.slack());
    return activation;
  }

  MemorySegment of(LogitBounds b) {
    bn_bounds.lower(bounds, b.lower());
    bn_bounds.upper(bounds, b.upper());
    bn_bounds.sums(bounds, b.sums());
    bn_bounds.panel_lower(bounds, b.panelLower());
    bn_bounds.panel_upper(bounds, b.panelUpper());
    bn_bounds.panel_refined(bounds, b.panelRefined());
    return bounds;
  }

  MemorySegment of(Norm n) {
    bn_norm.weight(norm, n.weight());
    bn_norm.columns(norm, n.columns());
    bn_norm.epsilon(norm, n.epsilon());
    return norm;
  }

  MemorySegment of(Rope r) {
    bn_rope.cosines(rope, r.cosines());
    bn_rope.sines(rope, r.sines());
    bn_rope.pairs(rope, r.pairs());
    bn_rope.head_dim(rope, r.headDim());
    bn_rope.style(
        rope,
        switch (r.style()) {
          case HALVES -> BitnetLibrary.BN_ROPE_HALVES();
          case ADJACENT -> BitnetLibrary.BN_ROPE_ADJACENT();
        });
    bn_rope.positions(rope, r.positions());
    return rope;
  }

  MemorySegment of(Batch b) {
    bn_batch.blocks(batch, b.addresses());
    bn_batch.positions(batch, b.positions());
    bn_batch.tokens(batch, b.tokens());
    return batch;
  }

  MemorySegment of(AttentionLayer layer) {
    bn_attention.keys(attention, layer.keys());
    bn_attention.values(attention, layer.values());
    bn_attention.block_stride(attention, layer.blockStride());
    bn_attention.query_heads(attention, layer.queryHeads());
    bn_attention.kv_heads(attention, layer.kvHeads());
    bn_attention.head_dim(attention, layer.headDim());
    bn_attention.scale(attention, layer.scale());
    bn_attention.type(
        attention,
        switch (layer.type()) {
          case F16 -> BitnetLibrary.BN_TYPE_F16();
          case F32 -> BitnetLibrary.BN_TYPE_F32();
        });
    return attention;
  }

  MemorySegment of(AttentionParts p) {
    bn_parts.data(parts, p.data());
    bn_parts.stride(parts, p.stride());
    bn_parts.head_stride(parts, p.headStride());
    bn_parts.first(parts, p.first());
    bn_parts.rows(parts, p.rows());
    return parts;
  }

  /** The number of an activation function. */
  static int id(Activation activation) {
    return switch (activation) {
      case RELU_SQUARED -> BitnetLibrary.BN_ACT_RELU2();
      case SILU -> BitnetLibrary.BN_ACT_SILU();
    };
  }
}
