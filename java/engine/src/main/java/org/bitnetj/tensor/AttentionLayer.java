package org.bitnetj.tensor;

import java.lang.foreign.MemorySegment;
import org.bitnetj.memory.NativeMemory;

/**
 * One layer's grouped-query attention over its part of the KV cache, which lies in blocks of {@link
 * #CHUNK} positions: in block b, the key (and value) vector of cache head h and the block's
 * position t starts at element {@code b * blockStride + (h * CHUNK + t) * headDim}. Query head q
 * reads cache head {@code q / (queryHeads / kvHeads)}; scores are {@code (q . k) * scale}.
 */
public final class AttentionLayer extends Operand {
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
  private final float scale;
  private final long blockStride;

  /**
   * A view of memory that the caller owns.
   *
   * @param keys starts with block 0's first key; as {@code values}, with padding behind it
   * @param blockStride elements from one block to the next
   */
  public AttentionLayer(
      MemorySegment keys,
      MemorySegment values,
      Type type,
      int queryHeads,
      int kvHeads,
      int headDim,
      float scale,
      long blockStride) {
    if (headDim < 1 || headDim > MAX_HEAD_DIM) {
      throw new IllegalArgumentException(
          "a head of " + headDim + " elements is not in 1.." + MAX_HEAD_DIM);
    }
    this.keys = keys;
    this.values = values;
    this.type = type;
    this.queryHeads = queryHeads;
    this.kvHeads = kvHeads;
    this.headDim = headDim;
    this.scale = scale;
    this.blockStride = blockStride;
  }

  /** A cache of its own for one layer, zeroed, of that many blocks. */
  public static AttentionLayer allocate(
      NativeMemory memory,
      Type type,
      int queryHeads,
      int kvHeads,
      int headDim,
      float scale,
      int blocks) {
    long stride = (long) kvHeads * CHUNK * headDim;
    long bytes = blocks * stride * type.bytes();
    return new AttentionLayer(
        memory.allocate(bytes),
        memory.allocate(bytes),
        type,
        queryHeads,
        kvHeads,
        headDim,
        scale,
        stride);
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

  /** Elements from one block to the next. */
  public long blockStride() {
    return blockStride;
  }

  /** The first element of a cached vector, for a position inside its block. */
  public long offset(int block, int head, int position) {
    return block * blockStride + ((long) head * CHUNK + position) * headDim;
  }

  /** The first element of a vector of a batch row's sequence. */
  public long offset(Batch batch, int row, int head, int position) {
    return offset(batch.block(row, position), head, position % CHUNK);
  }
}
