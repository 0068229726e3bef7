package org.bitnetj.tokenizer;

import java.util.Arrays;

/**
 * The automaton of Aho and Corasick (1975): one pass over a text tells at every byte which
 * spellings end there, in amortized constant time a byte whatever the spellings. Immutable.
 *
 * <p>States are the nodes of the spellings' trie in breadth-first order, so the children of a state
 * are consecutive, in the order of their bytes; a state takes 13 bytes. Spellings are numbered from
 * 1 in the order of their length, then of their bytes; 0 means none, and has length 0.
 */
final class SpellingAutomaton {
  static final int START = 0;
  static final int NONE = 0;

  /** The byte that leads to a state. */
  private final byte[] labels;

  /** Children of state {@code s} are {@code [children[s], children[s + 1])}. */
  private final int[] children;

  /** The state of the longest proper suffix of a state's bytes that is a state too. */
  private final int[] fallback;

  /** The longest spelling that ends in a state. */
  private final int[] longest;

  /** The start's child by each byte, START where it has none. */
  private final int[] first = new int[256];

  private final int[] lengths;

  /** The longest proper suffix of a spelling that is a spelling too. */
  private final int[] shorter;

  /** A spelling's index among those the automaton was made of. */
  private final int[] indices;

  /** One of the suffixes below {@link #shorter}, chosen so that a search takes O(log n) steps. */
  private final int[] jumps;

  /**
   * @param sorted spellings in the order of their bytes as unsigned numbers, all different, none
   *     empty
   */
  SpellingAutomaton(byte[][] sorted) {
    int states = countStates(sorted);
    labels = new byte[states];
    children = new int[states + 1];
    fallback = new int[states];
    longest = new int[states];
    lengths = new int[sorted.length + 1];
    shorter = new int[sorted.length + 1];
    jumps = new int[sorted.length + 1];
    indices = new int[sorted.length + 1];
    new Construction(sorted).run();
  }

  private static int countStates(byte[][] sorted) {
    int states = 1;
    byte[] previous = {};
    for (byte[] spelling : sorted) {
      int shared = Arrays.mismatch(previous, spelling);
      states = Math.addExact(states, spelling.length - shared);
      previous = spelling;
    }
    return states;
  }

  /** Fills the tables, state by state in breadth-first order. */
  private final class Construction {
    private final byte[][] sorted;

    /** The spellings that start with a state's bytes are {@code sorted[from[s], to[s])}. */
    private final int[] from = new int[labels.length];

    private final int[] to = new int[labels.length];

    /** How many suffixes of a spelling are spellings, itself among them. */
    private final int[] depths = new int[lengths.length];

    private int states = 1;
    private int spellings = 1;

    Construction(byte[][] sorted) {
      this.sorted = sorted;
    }

    void run() {
      to[START] = sorted.length;
      int depth = 0;
      for (int state = 0, levelEnd = 1; state < labels.length; state++) {
        if (state == levelEnd) {
          depth++;
          levelEnd = states;
        }
        children[state] = states;
        addChildren(state, depth);
      }
      children[labels.length] = states;
    }

    private void addChildren(int state, int depth) {
      int at = from[state];
      if (at < to[state] && sorted[at].length == depth) {
        at++; // this one ends in the state itself
      }
      while (at < to[state]) {
        byte label = sorted[at][depth];
        int child = states++;
        labels[child] = label;
        from[child] = at;
        while (at < to[state] && sorted[at][depth] == label) {
          at++;
        }
        to[child] = at;
        if (state == START) {
          first[label & 0xFF] = child;
        } else {
          fallback[child] = next(fallback[state], label);
        }
        longest[child] = longest[fallback[child]];
        if (sorted[from[child]].length == depth + 1) {
          addSpelling(child, depth + 1, from[child]);
        }
      }
    }

    private void addSpelling(int state, int length, int index) {
      int spelling = spellings++;
      int suffix = longest[state];
      longest[state] = spelling;
      lengths[spelling] = length;
      indices[spelling] = index;
      shorter[spelling] = suffix;
      depths[spelling] = depths[suffix] + 1;
      // Myers, "An applicative random-access stack" (1983)
      int jump = jumps[suffix];
      boolean equalSteps = depths[suffix] - depths[jump] == depths[jump] - depths[jumps[jump]];
      jumps[spelling] = equalSteps ? jumps[jump] : suffix;
    }
  }

  /** The state after {@code state} and one more byte of text. */
  int next(int state, byte label) {
    for (int at = state; at != START; at = fallback[at]) {
      int child = child(at, label);
      if (child != START) {
        return child;
      }
    }
    return first[label & 0xFF];
  }

  /** The child by that byte, START where there is none. */
  private int child(int state, byte label) {
    int low = children[state];
    int high = children[state + 1] - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = Byte.compareUnsigned(labels[middle], label);
      if (order == 0) {
        return middle;
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return START;
  }

  /** The longest spelling that ends where the text has led to {@code state}, or NONE. */
  int longest(int state) {
    return longest[state];
  }

  /** The longest of {@code spelling} and its suffixes with at most {@code room} bytes, or NONE. */
  int within(int room, int spelling) {
    int at = spelling;
    while (lengths[at] > room) {
      at = lengths[jumps[at]] > room ? jumps[at] : shorter[at];
    }
    return at;
  }

  /** The longest proper suffix of {@code spelling} that is a spelling, or NONE. */
  int shorter(int spelling) {
    return shorter[spelling];
  }

  int length(int spelling) {
    return lengths[spelling];
  }

  /** Index of {@code spelling} in the array given to the constructor. */
  int index(int spelling) {
    return indices[spelling];
  }

  /** The spelling of exactly these bytes, or NONE. */
  int find(byte[] bytes) {
    int state = START;
    for (byte b : bytes) {
      state = state == START ? first[b & 0xFF] : child(state, b);
      if (state == START) {
        return NONE;
      }
    }
    return lengths[longest[state]] == bytes.length ? longest[state] : NONE;
  }
}
