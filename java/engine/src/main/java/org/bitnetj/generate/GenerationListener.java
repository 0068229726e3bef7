package org.bitnetj.generate;

/**
 * Hears a text as it comes, on the thread that generates it. It may cancel or close the session,
 * but not use it otherwise; what it throws ends the generation and reaches the caller.
 */
@FunctionalInterface
public interface GenerationListener {
  /** Hears nothing. */
  GenerationListener NONE = piece -> {};

  /**
   * The next piece of the text: never empty, never half a character, never a part of a stop string.
   */
  void onText(String piece);

  /** The next token, before the text that it completes. */
  default void onToken(int token) {}

  /** So many tokens of the prompt are done, the cached ones included. */
  default void onPrefill(int done, int total) {}
}
