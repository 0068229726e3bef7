package org.bitnetj.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.reply.Tools;

/**
 * The items of a request to {@code /v1/responses}, and its tools. What an answer consists of may be
 * sent back as items.
 */
final class ResponseItems {
  private static final int MOST_ITEMS = 100_000;
  private static final JsonNode CUT = JsonNodeFactory.instance.textNode("incomplete");

  private final List<ChatMessage> messages = new ArrayList<>();
  private final ArrayNode calls = JsonNodeFactory.instance.arrayNode();
  private Optional<String> text = Optional.empty(); // of the assistant, whose calls may follow

  private ResponseItems() {}

  /** The messages that a field has: one of the user if it is a string. */
  static List<ChatMessage> messages(Fields request, String field) {
    JsonNode value = request.any(field).orElseThrow(() -> request.missing(field));
    if (value.isTextual()) {
      return List.of(ChatMessage.user(value.textValue()));
    }
    List<Fields> items = request.objects(field);
    if (items.size() > MOST_ITEMS) {
      throw request.wrong(field, "must be at most " + MOST_ITEMS + " items");
    }
    ResponseItems read = new ResponseItems();
    items.forEach(read::add);
    read.flush();
    return read.messages;
  }

  private void add(Fields item) {
    item.ignore("id", "status");
    String type = item.text("type").orElse("message");
    switch (type) {
      case "message" -> message(item);
      case "function_call" -> call(item);
      case "function_call_output" -> {
        flush();
        item.ignore("call_id");
        messages.add(ChatMessage.tool(content(item, "output")));
      }
      case "reasoning" -> // models are not shown the thinking of earlier answers
          item.ignore("summary", "content", "encrypted_content");
      default ->
          throw item.wrong(
              "type",
              "must be message, function_call, function_call_output or reasoning, not " + type);
    }
    item.finish();
  }

  private void message(Fields item) {
    flush();
    item.ignore("phase");
    String content = content(item, "content");
    switch (item.requiredText("role")) {
      case "user" -> messages.add(ChatMessage.user(content));
      case "system", "developer" -> messages.add(ChatMessage.system(content));
      case "assistant" -> text = Optional.of(content);
      default -> throw item.wrong("role", "must be user, assistant, system or developer");
    }
  }

  /** One that was cut is left out: its arguments are no object to show a model. */
  private void call(Fields item) {
    item.ignore("call_id");
    if (item.any("status").filter(CUT::equals).isPresent()) {
      item.ignore("name", "arguments");
      return;
    }
    ObjectNode function = calls.addObject().put("type", "function").putObject("function");
    function.put("name", item.requiredText("name"));
    function.set("arguments", OpenAiMessages.arguments(item));
  }

  /** What the assistant said and the calls right after it are one message. */
  private void flush() {
    if (!calls.isEmpty()) {
      messages.add(OpenAiMessages.calling(text.orElse(""), calls));
    } else {
      text.map(ChatMessage::assistant).ifPresent(messages::add);
    }
    calls.removeAll();
    text = Optional.empty();
  }

  /** A string, or parts that are texts. */
  private static String content(Fields item, String field) {
    JsonNode value = item.any(field).orElseThrow(() -> item.missing(field));
    if (value.isTextual()) {
      return value.textValue();
    }
    StringBuilder text = new StringBuilder();
    for (Fields part : item.objects(field)) {
      String type = part.requiredText("type");
      switch (type) {
        case "input_text", "output_text", "text" -> text.append(part.requiredText("text"));
        case "refusal" -> text.append(part.requiredText("refusal"));
        default ->
            throw part.wrong("type", "must be of text: this model reads nothing else, not " + type);
      }
      part.ignore("annotations", "logprobs");
      part.finish();
    }
    return text.toString();
  }

  /** The definitions of functions; other tools run on the provider's servers. */
  static List<ObjectNode> functions(Fields request) {
    List<ObjectNode> functions = new ArrayList<>();
    for (Fields tool : request.objects("tools")) {
      if (tool.requiredText("type").equals("function")) {
        tool.ignore("defer_loading");
        functions.add(OpenAiMessages.function(tool, "parameters"));
      }
    }
    return functions;
  }

  /** Those functions with what {@code tool_choice} says. */
  static Tools tools(Fields request, List<ObjectNode> functions) {
    return OpenAiMessages.chosen(request, functions, choice -> choice);
  }
}
