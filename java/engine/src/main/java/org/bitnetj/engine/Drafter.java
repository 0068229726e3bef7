package org.bitnetj.engine;

/**
 * Guesses how a text goes on, so that guessed tokens can be computed together with the next one:
 * right ones save a step, wrong ones cost time and nothing else. Not thread-safe.
 */
public interface Drafter {
  /** Most tokens of a draft. */
  int MOST = 7;

  /** Notes the text's next token. */
  void accept(int token);

  /** Whether there is a draft. */
  boolean hasDraft();

  /** The probability that the draft's first token is right, as far as is known. */
  double firstRight();

  /** The same for each later one, if those before it are right. */
  double nextRight();

  /** Writes the draft's first {@code count} tokens, at most {@link #MOST}. */
  void draft(int[] into, int at, int count);
}
