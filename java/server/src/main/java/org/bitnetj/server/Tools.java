package org.bitnetj.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.ChatSettings;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.tokenizer.Segment;

/**
 * The functions that a model may call, and how it is told of them. A chat template that knows tools
 * tells it in the form that the model was trained with; to another one they are explained in a
 * system message, with calls in the form that most open models use.
 *
 * @param functions each a JSON object with {@code name}, {@code description} and {@code parameters}
 * @param choice whether it may, must or must not call some
 * @param only the one function that it must call
 * @param several whether an answer that must call some may have several calls
 */
record Tools(List<ObjectNode> functions, Choice choice, Optional<String> only, boolean several) {
  /** Whether functions are called. */
  enum Choice {
    NONE,
    AUTO,
    REQUIRED
  }

  static final Tools ABSENT = new Tools(List.of(), Choice.NONE, Optional.empty(), true);

  private static final String PROBE = "probe_of_tools_4711";

  /** Whether the model is told of any. */
  boolean isPresent() {
    return !functions.isEmpty() && choice != Choice.NONE;
  }

  /** The definitions as chat templates take them. */
  List<String> definitions() {
    List<String> result = new ArrayList<>();
    for (ObjectNode function : functions) {
      ObjectNode tool = JsonNodeFactory.instance.objectNode();
      tool.put("type", "function");
      tool.set("function", function);
      result.add(tool.toString());
    }
    return result;
  }

  /**
   * What an assistant said, with its calls.
   *
   * @param calls as {@link ChatMessage#assistant(String, String)} takes them
   * @throws ApiException if they are more than the engine reads
   */
  static ChatMessage calling(String text, ArrayNode calls) {
    try {
      return ChatMessage.assistant(text, calls.toString());
    } catch (IllegalArgumentException e) {
      throw new ApiException(ApiException.Kind.INVALID, String.valueOf(e.getMessage()));
    }
  }

  /** Whether a model's chat template tells it of tools. */
  static boolean areInTemplate(LanguageModel model) {
    ChatSettings settings =
        ChatSettings.DEFAULTS.withTools(
            List.of(
                "{\"type\":\"function\",\"function\":{\"name\":\""
                    + PROBE
                    + "\",\"description\":\"d\",\"parameters\":{\"type\":\"object\",\"properties\":{}}}}"));
    try {
      return model
          .requireChatTemplate()
          .render(List.of(ChatMessage.user("Hello")), settings, true)
          .stream()
          .map(Segment::text)
          .anyMatch(text -> text.contains(PROBE));
    } catch (RuntimeException e) {
      return false;
    }
  }

  /**
   * The same conversation for a model whose template knows no tools: the functions are explained at
   * its beginning, calls and results become text.
   */
  List<ChatMessage> explained(List<ChatMessage> messages) {
    List<ChatMessage> result = new ArrayList<>();
    StringBuilder system = new StringBuilder();
    for (ChatMessage message : messages) {
      if (message.role().equals("system") && result.isEmpty()) {
        system.append(message.content()).append("\n\n");
      } else if (message.role().equals("tool")) {
        result.add(
            ChatMessage.user("<tool_response>\n" + message.content() + "\n</tool_response>"));
      } else if (message.toolCalls().isPresent()) {
        result.add(ChatMessage.assistant(message.content() + calls(message.toolCalls().get())));
      } else {
        result.add(message);
      }
    }
    if (isPresent()) {
      system.append("You can call these functions:\n");
      functions.forEach(function -> system.append(function).append('\n'));
      system.append(
          "To call one, write exactly this, with its name and a JSON object of its arguments:\n"
              + "<tool_call>\n{\"name\": NAME, \"arguments\": ARGUMENTS}\n</tool_call>");
    }
    if (!system.isEmpty()) {
      result.addFirst(ChatMessage.system(system.toString().strip()));
    }
    return result;
  }

  private static String calls(String json) {
    StringBuilder text = new StringBuilder();
    for (JsonNode call : Door.parse(json)) {
      ObjectNode written = JsonNodeFactory.instance.objectNode();
      written.set("name", call.path("function").path("name"));
      written.set("arguments", call.path("function").path("arguments"));
      text.append("\n<tool_call>\n").append(written).append("\n</tool_call>");
    }
    return text.toString();
  }
}
