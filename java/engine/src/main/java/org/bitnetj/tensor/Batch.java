package org.bitnetj.tensor;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import org.bitnetj.memory.NativeMemory;

/**
 * The rows of one step: each a token at a position of a cached sequence, and whether its logits are
 * wanted. Prefill, decode and batched serving are all one of these. A sequence is known by its
 * block table: int32 numbers of the blocks of {@link AttentionLayer#CHUNK} positions that hold it.
 * Mutable; not thread-safe.
 */
public final class Batch extends Operand {
  private final int capacity;
  private final MemorySegment[] tables;
  private final MemorySegment addresses; // of the tables, for C
  private final MemorySegment positions;
  private final MemorySegment tokens;
  private final int[] logitsRows;
  private int size;
  private int logitsCount;

  /** An empty batch with room for {@code capacity} rows. */
  public Batch(NativeMemory memory, int capacity) {
    this.capacity = capacity;
    this.tables = new MemorySegment[capacity];
    this.addresses = memory.allocate((long) capacity * Long.BYTES);
    this.positions = memory.allocate((long) capacity * Integer.BYTES);
    this.tokens = memory.allocate((long) capacity * Integer.BYTES);
    this.logitsRows = new int[capacity];
  }

  /** A block table in native memory: entry i is the block of positions 256 i to 256 i + 255. */
  public static MemorySegment table(NativeMemory memory, int... blocks) {
    MemorySegment table = memory.allocate((long) blocks.length * Integer.BYTES);
    MemorySegment.copy(blocks, 0, table, JAVA_INT, 0, blocks.length);
    return table;
  }

  public void clear() {
    size = 0;
    logitsCount = 0;
  }

  /**
   * Adds a row. Rows of one sequence must come in rising positions.
   *
   * @param blocks the sequence's block table, in native memory that outlives the step, with the
   *     block of every position up to this one
   * @return which row of the step's logits it gets, or -1 without logits
   */
  public int add(MemorySegment blocks, int position, int token, boolean logits) {
    if (size == capacity) {
      throw new IllegalStateException("the batch holds " + capacity + " rows at most");
    }
    tables[size] = blocks;
    addresses.setAtIndex(JAVA_LONG, size, blocks.address());
    positions.setAtIndex(JAVA_INT, size, position);
    tokens.setAtIndex(JAVA_INT, size, token);
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

  /** Addresses of the rows' block tables, int64. */
  public MemorySegment addresses() {
    return addresses;
  }

  /** Positions of the rows, int32. */
  public MemorySegment positions() {
    return positions;
  }

  /** Tokens of the rows, int32. */
  public MemorySegment tokens() {
    return tokens;
  }

  /** The block table of a row's sequence. */
  public MemorySegment blocks(int row) {
    return tables[row];
  }

  /** The block that holds a position of a row's sequence. */
  public int block(int row, int position) {
    return tables[row].getAtIndex(JAVA_INT, position / AttentionLayer.CHUNK);
  }

  public int position(int row) {
    return positions.getAtIndex(JAVA_INT, row);
  }

  public int token(int row) {
    return tokens.getAtIndex(JAVA_INT, row);
  }

  /** How many rows need logits. */
  public int logitsCount() {
    return logitsCount;
  }

  /** The batch row that logits row {@code i} belongs to. */
  public int logitsRow(int i) {
    return logitsRows[i];
  }
}
