package org.bitnetj.chat.reply;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.generate.GenerationOptions;

/**
 * A conversation to be answered.
 *
 * @param messages the conversation, the oldest first
 * @param tools the functions that the model may call
 * @param thinking whether the model thinks before it answers, where its template leaves a choice;
 *     by default not before an answer of a format
 * @param format what the answer must be, unless it calls functions; with {@link
 *     Tools.Choice#BY_FORMAT} what it must be in any case
 * @param options how tokens are chosen and where the answer ends
 */
public record ChatRequest(
    List<ChatMessage> messages,
    Tools tools,
    Optional<Boolean> thinking,
    Optional<Grammar> format,
    GenerationOptions options) {
  /**
   * Checks that what the answer is held to is said once.
   *
   * @throws IllegalArgumentException if the options have a constraint, which is for the whole
   *     reply, and there is a format too or calls are required
   */
  public ChatRequest {
    Objects.requireNonNull(messages, "messages is null");
    Objects.requireNonNull(tools, "tools is null");
    Objects.requireNonNull(thinking, "thinking is null");
    Objects.requireNonNull(format, "format is null");
    Objects.requireNonNull(options, "options is null");
    if (options.constraint().isPresent()
        && (format.isPresent() || tools.choice() == Tools.Choice.REQUIRED)) {
      throw new IllegalArgumentException(
          "A constraint is for the whole reply; it goes neither with a format nor with required"
              + " calls of tools.");
    }
  }
}
