package org.bitnetj.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.reply.Tools;

/** The messages and tools of a request to {@code /v1/messages}. */
final class AnthropicMessages {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int MOST_MESSAGES = 100_000;

  private AnthropicMessages() {}

  /** The system prompt and the conversation. */
  static List<ChatMessage> messages(Fields request) {
    List<ChatMessage> messages = new ArrayList<>();
    request
        .any("system")
        .map(system -> text(request, "system"))
        .filter(text -> !text.isEmpty())
        .ifPresent(text -> messages.add(ChatMessage.system(text)));
    List<Fields> all = request.objects("messages");
    if (all.isEmpty() || all.size() > MOST_MESSAGES) {
      throw request.wrong("messages", "must be an array of 1 to " + MOST_MESSAGES + " messages");
    }
    for (Fields message : all) {
      switch (message.requiredText("role")) {
        case "user" -> user(message, messages);
        case "assistant" -> messages.add(assistant(message));
        case "system" -> messages.add(ChatMessage.system(text(message, "content")));
        default -> throw message.wrong("role", "must be user or assistant");
      }
      message.finish();
    }
    if (messages.getLast().role().equals("assistant")) {
      throw request.wrong(
          "messages", "must end with the user's: an answer that is begun cannot be continued here");
    }
    return messages;
  }

  /** Results of tools become messages of their own, in the order of the blocks. */
  private static void user(Fields message, List<ChatMessage> messages) {
    List<String> texts = new ArrayList<>();
    List<Fields> blocks = blocks(message, "content");
    if (blocks.isEmpty()) {
      throw message.wrong("content", "must not be empty");
    }
    for (Fields block : blocks) {
      String type = block.requiredText("type");
      switch (type) {
        case "text" -> texts.add(block.requiredText("text"));
        case "tool_result" -> {
          flush(texts, messages);
          block.ignore("tool_use_id");
          boolean failed = block.flag("is_error").orElse(false);
          String result = block.any("content").isEmpty() ? "" : text(block, "content");
          messages.add(ChatMessage.tool(failed ? "Error: " + result : result));
        }
        default -> throw unreadable(block, type);
      }
      finish(block);
    }
    flush(texts, messages);
  }

  /** Messages of a user that follow each other are one, as in Anthropic's API. */
  private static void flush(List<String> texts, List<ChatMessage> messages) {
    if (!texts.isEmpty()) {
      if (!messages.isEmpty() && messages.getLast().role().equals("user")) {
        texts.addFirst(messages.removeLast().content());
      }
      messages.add(ChatMessage.user(String.join("\n", texts)));
      texts.clear();
    }
  }

  /** What it thought is left out: models are not shown the thinking of earlier answers. */
  private static ChatMessage assistant(Fields message) {
    List<String> texts = new ArrayList<>();
    ArrayNode calls = JSON.arrayNode();
    for (Fields block : blocks(message, "content")) {
      String type = block.requiredText("type");
      switch (type) {
        case "text" -> texts.add(block.requiredText("text"));
        case "tool_use" -> {
          block.ignore("id", "caller");
          ObjectNode call = calls.addObject().put("type", "function").putObject("function");
          call.put("name", block.requiredText("name"));
          JsonNode input = block.any("input").orElseGet(JSON::objectNode);
          if (!input.isObject()) {
            throw block.wrong("input", "must be a JSON object");
          }
          call.set("arguments", input);
        }
        case "thinking" -> block.ignore("thinking", "signature");
        case "redacted_thinking" -> block.ignore("data");
        default -> throw unreadable(block, type);
      }
      finish(block);
    }
    String text = String.join("\n", texts);
    return calls.isEmpty() ? ChatMessage.assistant(text) : OpenAiMessages.calling(text, calls);
  }

  private static ApiException unreadable(Fields block, String type) {
    return block.wrong("type", "must be text or of tools: this model cannot read " + type);
  }

  /** A string, or blocks that are texts. */
  private static String text(Fields object, String field) {
    return blocks(object, field).stream()
        .map(
            block -> {
              String type = block.requiredText("type");
              if (!type.equals("text")) {
                throw block.wrong("type", "must be text: this model cannot read " + type);
              }
              String text = block.requiredText("text");
              finish(block);
              return text;
            })
        .collect(Collectors.joining("\n"));
  }

  /** The blocks of a field; a string is short for one of text. */
  private static List<Fields> blocks(Fields object, String field) {
    JsonNode value = object.any(field).orElseThrow(() -> object.missing(field));
    if (value.isTextual()) {
      ObjectNode block = JSON.objectNode().put("type", "text");
      block.set("text", value);
      return List.of(Fields.of(block, object.name(field)));
    }
    return object.objects(field);
  }

  private static void finish(Fields block) {
    block.ignore("cache_control", "citations");
    block.finish();
  }

  static Tools tools(Fields request) {
    List<ObjectNode> functions = new ArrayList<>();
    for (Fields tool : request.objects("tools")) {
      if (!tool.text("type").orElse("custom").equals("custom")) {
        continue; // one that Anthropic's servers run: a model here cannot call it, nor need it
      }
      tool.ignore(
          "cache_control",
          "defer_loading",
          "allowed_callers",
          "input_examples",
          "eager_input_streaming");
      functions.add(OpenAiMessages.function(tool, "input_schema"));
    }
    Tools.Choice choice = functions.isEmpty() ? Tools.Choice.NONE : Tools.Choice.AUTO;
    Optional<String> only = Optional.empty();
    boolean several = true;
    Optional<Fields> chosen = request.object("tool_choice");
    if (chosen.isPresent()) {
      Fields object = chosen.get();
      several = !object.flag("disable_parallel_tool_use").orElse(false);
      switch (object.requiredText("type")) {
        case "auto" -> {}
        case "none" -> choice = Tools.Choice.NONE;
        case "any" -> choice = Tools.Choice.REQUIRED;
        case "tool" -> {
          choice = Tools.Choice.REQUIRED;
          only = Optional.of(object.requiredText("name"));
        }
        default -> throw object.wrong("type", "must be auto, any, tool or none");
      }
      object.finish();
    }
    return OpenAiMessages.checked(request, new Tools(functions, choice, only, several));
  }
}
