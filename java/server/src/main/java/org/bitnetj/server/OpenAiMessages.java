package org.bitnetj.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.ChatSettings;
import org.bitnetj.chat.reply.Tools;

/** The messages and tools of a request to {@code /v1/chat/completions}. */
final class OpenAiMessages {
  private static final int MOST_MESSAGES = 10_000;
  private static final int MOST_TOOLS = 128;

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private OpenAiMessages() {}

  static List<ChatMessage> messages(Fields request) {
    List<ChatMessage> messages = new ArrayList<>();
    List<Fields> all = request.objects("messages");
    if (all.isEmpty() || all.size() > MOST_MESSAGES) {
      throw request.wrong("messages", "must be an array of 1 to " + MOST_MESSAGES + " messages");
    }
    for (Fields message : all) {
      message.ignore("name", "refusal", "annotations", "audio", "reasoning_content");
      String role = message.requiredText("role");
      switch (role) {
        case "system", "developer" -> messages.add(ChatMessage.system(content(message, true)));
        case "user" -> messages.add(ChatMessage.user(content(message, true)));
        case "assistant" -> messages.add(assistant(message));
        case "tool" -> {
          message.ignore("tool_call_id");
          messages.add(ChatMessage.tool(content(message, true)));
        }
        default ->
            throw message.wrong("role", "must be system, developer, user, assistant or tool");
      }
      message.finish();
    }
    return messages;
  }

  private static ChatMessage assistant(Fields message) {
    List<Fields> calls = message.objects("tool_calls");
    String content = content(message, calls.isEmpty());
    if (calls.isEmpty()) {
      return ChatMessage.assistant(content);
    }
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    for (Fields call : calls) {
      call.ignore("id", "index");
      call.only("type", JsonNodeFactory.instance.textNode("function"), "no other tools are known");
      Fields function = call.object("function").orElseThrow(() -> call.missing("function"));
      ObjectNode entry = all.addObject().put("type", "function").putObject("function");
      entry.put("name", function.requiredText("name"));
      entry.set("arguments", arguments(function));
      function.finish();
      call.finish();
    }
    return calling(content, all);
  }

  /** The arguments of a call; clients also send an empty string where there are none. */
  static JsonNode arguments(Fields call) {
    String text = call.text("arguments").orElse("");
    JsonNode arguments = text.isBlank() ? JSON.objectNode() : Door.parse(text);
    if (!arguments.isObject()) {
      throw call.wrong("arguments", "must be a JSON object as a string");
    }
    return arguments;
  }

  /**
   * What an assistant said, with its calls.
   *
   * @param calls as {@link ChatMessage#assistant(String, String)} takes them
   * @throws ApiException if they are larger than the engine reads
   */
  static ChatMessage calling(String text, ArrayNode calls) {
    try {
      return ChatMessage.assistant(text, calls.toString());
    } catch (IllegalArgumentException e) {
      throw new ApiException(ApiException.Kind.INVALID, String.valueOf(e.getMessage()));
    }
  }

  /** A text, or parts that are texts. */
  private static String content(Fields message, boolean required) {
    Optional<JsonNode> content = message.any("content");
    if (content.isEmpty()) {
      if (required) {
        throw message.missing("content");
      }
      return "";
    }
    if (content.get().isTextual()) {
      return content.get().textValue();
    }
    StringBuilder text = new StringBuilder();
    for (Fields part : message.objects("content")) {
      String type = part.requiredText("type");
      if (!type.equals("text") && !type.equals("refusal")) {
        throw part.wrong("type", "must be text: this model reads nothing else, not " + type);
      }
      text.append(part.requiredText(type));
      part.ignore("cache_control");
      part.finish();
    }
    return text.toString();
  }

  /** Whether a model thinks, by the effort that a field names. */
  static Optional<Boolean> thinks(Fields object, String effort) {
    return object
        .text(effort)
        .map(
            text ->
                switch (text) {
                  case "none", "minimal" -> false;
                  case "low", "medium", "high", "xhigh" -> true;
                  default ->
                      throw object.wrong(effort, "must be none, minimal, low, medium or high");
                });
  }

  static Tools tools(Fields request) {
    List<ObjectNode> functions = new ArrayList<>();
    for (Fields tool : request.objects("tools")) {
      if (!tool.requiredText("type").equals("function")) {
        continue; // such as a provider's own search: a model here cannot call it, nor need it
      }
      Fields function = tool.object("function").orElseThrow(() -> tool.missing("function"));
      functions.add(function(function, "parameters"));
      tool.finish();
    }
    return chosen(
        request,
        functions,
        choice -> choice.object("function").orElseThrow(() -> choice.missing("function")));
  }

  /**
   * The functions with what {@code tool_choice} says.
   *
   * @param named where the choice of one function has its name
   */
  static Tools chosen(Fields request, List<ObjectNode> functions, Function<Fields, Fields> named) {
    Optional<JsonNode> chosen = request.any("tool_choice");
    boolean several = request.flag("parallel_tool_calls").orElse(true);
    if (chosen.isEmpty() || chosen.get().isTextual()) {
      String mode = chosen.map(JsonNode::textValue).orElse("auto");
      Tools.Choice choice =
          switch (mode) {
            case "none" -> Tools.Choice.NONE;
            case "auto" -> functions.isEmpty() ? Tools.Choice.NONE : Tools.Choice.AUTO;
            case "required" -> Tools.Choice.REQUIRED;
            default ->
                throw request.wrong("tool_choice", "must be none, auto, required or an object");
          };
      return checked(request, new Tools(functions, choice, Optional.empty(), several));
    }
    Fields object = Fields.of(chosen.get(), "tool_choice");
    String type = object.requiredText("type");
    Tools tools =
        switch (type) {
          case "function" ->
              new Tools(
                  functions,
                  Tools.Choice.REQUIRED,
                  Optional.of(named.apply(object).requiredText("name")),
                  several);
          case "allowed_tools" -> allowed(object, functions, named, several);
          default ->
              throw object.wrong(
                  "type", "must be function or allowed_tools: nothing else is called");
        };
    object.finish();
    return checked(request, tools);
  }

  /** Only some of the functions; the model is not told of the others. */
  private static Tools allowed(
      Fields choice, List<ObjectNode> functions, Function<Fields, Fields> named, boolean several) {
    // In /v1/chat/completions they are in an object of their own, in /v1/responses beside the type.
    Fields list = choice.object("allowed_tools").orElse(choice);
    List<ObjectNode> some = new ArrayList<>();
    for (Fields tool : list.objects("tools")) {
      if (!tool.requiredText("type").equals("function")) {
        continue; // left out among the tools too
      }
      Fields function = named.apply(tool);
      String name = function.requiredText("name");
      some.add(
          functions.stream()
              .filter(f -> f.get("name").textValue().equals(name))
              .findFirst()
              .orElseThrow(() -> function.wrong("name", "is not among the tools")));
      function.finish();
      tool.finish();
    }
    Tools.Choice mode =
        switch (list.requiredText("mode")) {
          case "auto" -> some.isEmpty() ? Tools.Choice.NONE : Tools.Choice.AUTO;
          case "required" -> Tools.Choice.REQUIRED;
          default -> throw list.wrong("mode", "must be auto or required");
        };
    if (list != choice) {
      list.finish();
    }
    return new Tools(some, mode, Optional.empty(), several);
  }

  /** There are not too many functions, and one must have been defined to be demanded. */
  static Tools checked(Fields request, Tools tools) {
    if (tools.functions().size() > MOST_TOOLS) {
      throw request.wrong("tools", "must be at most " + MOST_TOOLS);
    }
    boolean known =
        tools.only().isEmpty()
            || tools.functions().stream()
                .anyMatch(f -> f.get("name").textValue().equals(tools.only().get()));
    if (!known || tools.choice() == Tools.Choice.REQUIRED && tools.functions().isEmpty()) {
      throw request.wrong("tool_choice", "demands a function that is not among the tools");
    }
    return tools;
  }

  /**
   * A function's definition.
   *
   * @param schema the field that has the schema of its arguments
   */
  static ObjectNode function(Fields function, String schema) {
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    String name = function.requiredText("name");
    if (!name.matches("[A-Za-z0-9_.-]{1,128}")) {
      throw function.wrong("name", "must be up to 128 letters, digits, '_', '.' and '-'");
    }
    result.put("name", name);
    function.text("description").ifPresent(text -> result.put("description", text));
    JsonNode parameters =
        function
            .any(schema)
            .orElseGet(
                () -> {
                  ObjectNode none = JsonNodeFactory.instance.objectNode().put("type", "object");
                  none.putObject("properties");
                  return none.put("additionalProperties", false); // the function has none
                });
    if (!parameters.isObject() || !Tools.allowObjects(parameters)) {
      throw function.wrong(schema, "must be a JSON schema of an object");
    }
    result.set("parameters", parameters);
    function.flag("strict");
    function.finish();
    try {
      ChatSettings.DEFAULTS.withTools(
          List.of(JSON.objectNode().<ObjectNode>set("function", result).toString()));
    } catch (IllegalArgumentException e) { // such as deep nesting
      throw function.wrong(schema, "is not read: " + e.getMessage());
    }
    return result;
  }
}
