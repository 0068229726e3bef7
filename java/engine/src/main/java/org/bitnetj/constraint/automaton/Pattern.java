package org.bitnetj.constraint.automaton;

import java.util.List;

/** The parts of a regular expression. */
sealed interface Pattern {
  record Characters(CharSet set) implements Pattern {}

  record Sequence(List<Pattern> parts) implements Pattern {}

  record Choice(List<Pattern> parts) implements Pattern {}

  /**
   * @param max {@link #UNBOUNDED} for no limit
   */
  record Repeat(Pattern part, int min, int max) implements Pattern {}

  /** {@code ^} and {@code $}: nothing lies before, nothing follows. */
  enum Anchor implements Pattern {
    START,
    END
  }

  int UNBOUNDED = Integer.MAX_VALUE;
}
