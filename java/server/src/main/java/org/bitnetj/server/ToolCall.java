package org.bitnetj.server;

import java.util.UUID;

/**
 * A call of a function that a model asks for.
 *
 * @param id by which the result refers to it
 * @param arguments a JSON object as text
 */
record ToolCall(String id, String name, String arguments) {
  static ToolCall of(String name, String arguments) {
    return new ToolCall(newId("call_"), name, arguments);
  }

  /** A name that no other thing has. */
  static String newId(String prefix) {
    return prefix + UUID.randomUUID().toString().replace("-", "");
  }
}
