package org.bitnetj.tensor;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import org.bitnetj.memory.NativeMemory;

/**
 * Attention of single chunks of {@link AttentionLayer#CHUNK} positions, before they are merged, so
 * that several threads can share one long row. A row has one part for each chunk of its positions;
 * a part has, for each query head, the weighted sum of the values, the largest score and the sum of
 * the weights. Mutable; writers of different parts or heads do not meet.
 */
public final class AttentionParts extends Operand {
  private final NativeMemory memory;
  private final int queryHeads;
  private final int headDim;
  private final long headStride;
  private final MemorySegment first;
  private MemorySegment rows;
  private MemorySegment data;
  private int capacity;
  private int count;

  /**
   * @param memory owns the parts, also those that more of them have replaced
   * @param batchRows most rows
   */
  public AttentionParts(NativeMemory memory, int batchRows, int queryHeads, int headDim) {
    this.memory = memory;
    this.queryHeads = queryHeads;
    this.headDim = headDim;
    this.headStride = (headDim + 2 + 15L) & ~15L;
    this.first = memory.allocate((long) batchRows * Integer.BYTES);
    this.rows = MemorySegment.NULL;
    this.data = MemorySegment.NULL;
  }

  /** How many parts the rows of a batch have. */
  public static int count(Batch batch) {
    int parts = 0;
    for (int r = 0; r < batch.size(); r++) {
      parts += batch.position(r) / AttentionLayer.CHUNK + 1;
    }
    return parts;
  }

  /** Prepares a part for each chunk of the batch's rows; not while another thread uses them. */
  public void cut(Batch batch) {
    count = count(batch);
    if (count > capacity) { // doubled, so that all there ever were take less than two of the last
      capacity = Math.max(count, 2 * capacity);
      rows = memory.allocate((long) capacity * Integer.BYTES);
      data = memory.allocate(capacity * stride() * Float.BYTES);
      forgetView();
    }
    int part = 0;
    for (int r = 0; r < batch.size(); r++) {
      first.setAtIndex(JAVA_INT, r, part);
      for (int chunks = batch.position(r) / AttentionLayer.CHUNK + 1; chunks > 0; chunks--) {
        rows.setAtIndex(JAVA_INT, part++, r);
      }
    }
  }

  /** How many parts there are now. */
  public int count() {
    return count;
  }

  /** Floats from one part to the next. */
  public long stride() {
    return queryHeads * headStride;
  }

  /** Floats from one query head of a part to the next. */
  public long headStride() {
    return headStride;
  }

  public MemorySegment data() {
    return data;
  }

  /** Each row's first part, int32. */
  public MemorySegment first() {
    return first;
  }

  /** Each part's row, int32. */
  public MemorySegment rows() {
    return rows;
  }

  /** The first part of a row. */
  public int first(int row) {
    return first.getAtIndex(JAVA_INT, row);
  }

  /** The row that a part belongs to. */
  public int row(int part) {
    return rows.getAtIndex(JAVA_INT, part);
  }

  /** Sets one head of a part. */
  public void set(int part, int head, float[] sums, float max, float sum) {
    long at = at(part, head);
    MemorySegment.copy(sums, 0, data, JAVA_FLOAT, at * Float.BYTES, headDim);
    data.setAtIndex(JAVA_FLOAT, at + headDim, max);
    data.setAtIndex(JAVA_FLOAT, at + headDim + 1, sum);
  }

  /** Reads the weighted sum of one head of a part. */
  public void get(int part, int head, float[] sums) {
    MemorySegment.copy(data, JAVA_FLOAT, at(part, head) * Float.BYTES, sums, 0, headDim);
  }

  public float max(int part, int head) {
    return data.getAtIndex(JAVA_FLOAT, at(part, head) + headDim);
  }

  public float sum(int part, int head) {
    return data.getAtIndex(JAVA_FLOAT, at(part, head) + headDim + 1);
  }

  private long at(int part, int head) {
    return part * stride() + head * headStride;
  }
}
