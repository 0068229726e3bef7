package org.bitnetj.chat;

import java.util.regex.Pattern;

/**
 * One message of a conversation.
 *
 * @param role who speaks: {@code system}, {@code user}, {@code assistant}, or another name of up to
 *     32 letters, digits, {@code _} and {@code -}. It becomes part of the template's own text, so
 *     it must not come from the user
 * @param content what was said: any text; special tokens in it stay plain text
 */
public record ChatMessage(String role, String content) {
  private static final Pattern ROLE = Pattern.compile("[A-Za-z0-9_-]{1,32}");

  public ChatMessage {
    if (!ROLE.matcher(role).matches()) {
      throw new IllegalArgumentException(
          "A role is up to 32 letters, digits, '_' and '-', but this one is '" + role + "'.");
    }
  }

  public static ChatMessage system(String content) {
    return new ChatMessage("system", content);
  }

  public static ChatMessage user(String content) {
    return new ChatMessage("user", content);
  }

  public static ChatMessage assistant(String content) {
    return new ChatMessage("assistant", content);
  }
}
