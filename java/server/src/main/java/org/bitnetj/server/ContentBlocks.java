package org.bitnetj.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.BiConsumer;
import org.bitnetj.chat.reply.CutCall;
import org.bitnetj.chat.reply.ReplySink;
import org.bitnetj.chat.reply.ToolCall;

/**
 * An answer as the content blocks of Anthropic's API, whole and as the events that make them. Not
 * thread-safe.
 */
final class ContentBlocks implements ReplySink {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private enum Open {
    NONE,
    THINKING,
    TEXT
  }

  private final BiConsumer<String, JsonNode> events;
  private final boolean showsThinking;
  private final ArrayNode blocks = JSON.arrayNode();
  private final StringBuilder text = new StringBuilder();
  private Open open = Open.NONE;

  /**
   * @param showsThinking whether blocks of thinking have its text
   * @param events receives the name and the data of each event
   */
  ContentBlocks(boolean showsThinking, BiConsumer<String, JsonNode> events) {
    this.showsThinking = showsThinking;
    this.events = events;
  }

  @Override
  public void thinking(String piece) {
    open(Open.THINKING);
    if (showsThinking) {
      text.append(piece);
      delta(JSON.objectNode().put("type", "thinking_delta").put("thinking", piece));
    }
  }

  @Override
  public void text(String piece) {
    open(Open.TEXT);
    text.append(piece);
    delta(JSON.objectNode().put("type", "text_delta").put("text", piece));
  }

  @Override
  public void call(ToolCall call) {
    use(call.id(), call.name(), call.arguments(), Door.parse(call.arguments()));
  }

  /** A stream has all that was written; the whole block has the members that are whole. */
  @Override
  public void cut(CutCall call, String written) {
    use(call.id(), call.name(), call.arguments(), call.wholeArguments());
  }

  private void use(String id, String name, String written, JsonNode input) {
    finish();
    ObjectNode block = JSON.objectNode();
    block.put("type", "tool_use").put("id", id).put("name", name);
    block.putObject("input");
    start(block.deepCopy());
    delta(JSON.objectNode().put("type", "input_json_delta").put("partial_json", written));
    block.set("input", input);
    stop(block);
  }

  @Override
  public void progress(int done, int total) {
    events.accept("ping", JSON.objectNode().put("type", "ping"));
  }

  private void open(Open kind) {
    if (open != kind) {
      finish();
      open = kind;
      start(block(""));
    }
  }

  /** The block that is open. */
  private ObjectNode block(String signature) {
    ObjectNode block = JSON.objectNode();
    return open == Open.TEXT
        ? block.put("type", "text").put("text", text.toString())
        : block
            .put("type", "thinking")
            .put("thinking", text.toString())
            .put("signature", signature);
  }

  /** Ends the block that is open; nothing more belongs to it. */
  void finish() {
    if (open == Open.NONE) {
      return;
    }
    String signature = ToolCall.newId("sig_"); // clients send it back; nothing depends on it
    if (open == Open.THINKING) {
      delta(JSON.objectNode().put("type", "signature_delta").put("signature", signature));
    }
    stop(block(signature));
    text.setLength(0);
    open = Open.NONE;
  }

  private void start(ObjectNode block) {
    ObjectNode data = event("content_block_start");
    data.set("content_block", block);
    send(data);
  }

  private void delta(ObjectNode delta) {
    ObjectNode data = event("content_block_delta");
    data.set("delta", delta);
    send(data);
  }

  private void stop(ObjectNode block) {
    send(event("content_block_stop"));
    blocks.add(block);
  }

  private ObjectNode event(String type) {
    return JSON.objectNode().put("type", type).put("index", blocks.size());
  }

  private void send(ObjectNode data) {
    events.accept(data.get("type").textValue(), data);
  }

  /** The blocks that have ended. */
  ArrayNode json() {
    return blocks;
  }
}
