package org.bitnetj.constraint.mask;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The bytes of some tokens as a trie. Nodes are numbers in preorder, the root 0, so that what is
 * below a node are those from the next one up to its end. Immutable.
 */
final class Trie {
  static final int ROOT = 0;
  static final int NONE = -1;

  private final byte[] bytes;
  private final int[] ends;
  private final int[] parents;
  private final short[] depths;

  /** The token of each node, or {@link #NONE}; several are {@code NONE - 1 - i}. */
  private final int[] tokens;

  /** Tokens with the same bytes, by i. */
  private final List<int[]> alike = new ArrayList<>();

  /**
   * @param tokens ids of tokens
   * @param spelled by id, the bytes of at least these tokens, none of them empty
   */
  Trie(List<Integer> tokens, byte[][] spelled) {
    Integer[] sorted = tokens.toArray(Integer[]::new);
    Arrays.sort(sorted, Comparator.comparing((Integer id) -> spelled[id], Arrays::compareUnsigned));
    int most = 1;
    int longest = 0;
    byte[] before = new byte[0];
    for (int id : sorted) {
      most += spelled[id].length - shared(before, spelled[id]);
      longest = Math.max(longest, spelled[id].length);
      before = spelled[id];
    }
    this.bytes = new byte[most];
    this.ends = new int[most];
    this.parents = new int[most];
    this.depths = new short[most];
    this.tokens = new int[most];
    Arrays.fill(this.tokens, NONE);
    int[] path = new int[longest + 1];
    int depth = 0;
    int count = 1;
    before = new byte[0];
    for (int id : sorted) {
      byte[] text = spelled[id];
      int same = shared(before, text);
      for (; depth > same; depth--) {
        ends[path[depth]] = count;
      }
      for (; depth < text.length; count++) {
        bytes[count] = text[depth];
        parents[count] = path[depth];
        path[++depth] = count;
        depths[count] = (short) depth;
      }
      put(path[depth], id);
      before = text;
    }
    for (; depth >= 0; depth--) {
      ends[path[depth]] = count;
    }
  }

  private void put(int node, int id) {
    int known = tokens[node];
    if (known == NONE) {
      tokens[node] = id;
      return;
    }
    int[] before = known >= 0 ? new int[] {known} : alike.get(NONE - 1 - known);
    int[] more = Arrays.copyOf(before, before.length + 1);
    more[before.length] = id;
    if (known >= 0) {
      tokens[node] = NONE - 1 - alike.size();
      alike.add(more);
    } else {
      alike.set(NONE - 1 - known, more);
    }
  }

  private static int shared(byte[] a, byte[] b) {
    int mismatch = Arrays.mismatch(a, b);
    return mismatch < 0 ? a.length : mismatch;
  }

  /** The end of the nodes below a node, exclusive. */
  int end(int node) {
    return ends[node];
  }

  boolean isLeaf(int node) {
    return ends[node] == node + 1;
  }

  /** The byte that leads to a node, 0 to 255. */
  int at(int node) {
    return bytes[node] & 0xFF;
  }

  /** How many bytes lead to a node. */
  int depth(int node) {
    return depths[node];
  }

  /** The node after a byte, or {@link #NONE}. */
  int child(int node, int b) {
    for (int child = node + 1; child < ends[node]; child = ends[child]) {
      if (at(child) == b) {
        return child;
      }
    }
    return NONE;
  }

  /** The bytes that lead to a node; a char is a byte. */
  String path(int node) {
    char[] path = new char[depths[node]];
    for (int at = node; at != ROOT; at = parents[at]) {
      path[depths[at] - 1] = (char) at(at);
    }
    return new String(path);
  }

  /** Sets the bits of the tokens that end at a node. */
  void add(int node, long[] mask) {
    int id = tokens[node];
    if (id >= 0) {
      mask[id >> 6] |= 1L << id;
    } else if (id < NONE) {
      for (int each : alike.get(NONE - 1 - id)) {
        mask[each >> 6] |= 1L << each;
      }
    }
  }

  /** Clears the bits of the tokens at a node and below it. */
  void clear(int node, long[] mask) {
    for (int at = node; at < ends[node]; at++) {
      int id = tokens[at];
      if (id >= 0) {
        mask[id >> 6] &= ~(1L << id);
      } else if (id < NONE) {
        for (int each : alike.get(NONE - 1 - id)) {
          mask[each >> 6] &= ~(1L << each);
        }
      }
    }
  }
}
