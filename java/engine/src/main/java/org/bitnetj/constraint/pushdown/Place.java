package org.bitnetj.constraint.pushdown;

import org.bitnetj.constraint.automaton.ByteAutomaton;

/** A place in a grammar where a text may be. Immutable; equal where the same may follow. */
public sealed interface Place permits Place.InAutomaton, Place.AtToken, Place.AtEnd, InName {
  /** The end of the grammar. */
  Place END = new AtEnd();

  /** Adds the places after a byte. */
  default void step(int b, Closure closure) {}

  /** In an automaton; what follows when it accepts is said by {@code rest}. */
  record InAutomaton(ByteAutomaton automaton, int state, Frame rest) implements Place {
    @Override
    public void step(int b, Closure closure) {
      int next = automaton.step(state, b);
      if (next >= 0) {
        closure.add(automaton, next, rest);
      }
    }
  }

  /** Before a special token. */
  record AtToken(int id, Frame rest) implements Place {}

  record AtEnd() implements Place {}
}
