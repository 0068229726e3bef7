package org.bitnetj.kv;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitnetj.error.KvCacheFullException;

/**
 * One sequence: its tokens and where their keys and values are, block by block. Blocks whose text
 * begins alike may be shared with other sequences; a block is written only by a sequence that uses
 * it alone. As thread-safe as its pool.
 */
public final class BlockTable {
  private static final int POSITIONS = BlockPool.POSITIONS;

  private final BlockPool pool;
  private final PrefixTree tree;
  private final MemorySegment blocks;
  private final int context;
  private int count; // of blocks
  private int length; // of positions

  BlockTable(BlockPool pool, int context) {
    if (context < 1) {
      throw new IllegalArgumentException("a sequence needs at least 1 position, not " + context);
    }
    this.pool = pool;
    this.tree = pool.tree();
    this.context = context;
    this.blocks = Arena.ofAuto().allocate(4L * Math.ceilDiv(context, POSITIONS), 64);
  }

  public BlockPool pool() {
    return pool;
  }

  /** Positions the sequence may have at most. */
  public int context() {
    return context;
  }

  /** Positions whose keys and values are there. */
  public int length() {
    return length;
  }

  /** The blocks' numbers, int32, for kernels; those of the positions that are there or reserved. */
  public MemorySegment blocks() {
    return blocks;
  }

  /** The token at a position that is there. */
  public int token(int position) {
    return pool.token(block(position / POSITIONS), position % POSITIONS);
  }

  private int block(int index) {
    return blocks.getAtIndex(ValueLayout.JAVA_INT, index);
  }

  /**
   * Becomes a beginning of {@code ids}, at most {@code most} tokens of it and as much as any
   * sequence of the pool holds: whole blocks are shared, of the last one a part is copied. What the
   * sequence held before and does not share with it is forgotten. A token's keys and values depend
   * only on it and those before it, so computing on from here gives the bits that computing
   * everything would.
   *
   * @return the length now
   */
  public int adopt(int[] ids, int most) {
    most = Math.min(most, Math.min(ids.length, context));
    int own = 0;
    while (own < Math.min(length, most) && token(own) == ids[own]) {
      own++;
    }
    truncate(own);
    int found = longestPrefix(ids, most);
    if (found > own) {
      follow(ids, found);
    }
    return length;
  }

  /** How many of the first {@code most} tokens some path of the tree has. */
  private int longestPrefix(int[] ids, int most) {
    int parent = PrefixTree.NONE;
    for (int from = 0; from < most; from += POSITIONS) {
      parent = tree.bestChild(parent, ids, from, Math.min(most, from + POSITIONS));
      if (tree.matched() < POSITIONS) {
        return from + tree.matched();
      }
    }
    return most;
  }

  /** Takes the blocks of the path that has the first {@code end} tokens, the last one by a copy. */
  private void follow(int[] ids, int end) {
    int whole = end / POSITIONS;
    int rest = end % POSITIONS;
    int[] path = new int[Math.ceilDiv(end, POSITIONS)];
    for (int i = 0; i < path.length; i++) {
      path[i] =
          tree.bestChild(
              i == 0 ? PrefixTree.NONE : path[i - 1],
              ids,
              i * POSITIONS,
              Math.min(end, (i + 1) * POSITIONS));
      pool.share(path[i]); // before anything is given up, which could be this
    }
    int mine = whole < count ? block(whole) : PrefixTree.NONE;
    truncate(0);
    for (int i = 0; i < whole; i++) {
      set(i, path[i]);
    }
    length = whole * POSITIONS;
    if (rest > 0) {
      int last = path[whole];
      if (!pool.isShared(last) && (last == mine || tree.length(last) == rest)) {
        set(whole, last);
        length = end;
        return;
      }
      if (pool.makeRoom()) { // a copy only saves computing
        set(whole, copyOf(last, parent(whole), rest));
        length = end;
      }
      pool.release(last);
    }
  }

  /** A block of its own with the first positions of another. */
  private int copyOf(int block, int parent, int positions) {
    int copy = pool.take(parent);
    pool.copy(block, copy, positions);
    return copy;
  }

  private int parent(int index) {
    return index == 0 ? PrefixTree.NONE : block(index - 1);
  }

  private void set(int index, int block) {
    blocks.setAtIndex(ValueLayout.JAVA_INT, index, block);
    count = index + 1;
  }

  /** Forgets all positions from {@code newLength} on and frees their blocks. */
  public void truncate(int newLength) {
    if (newLength < 0 || newLength > length) {
      throw new IllegalArgumentException(
          "cannot cut a sequence of " + length + " positions to " + newLength);
    }
    length = newLength;
    int needed = Math.ceilDiv(newLength, POSITIONS);
    while (count > needed) {
      pool.release(block(--count));
    }
  }

  /**
   * Makes room for tokens at the end, and writes them down; they count once {@link #extend} says
   * so. Until then another call takes their place.
   *
   * @param ids {@code [from, to)} of it are meant
   * @throws KvCacheFullException if the pool has no block left; the sequence is as before
   */
  public void append(int[] ids, int from, int to) {
    int end = length + to - from;
    if (end > context) {
      throw new IllegalArgumentException(
          (to - from) + " more positions do not fit " + length + " of " + context);
    }
    int before = length % POSITIONS; // positions of the last block that are in use
    if (before > 0) {
      int index = length / POSITIONS;
      int last = block(index);
      if (pool.isShared(last)) {
        set(index, copyOf(last, parent(index), before));
        pool.release(last);
      } else {
        pool.cut(last, before); // what stood behind is overwritten
      }
    }
    int kept = count;
    try {
      for (int i = count; i < Math.ceilDiv(end, POSITIONS); i++) {
        set(i, pool.take(parent(i)));
      }
    } catch (KvCacheFullException e) {
      while (count > kept) {
        pool.release(block(--count));
      }
      throw e;
    }
    for (int i = from; i < to; i++) {
      int position = length + i - from;
      pool.setToken(block(position / POSITIONS), position % POSITIONS, ids[i]);
    }
  }

  /**
   * Counts positions that a step has stored, the first of those appended. A block that is full now
   * and says what another one says gives way to that one, so that equal texts which were computed
   * at the same time take memory once.
   */
  public void extend(int positions) {
    int end = length + positions;
    if (positions < 0 || end > (long) count * POSITIONS) {
      throw new IllegalArgumentException(positions + " positions were not appended");
    }
    for (int i = length / POSITIONS; i < Math.ceilDiv(end, POSITIONS); i++) {
      int filled = Math.min(POSITIONS, end - i * POSITIONS);
      tree.setLength(block(i), filled);
      if (filled == POSITIONS && !pool.isShared(block(i))) {
        shareTwin(i);
      }
    }
    length = end;
  }

  private void shareTwin(int index) {
    int mine = block(index);
    int twin = tree.twin(mine);
    if (twin != PrefixTree.NONE) {
      pool.share(twin);
      blocks.setAtIndex(ValueLayout.JAVA_INT, index, twin);
      if (index + 1 < count) {
        tree.move(block(index + 1), twin);
      }
      tree.setLength(mine, 0); // nobody is to find it any more
      pool.release(mine);
    }
  }
}
