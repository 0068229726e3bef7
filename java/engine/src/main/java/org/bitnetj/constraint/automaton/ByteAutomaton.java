package org.bitnetj.constraint.automaton;

import java.util.BitSet;

/**
 * A deterministic automaton over bytes. States are numbers of 0 and more; from each a state that
 * accepts can be reached. Immutable.
 */
public interface ByteAutomaton {
  int start();

  /** The state after a byte (0 to 255), negative if there is none. */
  int step(int state, int next);

  /** The label of a state that accepts, 0 or more; negative if it does not. */
  int label(int state);

  /** Whether a byte can follow. */
  boolean continues(int state);

  /**
   * A key that two states of automata share if both behave alike for the next {@code horizon}
   * bytes, labels included.
   */
  Key key(int state, int horizon);

  /**
   * Whether here a string's characters may go on freely, and for how many characters at most: 0 if
   * not here.
   */
  int freeCharacters(int state);

  /**
   * A state where a string's characters may go on freely, any number of them, and which most bytes
   * leave for the same states as the one given; negative if there is none.
   */
  default int nearlyFree(int state) {
    return -1;
  }

  /** Whether most grammars have this state, so that what is found out about it is worth keeping. */
  boolean isCommon(int state);

  /** Adds the bytes that occur in what it accepts. */
  void addBytesTo(BitSet bytes);

  /**
   * @param owner who tells states apart
   */
  record Key(Object owner, long state) {}
}
