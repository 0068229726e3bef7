package org.bitnetj.kernel;

import java.lang.foreign.MemorySegment;
import org.bitnetj.kernel.ffi.bindings.BitnetLibrary;
import org.bitnetj.kernel.ffi.bindings.bn_attention;
import org.bitnetj.memory.NativeMemory;

/**
 * One layer's grouped-query attention over its part of the KV cache: the key (and value) vector of
 * sequence s, cache head h and position t starts at element {@code s * sequenceStride + h *
 * headStride + t * headDim}. Query head q reads cache head {@code q / (queryHeads / kvHeads)};
 * scores are {@code (q . k) * scale}.
 */
public final class AttentionLayer {
  /** How keys and values are stored. */
  public enum Type {
    /** Rounded half-even on store, exact on load: half the memory and bandwidth. */
    F16(BitnetLibrary.BN_TYPE_F16(), Short.BYTES),
    /** As computed. */
    F32(BitnetLibrary.BN_TYPE_F32(), Float.BYTES);

    private final int nativeId;
    private final int bytes;

    Type(int nativeId, int bytes) {
      this.nativeId = nativeId;
      this.bytes = bytes;
    }

    /** Bytes of one element. */
    public int bytes() {
      return bytes;
    }
  }

  private final MemorySegment keys;
  private final MemorySegment values;
  private final MemorySegment struct;
  private final Type type;
  private final int queryHeads;
  private final int kvHeads;
  private final int headDim;
  private final long headStride;
  private final long sequenceStride;
  private final float scale;

  /** Room for {@code sequences} sequences of {@code context} positions, zeroed. */
  public AttentionLayer(
      NativeMemory memory,
      Type type,
      int queryHeads,
      int kvHeads,
      int headDim,
      float scale,
      int sequences,
      int context) {
    this.type = type;
    this.queryHeads = queryHeads;
    this.kvHeads = kvHeads;
    this.headDim = headDim;
    this.scale = scale;
    this.headStride = (long) context * headDim;
    this.sequenceStride = kvHeads * headStride;
    long bytes = sequences * sequenceStride * type.bytes;
    this.keys = memory.allocate(bytes);
    this.values = memory.allocate(bytes);
    this.struct = memory.allocate(bn_attention.sizeof());
    bn_attention.keys(struct, keys);
    bn_attention.values(struct, values);
    bn_attention.sequence_stride(struct, sequenceStride);
    bn_attention.head_stride(struct, headStride);
    bn_attention.query_heads(struct, queryHeads);
    bn_attention.kv_heads(struct, kvHeads);
    bn_attention.head_dim(struct, headDim);
    bn_attention.scale(struct, scale);
    bn_attention.type(struct, type.nativeId);
  }

  public MemorySegment keys() {
    return keys;
  }

  public MemorySegment values() {
    return values;
  }

  /** The {@code bn_attention} that describes it to C. */
  public MemorySegment struct() {
    return struct;
  }

  public Type type() {
    return type;
  }

  public int queryHeads() {
    return queryHeads;
  }

  public int kvHeads() {
    return kvHeads;
  }

  public int headDim() {
    return headDim;
  }

  public float scale() {
    return scale;
  }

  /** The first element of a cached vector. */
  public long offset(int sequence, int head, int position) {
    return sequence * sequenceStride + head * headStride + (long) position * headDim;
  }
}
