package org.bitnetj.constraint.mask;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bitnetj.constraint.automaton.ByteAutomaton;
import org.bitnetj.constraint.pushdown.Closure;
import org.bitnetj.constraint.pushdown.Frame;
import org.bitnetj.constraint.pushdown.InName;
import org.bitnetj.constraint.pushdown.Node;
import org.bitnetj.constraint.pushdown.Place;
import org.bitnetj.constraint.pushdown.State;
import org.bitnetj.constraint.pushdown.StateTable;

/**
 * The states of a grammar with their masks over a vocabulary, as far as they were met. A state's
 * mask is the union of its places' masks. A token is allowed at a place in an automaton if it stays
 * in the automaton to its end, or if the automaton accepts on the way and the rest of the token is
 * allowed by what follows. The former is found once for each state of an automaton ({@link Reach});
 * only the latter depends on the stack, and takes few tokens. Safe to share between threads.
 */
public final class MaskTable {
  private final TokenBytes vocabulary;
  private final StateTable states;
  private final Map<ByteAutomaton.Key, Reach> reaches = new ConcurrentHashMap<>();

  public MaskTable(Node grammar, TokenBytes vocabulary) {
    this.vocabulary = vocabulary;
    this.states = new StateTable(grammar);
  }

  public StateTable states() {
    return states;
  }

  /**
   * The tokens that may follow a state of this table, a bit each. The array is shared: it must not
   * be written to.
   */
  public long[] mask(State state) {
    long[] known = state.mask();
    if (known != null) {
      return known;
    }
    long[] mask = new long[vocabulary.words()];
    for (Place place : state.places()) {
      switch (place) {
        case Place.InAutomaton(ByteAutomaton automaton, int at, Frame rest) ->
            add(reach(automaton, at), rest, mask);
        case Place.AtToken(int id, Frame rest) -> mask[id >> 6] |= 1L << id;
        case Place.AtEnd end -> {
          for (int id : vocabulary.ends()) {
            mask[id >> 6] |= 1L << id;
          }
        }
        case InName name -> {
          if (name.isNarrow()) {
            addNarrow(name, mask);
          } else {
            addWide(name, mask);
          }
        }
      }
    }
    state.keep(mask);
    return mask;
  }

  private Reach reach(ByteAutomaton automaton, int state) {
    ByteAutomaton.Key key = automaton.key(state, vocabulary.longest());
    boolean common = automaton.isCommon(state);
    Map<ByteAutomaton.Key, Reach> known = common ? vocabulary.common() : reaches;
    Reach reach = known.get(key);
    if (reach == null) {
      reach = Reach.of(automaton, state, vocabulary);
      states.charge(common ? 0 : reach.bytes());
      known.put(key, reach);
    }
    return reach;
  }

  private void add(Reach reach, Frame rest, long[] mask) {
    reach.addTo(mask);
    Map<Integer, State> after = new HashMap<>();
    for (int i = 0; i < reach.exits(); i++) {
      State state =
          after.computeIfAbsent(
              reach.label(i),
              label -> {
                Closure closure = new Closure();
                closure.resume(rest, label);
                return states.of(closure);
              });
      addBelow(reach.trie(), reach.exit(i), state, mask);
    }
  }

  /** Adds the tokens below a node whose bytes after it may follow a state. */
  private void addBelow(Trie trie, int top, State state, long[] mask) {
    if (!state.takesBytes()) {
      return;
    }
    int base = trie.depth(top);
    State[] path = new State[16];
    path[0] = state;
    int end = trie.end(top);
    for (int node = top + 1; node < end; ) {
      int depth = trie.depth(node) - base;
      State next = path[depth - 1].step(trie.at(node));
      if (next.isDead()) {
        node = trie.end(node);
        continue;
      }
      trie.add(node, mask);
      if (depth == path.length) {
        path = Arrays.copyOf(path, 2 * depth);
      }
      path[depth] = next;
      node++;
    }
  }

  /** Adds what may follow where few names are left, byte for byte. */
  private void addNarrow(InName start, long[] mask) {
    Trie trie = vocabulary.all();
    InName[] path = new InName[vocabulary.longest() + 1];
    path[0] = start;
    int end = trie.end(Trie.ROOT);
    for (int node = 1; node < end; ) {
      int depth = trie.depth(node);
      InName next = path[depth - 1].next(trie.at(node));
      if (next == null) {
        node = trie.end(node);
        continue;
      }
      trie.add(node, mask);
      if (next.isWhole()) {
        if (!trie.isLeaf(node)) {
          Closure closure = new Closure();
          next.end(closure);
          addBelow(trie, node, states.of(closure), mask);
        }
        node = trie.end(node);
      } else {
        path[depth] = next;
        node++;
      }
    }
  }

  /** Adds what may follow in a name of which there are many: all but the names that are taken. */
  private void addWide(InName name, long[] mask) {
    Reach reach = reach(name.dfa(), name.state());
    Trie trie = reach.trie();
    boolean[] without = new boolean[reach.exits()];
    if (name.taken() == 0) {
      reach.addTo(mask);
    } else {
      long[] own = new long[mask.length];
      reach.addTo(own);
      for (int i = 0; i < name.taken(); i++) {
        remove(name, name.takenRest(i), own, reach, without);
      }
      for (int i = 0; i < own.length; i++) {
        mask[i] |= own[i];
      }
    }
    for (int i = 0; i < reach.exits(); i++) {
      int node = reach.exit(i);
      if (!without[i] && hasChild(trie, node, name)) {
        Closure closure = new Closure();
        name.endBy(trie.path(node), reach.label(i), closure);
        addBelow(trie, node, states.of(closure), mask);
      }
    }
  }

  private static boolean hasChild(Trie trie, int node, InName name) {
    for (int child = node + 1; child < trie.end(node); child = trie.end(child)) {
      if (name.mayFollow(trie.at(child))) {
        return true;
      }
    }
    return false;
  }

  /** Removes the tokens with which a name could only become one that is taken. */
  private void remove(InName name, String rest, long[] mask, Reach reach, boolean[] without) {
    InName at = name;
    int inAll = Trie.ROOT;
    int inReach = Trie.ROOT;
    for (int i = 0; i < rest.length() && at != null; i++) {
      int b = rest.charAt(i);
      at = at.next(b);
      inAll = inAll < 0 ? Trie.NONE : vocabulary.all().child(inAll, b);
      inReach = inReach < 0 ? Trie.NONE : reach.trie().child(inReach, b);
    }
    if (inAll >= 0) {
      vocabulary.all().clear(inAll, mask);
    }
    for (int i = 0; i < without.length && inReach >= 0; i++) {
      without[i] |= reach.exit(i) >= inReach && reach.exit(i) < reach.trie().end(inReach);
    }
  }
}
