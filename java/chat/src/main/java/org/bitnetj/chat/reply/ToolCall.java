package org.bitnetj.chat.reply;

import java.util.UUID;

/**
 * A call of a function that a model asks for.
 *
 * @param id by which the result refers to it
 * @param arguments a JSON object as text
 */
public record ToolCall(String id, String name, String arguments) {
  /** A call with an id of its own. */
  public static ToolCall of(String name, String arguments) {
    return new ToolCall(newId("call_"), name, arguments);
  }

  /** A name that no other thing has. */
  public static String newId(String prefix) {
    return prefix + UUID.randomUUID().toString().replace("-", "");
  }
}
