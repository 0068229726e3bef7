package org.bitnetj.chat.reply;

import java.util.Objects;
import org.bitnetj.generate.GenerationOptions;

/**
 * A {@link ChatRequest} as tokens.
 *
 * @param ids the tokens of the prompt
 * @param options with all that ends the answer, and what it is held to
 * @param opensThinking whether the answer begins within thinking
 * @param tools whether the answer may call functions
 */
public record ChatPrompt(
    int[] ids, GenerationOptions options, boolean opensThinking, boolean tools) {
  /** A prompt. */
  public ChatPrompt {
    Objects.requireNonNull(ids, "ids is null");
    Objects.requireNonNull(options, "options is null");
  }
}
