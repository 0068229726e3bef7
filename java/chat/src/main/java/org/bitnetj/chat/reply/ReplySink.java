package org.bitnetj.chat.reply;

import org.bitnetj.generate.TokenLogprobs;

/** Receives the parts of an answer as they come, in their order. */
public interface ReplySink {
  /**
   * A piece of what the model thinks before it answers.
   *
   * @param piece one character or more
   */
  void thinking(String piece);

  /**
   * A piece of the answer.
   *
   * @param piece one character or more
   */
  void text(String piece);

  /**
   * A call of a function, whole.
   *
   * @param call its name and arguments
   */
  void call(ToolCall call);

  /**
   * How probable the last token of the answer was, if that was asked for.
   *
   * @param logprobs the token and its alternatives
   */
  default void logprobs(TokenLogprobs logprobs) {}

  /**
   * Some of the prompt is computed; nothing of the answer has come yet.
   *
   * @param done tokens of the prompt that are computed
   * @param total tokens of the prompt
   */
  default void progress(int done, int total) {}
}
