package org.bitnetj.chat.reply;

import org.bitnetj.generate.TokenLogprobs;

/** Receives the parts of an answer as they come, in their order. */
public interface ReplySink {
  /** A piece of what the model thinks before it answers. */
  void thinking(String piece);

  /** A piece of the answer. */
  void text(String piece);

  /** A call of a function, whole. */
  void call(ToolCall call);

  /** How probable the last token of the answer was, if that was asked for. */
  default void logprobs(TokenLogprobs logprobs) {}

  /** Some of the prompt is computed; nothing of the answer has come yet. */
  default void progress(int done, int total) {}
}
