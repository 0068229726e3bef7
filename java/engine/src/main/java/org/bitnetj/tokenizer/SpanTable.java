package org.bitnetj.tokenizer;

import java.util.Arrays;

/**
 * An open-addressing map from byte spans to ids. The spans live in the caller's blob; a slot holds
 * 32 bits of hash and the id, so a miss rarely touches the blob. The hash is a polynomial in an odd
 * multiplier drawn per table, so a hostile vocabulary cannot aim for collisions (except among a few
 * spans of a thousand bytes and more, where every multiplier fails), and the hash of any span of a
 * text follows from the hashes of the text's beginnings. Filled by one thread, then safe to share.
 */
final class SpanTable {
  static final int NONE = -1;

  private final byte[] blob;
  private final int[] offsets;
  private final long multiplier;
  private final long[] slots;
  private final int mask;

  /** The multiplier to the powers of 0 to the length of the longest span. */
  private long[] powers = {1};

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
    reach(to - from);
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

  private void reach(int length) {
    int reached = powers.length;
    if (length >= reached) {
      powers = Arrays.copyOf(powers, length + 1);
      for (int i = reached; i <= length; i++) {
        powers[i] = powers[i - 1] * multiplier;
      }
    }
  }

  /** The id whose span is {@code text[from, to)}, or NONE. */
  int find(byte[] text, int from, int to) {
    return to - from < powers.length ? find(text, from, to, hash(text, from, to)) : NONE;
  }

  /**
   * As {@link #find(byte[], int, int)}, in constant time except to compare with the span found.
   *
   * @param before hash of the text up to {@code from}, by {@link #hashBeginnings}
   * @param after hash of the text up to {@code to}
   */
  int find(byte[] text, int from, int to, long before, long after) {
    int length = to - from;
    return length < powers.length ? find(text, from, to, after - before * powers[length]) : NONE;
  }

  /** Puts the hash of {@code text[from, from + i)} into {@code hashes[i]}. */
  void hashBeginnings(byte[] text, int from, int to, long[] hashes) {
    long hash = 0;
    hashes[0] = hash;
    for (int i = from; i < to; i++) {
      hash = extended(hash, text[i]);
      hashes[i - from + 1] = hash;
    }
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
      hash = extended(hash, text[i]);
    }
    return hash;
  }

  private long extended(long hash, byte next) {
    return hash * multiplier + (next + 129);
  }
}
