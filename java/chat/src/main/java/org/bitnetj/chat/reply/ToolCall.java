package org.bitnetj.chat.reply;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.bitnetj.chat.ChatMessage;
import org.jspecify.annotations.Nullable;

/**
 * A call of a function that a model asks for.
 *
 * @param id by which the result refers to it
 * @param name the name of the function
 * @param arguments a JSON object as text
 */
public record ToolCall(String id, String name, String arguments) {
  /**
   * A call; missing arguments become an empty object.
   *
   * @param arguments may also be null or blank, as clients send it of a function without parameters
   */
  public ToolCall(String id, String name, @Nullable String arguments) {
    Objects.requireNonNull(id, "id is null");
    Objects.requireNonNull(name, "name is null");
    this.id = id;
    this.name = name;
    this.arguments = arguments == null || arguments.isBlank() ? "{}" : arguments;
  }

  /**
   * {@return a call with an id of its own}
   *
   * @param name the name of the function
   * @param arguments a JSON object as text
   */
  public static ToolCall of(String name, String arguments) {
    Objects.requireNonNull(name, "name is null");
    Objects.requireNonNull(arguments, "arguments is null");
    return new ToolCall(newId("call_"), name, arguments);
  }

  /**
   * {@return a name that no other thing has}
   *
   * @param prefix its beginning
   */
  public static String newId(String prefix) {
    Objects.requireNonNull(prefix, "prefix is null");
    return prefix + UUID.randomUUID().toString().replace("-", "");
  }

  /**
   * {@return the message of an assistant that has called functions}
   *
   * @param text what it said besides, perhaps nothing
   * @param calls the calls, in order
   * @throws IllegalArgumentException if the arguments of a call are not a JSON object
   */
  public static ChatMessage message(String text, List<ToolCall> calls) {
    Objects.requireNonNull(text, "text is null");
    Objects.requireNonNull(calls, "calls is null");
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    for (ToolCall call : calls) {
      ObjectNode function = all.addObject().put("type", "function").putObject("function");
      function.put("name", call.name);
      function.set(
          "arguments",
          StrictJson.object("The arguments of the call of " + call.name, call.arguments));
    }
    return ChatMessage.assistant(text, all.toString());
  }
}
