package org.bitnetj.tokenizer;

import java.util.Arrays;

/**
 * The merges of a byte-level BPE vocabulary: (left id, right id) to rank and result. One
 * open-addressing array with key and value side by side, so that a lookup costs one cache miss,
 * which is most of the cost of a merge. Filled by one thread, then safe to share.
 */
final class MergeTable {
  /** Returned by {@link #find} for a pair without a merge; above every merge. */
  static final long NONE = Long.MAX_VALUE;

  private static final long EMPTY = -1;

  private final long[] slots;
  private final int mask;
  private final long seed;

  MergeTable(int expected) {
    int capacity = capacityFor(expected);
    slots = new long[2 * capacity];
    Arrays.fill(slots, EMPTY);
    mask = capacity - 1;
    seed = mix(System.nanoTime());
  }

  /** Adds a merge; the first of two for the same pair wins. */
  void add(int left, int right, int rank, int result) {
    long key = key(left, right);
    int at = slot(key);
    while (slots[2 * at] != EMPTY) {
      if (slots[2 * at] == key) {
        return;
      }
      at = (at + 1) & mask;
    }
    slots[2 * at] = key;
    slots[2 * at + 1] = (long) rank << 32 | result;
  }

  /** {@code rank << 32 | result}, or {@link #NONE}. */
  long find(int left, int right) {
    long key = key(left, right);
    for (int at = slot(key); ; at = (at + 1) & mask) {
      long found = slots[2 * at];
      if (found == key) {
        return slots[2 * at + 1];
      }
      if (found == EMPTY) {
        return NONE;
      }
    }
  }

  private int slot(long key) {
    return (int) mix(key ^ seed) & mask;
  }

  private static long key(int left, int right) {
    return (long) left << 32 | right;
  }

  /** The smallest power of two that is at most five eighths full with {@code expected} entries. */
  static int capacityFor(int expected) {
    long needed = Math.max(16, (long) expected * 8 / 5 + 1);
    if (needed > 1 << 29) {
      throw new IllegalArgumentException("A table of " + expected + " entries is too big.");
    }
    return Integer.highestOneBit((int) needed - 1) << 1;
  }

  /** Spreads every input bit over all output bits (a multiply-xorshift finalizer). */
  static long mix(long x) {
    x = (x ^ (x >>> 32)) * 0x9E3779B97F4A7C15L;
    x = (x ^ (x >>> 29)) * 0xBF58476D1CE4E5B9L;
    return x ^ (x >>> 32);
  }
}
