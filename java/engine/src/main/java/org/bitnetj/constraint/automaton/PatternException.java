package org.bitnetj.constraint.automaton;

/** A regular expression that is malformed or not supported. The message is a clause. */
public final class PatternException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  PatternException(String clause, int at) {
    super(clause + " at character " + at);
  }
}
