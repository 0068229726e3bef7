package org.bitnetj.chat.reply;

import java.util.Objects;
import java.util.Optional;
import org.bitnetj.generate.GenerationOptions;

/**
 * A {@link ChatRequest} as tokens.
 *
 * @param ids the tokens of the prompt
 * @param options with all that ends the answer, and what it is held to
 * @param opensThinking whether the answer begins within thinking
 * @param calls the form in which the answer may call functions; empty if it calls none
 */
public record ChatPrompt(
    int[] ids, GenerationOptions options, boolean opensThinking, Optional<CallForm> calls) {
  /** A prompt. */
  public ChatPrompt {
    Objects.requireNonNull(ids, "ids is null");
    Objects.requireNonNull(options, "options is null");
    Objects.requireNonNull(calls, "calls is null");
  }
}
