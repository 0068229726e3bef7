package org.bitnetj.kv;

import java.util.Arrays;

/**
 * Which texts the blocks of a pool hold. A block's parent holds the 256 positions before it, so the
 * path from a root to a block spells a text from its beginning; blocks with the same parent are
 * siblings and may begin alike. All links are numbers of blocks, so that a growing text makes no
 * garbage. As thread-safe as its pool.
 *
 * <p>The idea of finding cached prefixes in a tree of blocks is that of RadixAttention (Zheng et
 * al., arXiv 2312.07104).
 */
final class PrefixTree {
  static final int NONE = -1;

  private final BlockPool pool;
  private int[] parents = {};
  private int[] children = {}; // the first one
  private int[] siblings = {}; // the next one
  private int[] lengths = {}; // positions whose keys, values and token are there
  private int roots = NONE; // the first one
  private int matched;

  PrefixTree(BlockPool pool) {
    this.pool = pool;
  }

  /** Adds a block that holds nothing yet, after {@code parent} or as the beginning of a text. */
  void add(int block, int parent) {
    if (block >= parents.length) {
      int capacity = Math.max(block + 1, 2 * parents.length);
      parents = Arrays.copyOf(parents, capacity);
      children = Arrays.copyOf(children, capacity);
      siblings = Arrays.copyOf(siblings, capacity);
      lengths = Arrays.copyOf(lengths, capacity);
    }
    children[block] = NONE;
    lengths[block] = 0;
    link(block, parent);
  }

  /** Removes a block without children. */
  void remove(int block) {
    int parent = parents[block];
    if (first(parent) == block) {
      setFirst(parent, siblings[block]);
      return;
    }
    int before = first(parent);
    while (siblings[before] != block) {
      before = siblings[before];
    }
    siblings[before] = siblings[block];
  }

  /** Moves a block without children to another parent, whose text is the same. */
  void move(int block, int parent) {
    remove(block);
    link(block, parent);
  }

  private void link(int block, int parent) {
    parents[block] = parent;
    siblings[block] = first(parent);
    setFirst(parent, block);
  }

  private int first(int parent) {
    return parent == NONE ? roots : children[parent];
  }

  private void setFirst(int parent, int block) {
    if (parent == NONE) {
      roots = block;
    } else {
      children[parent] = block;
    }
  }

  /** The first of the blocks that follow one; {@link #NONE} if there is none. */
  int firstChild(int block) {
    return children[block];
  }

  /** The next block with the same parent; {@link #NONE} after the last one. */
  int sibling(int block) {
    return siblings[block];
  }

  /** A block without children that follows a block, at some distance; itself if it has none. */
  int leaf(int block) {
    while (children[block] != NONE) {
      block = children[block];
    }
    return block;
  }

  /** How many positions of a block are there. */
  int length(int block) {
    return lengths[block];
  }

  void setLength(int block, int length) {
    lengths[block] = length;
  }

  /**
   * The child of {@code parent} that agrees with most of {@code ids[from .. to)} from its first
   * position on; {@link #matched} tells with how many. {@link #NONE} if none has the first token.
   */
  int bestChild(int parent, int[] ids, int from, int to) {
    int best = NONE;
    matched = 0;
    for (int block = first(parent); block != NONE; block = siblings[block]) {
      int most = Math.min(lengths[block], to - from);
      int same = 0;
      while (same < most && pool.token(block, same) == ids[from + same]) {
        same++;
      }
      if (same > matched) {
        matched = same;
        best = block;
      }
    }
    return best;
  }

  /** How many positions of the last {@link #bestChild} agree. */
  int matched() {
    return matched;
  }

  /** Another full block with the parent and the tokens of this one; {@link #NONE} without one. */
  int twin(int block) {
    for (int other = first(parents[block]); other != NONE; other = siblings[other]) {
      if (other != block && lengths[other] == BlockPool.POSITIONS && sameTokens(block, other)) {
        return other;
      }
    }
    return NONE;
  }

  private boolean sameTokens(int block, int other) {
    for (int i = 0; i < BlockPool.POSITIONS; i++) {
      if (pool.token(block, i) != pool.token(other, i)) {
        return false;
      }
    }
    return true;
  }
}
