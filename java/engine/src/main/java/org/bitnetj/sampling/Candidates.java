package org.bitnetj.sampling;

import java.util.Arrays;

/**
 * The tokens that may be drawn, with their logits: all of a vocabulary or the best k of it. After
 * {@link #sort} they lie in falling order of logit, ties in rising order of id.
 *
 * <p>A token is one long that sorts as it should: the complement of the logit's order in the upper
 * half, the id in the lower. For few tokens the best are kept in a heap with the worst at its root,
 * so nearly every token of a vocabulary costs one comparison; for many all are gathered and radix
 * sorted. Nothing is allocated after construction.
 */
final class Candidates {
  /** Up to this many the heap is faster than sorting a large vocabulary. */
  static final int HEAP_LIMIT = 1024;

  private static final int DIGIT_BITS = 11;
  private static final int DIGITS = 3;
  private static final int RADIX = 1 << DIGIT_BITS;

  private final int limit;
  private final boolean heap;
  private final int[] counts;
  private long[] entries;
  private long[] scratch;
  private int size;

  /** For at most the {@code limit} best of {@code vocabulary} tokens. */
  Candidates(int vocabulary, int limit) {
    this.limit = limit;
    this.heap = limit <= HEAP_LIMIT && limit < vocabulary;
    this.entries = new long[heap ? limit : vocabulary];
    this.scratch = new long[heap ? 0 : vocabulary];
    this.counts = new int[heap ? 0 : DIGITS * RADIX];
  }

  void clear() {
    size = 0;
  }

  /** How many there are. */
  int size() {
    return size;
  }

  /** A logit must be above this to be worth adding, given that ids come in rising order. */
  float threshold() {
    return heap && size == limit ? logit(0) : Float.NEGATIVE_INFINITY;
  }

  /** Adds a token with a finite logit above {@link #threshold}. Ids must come in rising order. */
  void add(int token, float logit) {
    // Adding +0 makes -0 and +0 one logit.
    int bits = Float.floatToRawIntBits(logit + 0.0f);
    long entry = (long) ~order(bits) << 32 | token;
    if (!heap) {
      entries[size++] = entry;
    } else if (size < limit) {
      rise(size++, entry);
    } else {
      sink(0, entry);
    }
  }

  /** Sorts them and drops all but the best {@code limit}. */
  void sort() {
    if (heap) {
      int all = size;
      while (size > 1) {
        long worst = entries[0];
        long last = entries[--size];
        sink(0, last);
        entries[size] = worst;
      }
      size = all;
    } else {
      radixSort();
      size = Math.min(size, limit);
    }
  }

  int token(int i) {
    return (int) entries[i];
  }

  float logit(int i) {
    return Float.intBitsToFloat(order(~(int) (entries[i] >> 32)));
  }

  /** Maps float bits to integers of the same order, and back. */
  private static int order(int bits) {
    return bits ^ (bits >> 31 & Integer.MAX_VALUE);
  }

  private void rise(int at, long entry) {
    while (at > 0) {
      int parent = (at - 1) >>> 1;
      if (entries[parent] >= entry) {
        break;
      }
      entries[at] = entries[parent];
      at = parent;
    }
    entries[at] = entry;
  }

  private void sink(int at, long entry) {
    while (true) {
      int child = 2 * at + 1;
      if (child >= size) {
        break;
      }
      if (child + 1 < size && entries[child + 1] > entries[child]) {
        child++;
      }
      if (entry >= entries[child]) {
        break;
      }
      entries[at] = entries[child];
      at = child;
    }
    entries[at] = entry;
  }

  /** By the upper half, least digit first; stable, so the rising ids stay in order among ties. */
  private void radixSort() {
    Arrays.fill(counts, 0);
    for (int i = 0; i < size; i++) {
      for (int digit = 0; digit < DIGITS; digit++) {
        counts[digit * RADIX + digitOf(entries[i], digit)]++;
      }
    }
    for (int digit = 0; digit < DIGITS; digit++) {
      int start = 0;
      for (int i = digit * RADIX; i < (digit + 1) * RADIX; i++) {
        int count = counts[i];
        counts[i] = start;
        start += count;
      }
      for (int i = 0; i < size; i++) {
        scratch[counts[digit * RADIX + digitOf(entries[i], digit)]++] = entries[i];
      }
      long[] sorted = scratch;
      scratch = entries;
      entries = sorted;
    }
  }

  private static int digitOf(long entry, int digit) {
    int key = (int) (entry >> 32) ^ Integer.MIN_VALUE;
    return key >>> digit * DIGIT_BITS & RADIX - 1;
  }
}
