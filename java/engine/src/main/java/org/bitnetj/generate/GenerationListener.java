package org.bitnetj.generate;

/**
 * Receives a text while it is generated, on the thread that generates it. It may cancel or close
 * the session, but not use it otherwise; an exception that it throws ends the generation and
 * reaches the caller.
 */
@FunctionalInterface
public interface GenerationListener {
  /** Ignores everything. */
  GenerationListener NONE = piece -> {};

  /**
   * The next piece of the text: never empty, never half a character, never a part of a stop string.
   *
   * @param piece one character or more
   */
  void onText(String piece);

  /**
   * The next token, before the text that it completes.
   *
   * @param token its id
   */
  default void onToken(int token) {}

  /**
   * How probable the token of the last {@link #onToken} was, if the options ask for it ({@link
   * GenerationOptions#topLogprobs}).
   *
   * @param logprobs the token and its alternatives
   */
  default void onLogprobs(TokenLogprobs logprobs) {}

  /**
   * How probable the prompt's next token was after those before it, from its second token on, if
   * the options ask for it ({@link GenerationOptions#promptLogprobs}).
   *
   * @param logprobs the token and its alternatives
   */
  default void onPromptLogprobs(TokenLogprobs logprobs) {}

  /**
   * This many tokens of the prompt are done, the cached ones included.
   *
   * @param done tokens of the prompt whose keys and values are in the cache
   * @param total tokens of the prompt
   */
  default void onPrefill(int done, int total) {}
}
