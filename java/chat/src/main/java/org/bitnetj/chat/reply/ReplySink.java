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
   * A call of a function that was cut, as the last part. By default it is text.
   *
   * @param call its name, and its arguments as far as they go
   * @param written the call as the model has written it
   */
  default void cut(CutCall call, String written) {
    text(written);
  }

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
