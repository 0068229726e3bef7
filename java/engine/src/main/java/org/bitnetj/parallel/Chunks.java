package org.bitnetj.parallel;

/**
 * How a {@link ThreadTeam} cuts the items of a phase into chunks, which threads take in rising
 * order: maybe long ones, then all of one grain. Cut by one thread, then read by all.
 */
final class Chunks {
  private final int threads;
  private int items;
  private int grain;

  /** How often a long chunk for each thread comes before those of {@link #grain} items. */
  private int rounds;

  /** Items of a long chunk; 0 if it is a part of those that are left. */
  private int longItems;

  private int multiple;

  Chunks(int threads) {
    this.threads = threads;
  }

  int items() {
    return items;
  }

  /** Cuts by {@code grain}. */
  void cut(int items, int grain) {
    set(items, grain, 0, 0, 1);
  }

  /** Cuts as {@link ThreadTeam#runInTwoSizes} says. */
  void cutInTwoSizes(int items, int large, int small) {
    if (large < 1) {
      throw new IllegalArgumentException("large chunks of " + large + " items");
    }
    long left = small < 1 ? 0 : Math.ceilDiv(items, (long) small) * small; // whole small chunks
    int rounds = 0;
    for (; left >= threads * ((long) large + small); rounds++) {
      left -= threads * (long) large;
    }
    set(items, small, rounds, large, 1);
  }

  /** Cuts as {@link ThreadTeam#runGuided} says. */
  void cutGuided(int items, int least, int most, int multiple) {
    if (Math.min(Math.min(least, most), multiple) < 1) {
      throw new IllegalArgumentException(
          "chunks of " + least + " to " + most + " items, multiples of " + multiple);
    }
    int rounds = 0;
    int left = items;
    for (int size = partOfHalf(left, multiple); size >= most - size; rounds++) {
      left -= threads * size;
      size = partOfHalf(left, multiple);
    }
    set(items, evenGrain(left, least, most, multiple), rounds, 0, multiple);
  }

  private void set(int items, int grain, int rounds, int longItems, int multiple) {
    if (items < 0 || grain < 1) {
      throw new IllegalArgumentException(items + " items in chunks of " + grain);
    }
    this.items = items;
    this.grain = grain;
    this.rounds = rounds;
    this.longItems = longItems;
    this.multiple = multiple;
  }

  private int longChunk(int left) {
    return longItems > 0 ? longItems : partOfHalf(left, multiple);
  }

  /** A thread's part of half of the items that are left. */
  private int partOfHalf(int left, int multiple) {
    return left / (2 * threads) / multiple * multiple;
  }

  int count() {
    int left = items;
    for (int i = 0; i < rounds; i++) {
      left -= threads * longChunk(left);
    }
    return rounds * threads + Math.ceilDiv(left, grain);
  }

  /** The first item of chunk {@code index}; that of the chunk after the last is the end. */
  int begin(int index) {
    int begin = 0;
    for (int i = 0; i < rounds; i++) {
      int length = longChunk(items - begin);
      if (index < threads) {
        return begin + index * length;
      }
      index -= threads;
      begin += threads * length;
    }
    return (int) Math.min(begin + (long) index * grain, items);
  }

  /**
   * A grain that keeps all threads busy to the end: nearly {@code most} items, but at least {@code
   * least}, so that every thread gets the same number of chunks if they take the same time. It is
   * rounded up to a multiple unless the busiest thread would get over an eighth more to do.
   */
  int evenGrain(int items, int least, int most, int multiple) {
    int rounds = Math.max(1, Math.ceilDiv(items, threads * most));
    int even = Math.max(least, Math.ceilDiv(items, threads * rounds));
    int rounded = Math.ceilDiv(even, multiple) * multiple;
    return 8 * busiest(items, rounded) <= 9 * busiest(items, even) ? rounded : even;
  }

  /** Items that one thread has to do if all chunks take the same time. */
  private long busiest(int items, int grain) {
    return (long) Math.ceilDiv(Math.ceilDiv(items, grain), threads) * grain;
  }
}
