package org.bitnetj.tokenizer;

import java.util.Arrays;

/**
 * Merges the symbols of one word until none can be merged: always the pair with the lowest priority
 * value, the leftmost of equals. Short words scan all pairs for the best one; long words keep a
 * heap, so the cost is O(n log n) however long the word. Holds the scratch of one encode call; not
 * thread-safe.
 *
 * <p>A symbol is a byte range of the text, known here by its index; {@link #pair} says what two
 * neighbours would become.
 */
abstract class Merger {
  static final long NONE = MergeTable.NONE;

  /** Up to this many symbols the quadratic scan is faster than a heap. */
  private static final int SHORT = 48;

  /** Id of each symbol, −1 if it is not a token. */
  int[] ids = new int[64];

  /** Where each symbol starts in the text; {@code starts[count]} is the end of the word. */
  int[] starts = new int[65];

  private long[] pairs = new long[64];
  private int[] next = new int[0];
  private int[] previous = new int[0];
  private final LongHeap heap = new LongHeap();

  /**
   * The merge of two neighbours whose bytes together are {@code [start, end)}: {@code priority <<
   * 32 | result id}, or NONE.
   */
  abstract long pair(int leftId, int rightId, int start, int end);

  /** Makes room for {@code count} symbols. */
  final void reserve(int count) {
    if (ids.length < count) {
      int capacity = Math.max(count, ids.length * 2);
      ids = Arrays.copyOf(ids, capacity);
      starts = Arrays.copyOf(starts, capacity + 1);
      pairs = new long[capacity];
    }
  }

  /**
   * Merges the first {@code count} symbols, given in {@code ids} and {@code starts}.
   *
   * @return how many are left, compacted to the front of {@code ids} and {@code starts}
   */
  final int merge(int count) {
    for (int i = 0; i + 1 < count; i++) {
      pairs[i] = pair(ids[i], ids[i + 1], starts[i], starts[i + 2]);
    }
    return count <= SHORT ? mergeShort(count) : mergeLong(count);
  }

  private int mergeShort(int symbols) {
    int count = symbols;
    while (count > 1) {
      int best = 0;
      int bestPriority = (int) (pairs[0] >>> 32);
      for (int i = 1; i < count - 1; i++) {
        int priority = (int) (pairs[i] >>> 32);
        if (priority < bestPriority) {
          best = i;
          bestPriority = priority;
        }
      }
      if (pairs[best] == NONE) {
        break;
      }
      ids[best] = (int) pairs[best];
      count--;
      int moved = count - best - 1;
      System.arraycopy(ids, best + 2, ids, best + 1, moved);
      System.arraycopy(starts, best + 2, starts, best + 1, moved + 1);
      if (best + 1 < count) {
        System.arraycopy(pairs, best + 2, pairs, best + 1, Math.max(0, moved - 1));
        pairs[best] = pair(ids[best], ids[best + 1], starts[best], starts[best + 2]);
      }
      if (best > 0) {
        pairs[best - 1] = pair(ids[best - 1], ids[best], starts[best - 1], starts[best + 1]);
      }
    }
    return count;
  }

  private int mergeLong(int count) {
    linkAndHeap(count);
    while (heap.size() > 0) {
      long top = heap.pop();
      int at = (int) top;
      long pair = pairs[at];
      if (pair >>> 32 != top >>> 32 || pair == NONE) {
        continue; // the pair this entry was pushed for has changed since
      }
      int right = next[at];
      int after = next[right];
      ids[at] = (int) pair;
      pairs[right] = NONE;
      next[at] = after;
      if (after < count) {
        previous[after] = at;
      }
      refresh(at, count);
      if (at > 0) {
        refresh(previous[at], count);
      }
    }
    int kept = 0;
    int end = starts[count];
    for (int at = 0; at < count; at = next[at]) {
      ids[kept] = ids[at];
      starts[kept++] = starts[at];
    }
    starts[kept] = end;
    return kept;
  }

  private void linkAndHeap(int count) {
    if (next.length < count) {
      next = new int[count];
      previous = new int[count];
    }
    heap.clear();
    for (int i = 0; i < count; i++) {
      next[i] = i + 1;
      previous[i] = i - 1;
      if (i + 1 < count && pairs[i] != NONE) {
        heap.append(entry(pairs[i], i));
      }
    }
    pairs[count - 1] = NONE;
    heap.build();
  }

  /** Recomputes the pair that starts at symbol {@code at}. */
  private void refresh(int at, int count) {
    int right = next[at];
    if (right >= count) {
      pairs[at] = NONE;
      return;
    }
    long pair = pair(ids[at], ids[right], starts[at], starts[next[right]]);
    pairs[at] = pair;
    if (pair != NONE) {
      heap.push(entry(pair, at));
    }
  }

  /** What the heap orders pairs by: the priority, then the place. */
  private static long entry(long pair, int at) {
    return (pair & 0xFFFFFFFF00000000L) | at;
  }
}
