package org.bitnetj.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.BiConsumer;
import org.bitnetj.chat.reply.CutCall;
import org.bitnetj.chat.reply.ReplySink;
import org.bitnetj.chat.reply.ToolCall;

/**
 * An answer as the output items of OpenAI's Responses API, whole and as the events that make them.
 * Not thread-safe.
 */
class OutputItems implements ReplySink {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final String IN_PROGRESS = "in_progress";

  private enum Open {
    NONE(""),
    REASONING("response.reasoning_text"),
    MESSAGE("response.output_text");

    final String events;

    Open(String events) {
      this.events = events;
    }
  }

  private final BiConsumer<String, ObjectNode> events;
  private final ArrayNode items = JSON.arrayNode();
  private final StringBuilder text = new StringBuilder();
  private Open open = Open.NONE;
  private String id = "";

  /**
   * @param events receives the type and the other fields of each event
   */
  OutputItems(BiConsumer<String, ObjectNode> events) {
    this.events = events;
  }

  @Override
  public void thinking(String piece) {
    delta(Open.REASONING, piece);
  }

  @Override
  public void text(String piece) {
    delta(Open.MESSAGE, piece);
  }

  @Override
  public void call(ToolCall call) {
    call(call.id(), call.name(), call.arguments(), "completed");
  }

  @Override
  public void cut(CutCall call, String written) {
    call(call.id(), call.name(), call.arguments(), "incomplete");
  }

  private void call(String callId, String name, String arguments, String status) {
    end("completed");
    id = ToolCall.newId("fc_");
    item("response.output_item.added", callItem(callId, name, "", IN_PROGRESS));
    events.accept("response.function_call_arguments.delta", part().put("delta", arguments));
    ObjectNode done = part().put("name", name).put("arguments", arguments);
    events.accept("response.function_call_arguments.done", done);
    done(callItem(callId, name, arguments, status));
  }

  private ObjectNode callItem(String callId, String name, String arguments, String status) {
    ObjectNode item = JSON.objectNode();
    item.put("type", "function_call");
    item.put("id", id);
    item.put("call_id", callId);
    item.put("name", name);
    item.put("arguments", arguments);
    item.put("status", status);
    return item;
  }

  private void delta(Open kind, String piece) {
    if (open != kind) {
      end("completed");
      begin(kind);
    }
    text.append(piece);
    ObjectNode delta = textPart().put("delta", piece);
    events.accept(kind.events + ".delta", withLogprobs(delta));
  }

  private void begin(Open kind) {
    open = kind;
    id = ToolCall.newId(kind == Open.REASONING ? "rs_" : "msg_");
    item("response.output_item.added", item(IN_PROGRESS, JSON.arrayNode()));
    ObjectNode part = textPart();
    part.set("part", content());
    events.accept("response.content_part.added", part);
  }

  private void end(String status) {
    if (open == Open.NONE) {
      return;
    }
    events.accept(open.events + ".done", withLogprobs(textPart().put("text", text.toString())));
    ObjectNode part = textPart();
    part.set("part", content());
    events.accept("response.content_part.done", part);
    done(item(status, JSON.arrayNode().add(content())));
    text.setLength(0);
    open = Open.NONE;
  }

  /**
   * The answer has ended. One without anything has an empty message.
   *
   * @param whole whether it was not cut short
   */
  void finish(boolean whole) {
    if (open == Open.NONE && items.isEmpty()) {
      begin(Open.MESSAGE);
    }
    end(whole ? "completed" : "incomplete");
  }

  /** The message or the reasoning that is open. */
  private ObjectNode item(String status, ArrayNode content) {
    ObjectNode item = JSON.objectNode();
    item.put("type", open == Open.REASONING ? "reasoning" : "message");
    item.put("id", id);
    item.put("status", status);
    if (open == Open.REASONING) {
      item.putArray("summary");
    } else {
      item.put("role", "assistant");
    }
    item.set("content", content);
    return item;
  }

  private ObjectNode content() {
    ObjectNode content = JSON.objectNode();
    content.put("type", open == Open.REASONING ? "reasoning_text" : "output_text");
    content.put("text", text.toString());
    if (open == Open.MESSAGE) {
      content.putArray("annotations");
    }
    return withLogprobs(content);
  }

  /** Clients expect the field; there are none. */
  private ObjectNode withLogprobs(ObjectNode object) {
    if (open == Open.MESSAGE) {
      object.putArray("logprobs");
    }
    return object;
  }

  private ObjectNode part() {
    return JSON.objectNode().put("item_id", id).put("output_index", items.size());
  }

  private ObjectNode textPart() {
    return part().put("content_index", 0);
  }

  private void item(String event, ObjectNode item) {
    ObjectNode data = JSON.objectNode().put("output_index", items.size());
    data.set("item", item);
    events.accept(event, data);
  }

  private void done(ObjectNode item) {
    item("response.output_item.done", item);
    items.add(item);
  }

  /** The items that have ended. */
  ArrayNode json() {
    return items;
  }
}
