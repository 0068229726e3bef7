package org.bitnetj.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitnetj.memory.NativeMemory;

/**
 * The rows of one step: each a token at a position of a cached sequence, and whether its logits are
 * wanted. Prefill, decode and batched serving are all one of these. Mutable, for one thread.
 */
public final class Batch {
  private final int capacity;
  private final MemorySegment sequences;
  private final MemorySegment positions;
  private final MemorySegment tokens;
  private final int[] logitsRows;
  private int size;
  private int logitsCount;

  /** An empty batch with room for {@code capacity} rows. */
  public Batch(NativeMemory memory, int capacity) {
    this.capacity = capacity;
    long bytes = (long) capacity * Integer.BYTES;
    this.sequences = memory.allocate(bytes);
    this.positions = memory.allocate(bytes);
    this.tokens = memory.allocate(bytes);
    this.logitsRows = new int[capacity];
  }

  public void clear() {
    size = 0;
    logitsCount = 0;
  }

  /**
   * Adds a row. Rows of one sequence must come in rising positions, gapless where their keys are
   * yet to be stored.
   *
   * @return which row of the step's logits it gets, or -1 without logits
   */
  public int add(int sequence, int position, int token, boolean logits) {
    if (size == capacity) {
      throw new IllegalStateException("the batch holds " + capacity + " rows at most");
    }
    sequences.setAtIndex(ValueLayout.JAVA_INT, size, sequence);
    positions.setAtIndex(ValueLayout.JAVA_INT, size, position);
    tokens.setAtIndex(ValueLayout.JAVA_INT, size, token);
    int logitsRow = -1;
    if (logits) {
      logitsRow = logitsCount;
      logitsRows[logitsCount++] = size;
    }
    size++;
    return logitsRow;
  }

  public int size() {
    return size;
  }

  public int capacity() {
    return capacity;
  }

  public int sequence(int row) {
    return sequences.getAtIndex(ValueLayout.JAVA_INT, row);
  }

  public int position(int row) {
    return positions.getAtIndex(ValueLayout.JAVA_INT, row);
  }

  public int token(int row) {
    return tokens.getAtIndex(ValueLayout.JAVA_INT, row);
  }

  /** The sequence of each row, int32. */
  public MemorySegment sequences() {
    return sequences;
  }

  /** The position of each row, int32. */
  public MemorySegment positions() {
    return positions;
  }

  /** The token of each row, int32. */
  public MemorySegment tokens() {
    return tokens;
  }

  /** How many rows want logits. */
  public int logitsCount() {
    return logitsCount;
  }

  /** The batch row that logits row {@code i} belongs to. */
  public int logitsRow(int i) {
    return logitsRows[i];
  }
}
