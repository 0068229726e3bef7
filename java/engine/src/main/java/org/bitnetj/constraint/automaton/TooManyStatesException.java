package org.bitnetj.constraint.automaton;

/** An automaton would have more states than is sensible. The message is a clause. */
public final class TooManyStatesException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public TooManyStatesException(int most) {
    super("needs an automaton of more than " + most + " states");
  }
}
