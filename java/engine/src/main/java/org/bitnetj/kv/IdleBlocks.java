package org.bitnetj.kv;

import java.util.Arrays;

/**
 * Blocks that no sequence uses and whose text is kept for the next one that begins with it, in the
 * order in which they were last used. A sequence lets go of its blocks from its end on, so what
 * follows a block's text in the tree is always older than the block. As thread-safe as its pool.
 */
final class IdleBlocks {
  static final int NONE = -1;

  private int[] older = {};
  private int[] newer = {};
  private int oldest = NONE;
  private int newest = NONE;
  private int size;

  int size() {
    return size;
  }

  /** The one that was used least recently; {@link #NONE} if there is none. */
  int oldest() {
    return oldest;
  }

  /** Adds a block as the one that was used last. */
  void add(int block) {
    if (block >= older.length) {
      int capacity = Math.max(block + 1, 2 * older.length);
      older = Arrays.copyOf(older, capacity);
      newer = Arrays.copyOf(newer, capacity);
    }
    link(newest, block);
    link(block, NONE);
    size++;
  }

  void remove(int block) {
    link(older[block], newer[block]);
    size--;
  }

  private void link(int first, int second) {
    if (first == NONE) {
      oldest = second;
    } else {
      newer[first] = second;
    }
    if (second == NONE) {
      newest = first;
    } else {
      older[second] = first;
    }
  }
}
