package org.bitnetj.model;

import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.kv.BlockPool;
import org.bitnetj.kv.BlockTable;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.tensor.Batch;
import org.jspecify.annotations.Nullable;

/**
 * The rows that one forward pass computes: tokens of any sequences of one pool, of which some need
 * logits. Prefill, decode, batched serving and verifying a draft are all one of these, and the bits
 * of a row never depend on the others. Mutable; not thread-safe.
 */
public final class Step {
  private final int vocabulary;
  private final int logitsCapacity;
  private final Batch rows;
  private final BlockTable[] sequences; // in the order they were added
  private final int[] added; // rows of each
  private final LogitsNeed[] needs; // of each row with logits
  private int count; // of sequences
  private @Nullable BlockPool pool;

  /**
   * @param capacity most rows
   * @param logitsCapacity most rows with logits
   */
  Step(NativeMemory memory, int vocabulary, int capacity, int logitsCapacity) {
    this.vocabulary = vocabulary;
    this.logitsCapacity = logitsCapacity;
    this.rows = new Batch(memory, capacity);
    this.sequences = new BlockTable[capacity];
    this.added = new int[capacity];
    this.needs = new LogitsNeed[logitsCapacity];
  }

  /** Takes all rows out. */
  public void clear() {
    rows.clear();
    count = 0;
    pool = null;
  }

  /**
   * Whether a sequence can be added: not if the step has rows of another pool, or of it already.
   */
  public boolean accepts(BlockTable sequence) {
    for (int i = 0; i < count; i++) {
      if (sequences[i] == sequence) {
        return false;
      }
    }
    return pool == null || pool == sequence.pool();
  }

  /**
   * Adds tokens {@code [from, to)} of {@code ids} as the next ones of a sequence, which keeps room
   * for them; {@link #commit} makes it longer.
   *
   * @param logitsFrom the first token whose logits are needed
   * @param need which of them must be right; the others may be −∞
   * @throws ContextOverflowException if they do not fit the sequence's context
   * @throws IllegalArgumentException if a token is not in the vocabulary, or the step has no room
   *     or does not accept the sequence
   * @throws org.bitnetj.error.KvCacheFullException if no memory is left; nothing has changed
   */
  public void add(
      BlockTable sequence, int[] ids, int from, int to, int logitsFrom, LogitsNeed need) {
    int start = sequence.length();
    int logits = Math.max(0, to - Math.max(from, logitsFrom));
    if (!accepts(sequence)
        || to - from > capacity() - size()
        || logits > logitsCapacity - logitsCount()) {
      throw new IllegalArgumentException(
          "a step of %d rows, %d with logits, has no room for %d more, %d with logits, or none of that cache or sequence"
              .formatted(size(), logitsCount(), to - from, logits));
    }
    if (to - from > sequence.context() - start) {
      throw new ContextOverflowException(
          "%d tokens after %d do not fit a context of %d; use a larger context or a shorter text."
              .formatted(to - from, start, sequence.context()));
    }
    for (int i = from; i < to; i++) {
      if (ids[i] < 0 || ids[i] >= vocabulary) {
        throw new IllegalArgumentException(
            "token %d is not in the vocabulary of %d".formatted(ids[i], vocabulary));
      }
    }
    sequence.append(ids, from, to);
    pool = sequence.pool();
    sequences[count] = sequence;
    added[count++] = to - from;
    for (int i = from; i < to; i++) {
      int row = rows.add(sequence.blocks(), start + i - from, ids[i], i >= logitsFrom);
      if (row >= 0) {
        needs[row] = need;
      }
    }
  }

  /** Makes the sequences longer by what was computed; after the forward pass. */
  public void commit() {
    for (int i = 0; i < count; i++) {
      sequences[i].extend(added[i]);
    }
  }

  /** The rows for kernels. */
  Batch rows() {
    return rows;
  }

  /** The pool of all its sequences; null if there are none. */
  @Nullable BlockPool pool() {
    return pool;
  }

  /** Which logits each row with logits needs. */
  LogitsNeed[] needs() {
    return needs;
  }

  /** Rows. */
  public int size() {
    return rows.size();
  }

  /** Most rows. */
  public int capacity() {
    return rows.capacity();
  }

  /** Rows with logits. */
  public int logitsCount() {
    return rows.logitsCount();
  }

  /** Most rows with logits. */
  public int logitsCapacity() {
    return logitsCapacity;
  }
}
