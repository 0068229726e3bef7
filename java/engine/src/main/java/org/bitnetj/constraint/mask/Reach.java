package org.bitnetj.constraint.mask;

import java.util.Arrays;
import org.bitnetj.constraint.automaton.ByteAutomaton;
import org.jspecify.annotations.Nullable;

/**
 * What a state of an automaton allows of a vocabulary: the tokens that stay within the automaton to
 * their ends, and the nodes of a trie at which it accepts before that. Immutable.
 */
final class Reach {
  /** The tokens as a mask, or null where a list is shorter. */
  private final long @Nullable [] mask;

  private final int[] tokens;
  private final Trie trie;
  private final int[] exits;
  private final int[] labels;

  private Reach(long[] mask, Trie trie, int[] exits, int[] labels) {
    int count = 0;
    for (long word : mask) {
      count += Long.bitCount(word);
    }
    boolean few = count < mask.length;
    this.mask = few ? null : mask;
    this.tokens = new int[few ? count : 0];
    for (int word = 0, i = 0; few && word < mask.length; word++) {
      for (long bits = mask[word]; bits != 0; bits &= bits - 1) {
        tokens[i++] = word << 6 | Long.numberOfTrailingZeros(bits);
      }
    }
    this.trie = trie;
    this.exits = exits;
    this.labels = labels;
  }

  static Reach of(ByteAutomaton automaton, int state, TokenBytes vocabulary) {
    int free = automaton.freeCharacters(state);
    int like = free > 0 ? -1 : automaton.nearlyFree(state);
    boolean plain = free > 0 || like >= 0;
    Trie trie = plain ? vocabulary.marked() : vocabulary.all();
    long[] mask =
        plain
            ? vocabulary.plain(free > 0 ? free : Integer.MAX_VALUE).clone()
            : new long[vocabulary.words()];
    if (like >= 0) {
      removePlain(automaton, state, like, vocabulary, mask);
    }
    int[] exits = new int[16];
    int[] labels = new int[16];
    int count = 0;
    int[] states = new int[vocabulary.longest() + 1];
    states[0] = state;
    int end = trie.end(Trie.ROOT);
    for (int node = 1; node < end; ) {
      int depth = trie.depth(node);
      int next = automaton.step(states[depth - 1], trie.at(node));
      if (next < 0) {
        node = trie.end(node);
        continue;
      }
      trie.add(node, mask);
      int label = automaton.label(next);
      if (label >= 0 && !trie.isLeaf(node)) {
        if (count == exits.length) {
          exits = Arrays.copyOf(exits, 2 * count);
          labels = Arrays.copyOf(labels, 2 * count);
        }
        exits[count] = node;
        labels[count++] = label;
      }
      states[depth] = next;
      node = automaton.continues(next) ? node + 1 : trie.end(node);
    }
    return new Reach(mask, trie, Arrays.copyOf(exits, count), Arrays.copyOf(labels, count));
  }

  /**
   * Removes from what may follow a free state what may not follow another. Where both come to the
   * same state, the rest is the same.
   */
  private static void removePlain(
      ByteAutomaton automaton, int state, int free, TokenBytes vocabulary, long[] mask) {
    Trie trie = vocabulary.all();
    int[] states = new int[vocabulary.longest() + 1];
    int[] frees = new int[vocabulary.longest() + 1];
    states[0] = state;
    frees[0] = free;
    int end = trie.end(Trie.ROOT);
    for (int node = 1; node < end; ) {
      int depth = trie.depth(node);
      states[depth] = automaton.step(states[depth - 1], trie.at(node));
      frees[depth] = automaton.step(frees[depth - 1], trie.at(node));
      boolean alike = states[depth] == frees[depth];
      if (!alike && states[depth] < 0) {
        trie.clear(node, mask);
      }
      node = alike || states[depth] < 0 || frees[depth] < 0 ? trie.end(node) : node + 1;
    }
  }

  /** Adds the tokens to a mask. */
  void addTo(long[] sum) {
    if (mask == null) {
      for (int id : tokens) {
        sum[id >> 6] |= 1L << id;
      }
    } else {
      for (int i = 0; i < sum.length; i++) {
        sum[i] |= mask[i];
      }
    }
  }

  /** The trie whose nodes the exits are. */
  Trie trie() {
    return trie;
  }

  /** How many nodes there are where the automaton accepts and tokens go on. */
  int exits() {
    return exits.length;
  }

  /** Such a node; they rise. */
  int exit(int index) {
    return exits[index];
  }

  /** The label with which it accepts there. */
  int label(int index) {
    return labels[index];
  }

  long bytes() {
    return 100 + (mask == null ? 0 : 8L * mask.length) + 4L * (tokens.length + 2 * exits.length);
  }
}
