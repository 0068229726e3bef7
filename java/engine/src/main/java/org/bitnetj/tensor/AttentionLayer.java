package org.bitnetj.tensor;

import java.lang.foreign.MemorySegment;
import org.bitnetj.memory.NativeMemory;

/**
 * One layer's grouped-query attention over its part of the KV cache: the key (and value) vector of
 * sequence s, cache head h and position t starts at element {@code s * sequenceStride + h *
 * headStride + t * headDim}. Query head q reads cache head {@code q / (queryHeads / kvHeads)};
 * scores are {@code (q . k) * scale}.
 */
public final class AttentionLayer {
  /** Positions that are computed together; these chunks merge in rising order. */
  public static final int CHUNK = 256;

  /** Most elements of a head. */
  public static final int MAX_HEAD_DIM = 512;

  /** How keys and values are stored. */
  public enum Type {
    /** Rounded half-even on store, exact on load: half the memory and bandwidth. */
    F16(Short.BYTES),
    /** As computed. */
    F32(Float.BYTES);

    private final int bytes;

    Type(int bytes) {
      this.bytes = bytes;
    }

    /** Bytes of one element. */
    public int bytes() {
      return bytes;
    }
  }

  private final MemorySegment keys;
  private final MemorySegment values;
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
  }

  public MemorySegment keys() {
    return keys;
  }

  public MemorySegment values() {
    return values;
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

  /** Elements from one cache head to the next. */
  public long headStride() {
    return headStride;
  }

  /** Elements from one sequence to the next. */
  public long sequenceStride() {
    return sequenceStride;
  }

  /** The first element of a cached vector. */
  public long offset(int sequence, int head, int position) {
    return sequence * sequenceStride + head * headStride + (long) position * headDim;
  }
}
