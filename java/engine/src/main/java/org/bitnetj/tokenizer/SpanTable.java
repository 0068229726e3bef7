package org.bitnetj.tokenizer;

import java.util.Arrays;

/**
 * An open-addressing map from byte spans to ids. The spans live in the caller's blob; a slot holds
 * 32 bits of hash and the id, so a miss rarely touches the blob. The hash is a polynomial in an odd
 * multiplier drawn per table, so a hostile vocabulary cannot aim for collisions. Filled by one
 * thread, then safe to share.
 */
final class SpanTable {
  static final int NONE = -1;

  private final byte[] blob;
  private final int[] offsets;
  private final long multiplier;
  private final long[] slots;
  private final int mask;

  /**
   * @param blob bytes of every span
   * @param offsets span {@code id} is {@code [offsets[id], offsets[id + 1])}
   */
  SpanTable(byte[] blob, int[] offsets, int expected) {
    this.blob = blob;
    this.offsets = offsets;
    this.multiplier = MergeTable.mix(System.nanoTime()) | 1;
    int capacity = MergeTable.capacityFor(expected);
    this.slots = new long[capacity];
    this.mask = capacity - 1;
  }

  /** Adds span {@code id}; returns the id that already has the same bytes, or NONE. */
  int add(int id) {
    int from = offsets[id];
    int to = offsets[id + 1];
    long hash = MergeTable.mix(hash(blob, from, to));
    int at = (int) hash & mask;
    long tag = hash >>> 32;
    for (; slots[at] != 0; at = (at + 1) & mask) {
      if (slots[at] >>> 32 == tag && equal((int) slots[at] - 1, blob, from, to)) {
        return (int) slots[at] - 1;
      }
    }
    slots[at] = tag << 32 | (id + 1);
    return NONE;
  }

  /** The id whose span is {@code text[from, to)}, or NONE. */
  int find(byte[] text, int from, int to) {
    return find(text, from, to, hash(text, from, to));
  }

  private int find(byte[] text, int from, int to, long rawHash) {
    long hash = MergeTable.mix(rawHash);
    long tag = hash >>> 32;
    for (int at = (int) hash & mask; slots[at] != 0; at = (at + 1) & mask) {
      if (slots[at] >>> 32 == tag && equal((int) slots[at] - 1, text, from, to)) {
        return (int) slots[at] - 1;
      }
    }
    return NONE;
  }

  private boolean equal(int id, byte[] text, int from, int to) {
    int offset = offsets[id];
    return offsets[id + 1] - offset == to - from
        && Arrays.equals(blob, offset, offset + (to - from), text, from, to);
  }

  private long hash(byte[] text, int from, int to) {
    long hash = 0;
    for (int i = from; i < to; i++) {
      hash = hash * multiplier + (text[i] + 129);
    }
    return hash;
  }
}
