package org.bitnetj.chat.reply;

import java.util.Objects;
import org.bitnetj.generate.GenerationResult;

/**
 * An answer that has ended.
 *
 * @param result the text as it was generated, marks of thinking and calls included
 * @param calls how many functions it calls; a call that was cut does not count
 * @param thinkingTokens how many of its tokens are thinking
 */
public record Reply(GenerationResult result, int calls, int thinkingTokens) {
  /** An answer. */
  public Reply {
    Objects.requireNonNull(result, "result is null");
  }

  /** Why an answer ends, as clients are told. */
  public enum End {
    /** The model, or a stop string, has ended it. */
    STOP,
    /** The same, and it calls functions. */
    CALLS,
    /** It was cut, by the limit of tokens or the context. */
    LENGTH
  }

  /**
   * Says why the answer has ended.
   *
   * @return the reason
   * @throws IllegalStateException if it was cancelled: that is no end of an answer
   */
  public End end() {
    return switch (result.finishReason()) {
      case END_TOKEN, STOP_STRING -> calls > 0 ? End.CALLS : End.STOP;
      case MAX_TOKENS, CONTEXT_FULL -> End.LENGTH;
      case CANCELLED -> throw new IllegalStateException("a cancelled answer is an error");
    };
  }
}
