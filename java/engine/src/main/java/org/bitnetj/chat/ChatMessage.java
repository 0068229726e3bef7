package org.bitnetj.chat;

import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One message of a conversation.
 *
 * @param role who speaks: {@code system}, {@code user}, {@code assistant}, or another name of up to
 *     32 letters, digits, {@code _} and {@code -}. It becomes part of the template's own text, so
 *     it must not come from the user
 * @param content what was said: any text; special tokens in it stay plain text
 * @param toolCalls the functions that the assistant calls, a JSON array of objects as in OpenAI's
 *     API, but with arguments that are an object: {@code [{"type": "function", "function": {"name":
 *     …, "arguments": {…}}}]}
 */
public record ChatMessage(String role, String content, Optional<String> toolCalls) {
  private static final Pattern ROLE = Pattern.compile("[A-Za-z0-9_-]{1,32}");

  /**
   * Checks role and calls.
   *
   * @throws IllegalArgumentException if the role is none, or the calls are not a JSON array of
   *     objects
   */
  public ChatMessage {
    Objects.requireNonNull(role, "role is null");
    Objects.requireNonNull(content, "content is null");
    Objects.requireNonNull(toolCalls, "toolCalls is null");
    if (!ROLE.matcher(role).matches()) {
      throw new IllegalArgumentException(
          "A role is up to 32 letters, digits, '_' and '-', but this one is '" + role + "'.");
    }
    toolCalls.ifPresent(calls -> JsonText.objects("Tool calls", calls));
  }

  /**
   * A message that calls no tools.
   *
   * @param role who speaks
   * @param content what was said
   */
  public ChatMessage(String role, String content) {
    this(role, content, Optional.empty());
  }

  /**
   * {@return a message of the system}
   *
   * @param content what was said
   */
  public static ChatMessage system(String content) {
    return new ChatMessage("system", content);
  }

  /**
   * {@return a message of the user}
   *
   * @param content what was said
   */
  public static ChatMessage user(String content) {
    return new ChatMessage("user", content);
  }

  /**
   * {@return a message of the assistant}
   *
   * @param content what was said
   */
  public static ChatMessage assistant(String content) {
    return new ChatMessage("assistant", content);
  }

  /**
   * {@return an answer that calls tools}
   *
   * @param content what was said besides, perhaps empty
   * @param toolCalls the calls, as in {@link #toolCalls}
   * @throws IllegalArgumentException if the calls are not a JSON array of objects
   */
  public static ChatMessage assistant(String content, String toolCalls) {
    Objects.requireNonNull(content, "content is null");
    Objects.requireNonNull(toolCalls, "toolCalls is null");
    return new ChatMessage("assistant", content, Optional.of(toolCalls));
  }

  /**
   * {@return a message with what a tool has returned}
   *
   * @param content what was said
   */
  public static ChatMessage tool(String content) {
    return new ChatMessage("tool", content);
  }
}
