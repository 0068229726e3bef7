package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.bitnetj.chat.reply.CutCall;
import org.bitnetj.chat.reply.ToolCall;
import org.junit.jupiter.api.Test;

class ContentBlocksTest {
  private final List<JsonNode> events = new ArrayList<>();

  private void collect(String name, JsonNode data) {
    assertEquals(name, data.get("type").textValue());
    events.add(data);
  }

  /** An event in short: its type, its block's number, and the type of its block or delta. */
  private static String sketch(JsonNode event) {
    String type = event.get("type").textValue().replace("content_block_", "");
    String of = event.at("/content_block/type").asText() + event.at("/delta/type").asText();
    return (type + " " + event.path("index").asText() + " " + of).strip();
  }

  @Test
  void partsBecomeBlocksAndEventsInOrder() {
    ContentBlocks blocks = new ContentBlocks(true, this::collect);
    blocks.progress(1, 2);
    blocks.thinking("I ");
    blocks.thinking("see.");
    blocks.text("Let ");
    blocks.text("me.");
    blocks.call(new ToolCall("call_1", "f", "{\"x\":[1]}"));
    blocks.call(new ToolCall("call_2", "g", "{}"));
    blocks.text("Done.");
    blocks.finish();
    blocks.finish();
    assertEquals(
        List.of(
            "ping",
            "start 0 thinking",
            "delta 0 thinking_delta",
            "delta 0 thinking_delta",
            "delta 0 signature_delta",
            "stop 0",
            "start 1 text",
            "delta 1 text_delta",
            "delta 1 text_delta",
            "stop 1",
            "start 2 tool_use",
            "delta 2 input_json_delta",
            "stop 2",
            "start 3 tool_use",
            "delta 3 input_json_delta",
            "stop 3",
            "start 4 text",
            "delta 4 text_delta",
            "stop 4"),
        events.stream().map(ContentBlocksTest::sketch).toList());
    String signature = events.get(4).at("/delta/signature").textValue();
    assertEquals(
        """
        [{"type":"thinking","thinking":"I see.","signature":"%s"},\
        {"type":"text","text":"Let me."},\
        {"type":"tool_use","id":"call_1","name":"f","input":{"x":[1]}},\
        {"type":"tool_use","id":"call_2","name":"g","input":{}},\
        {"type":"text","text":"Done."}]\
        """
            .formatted(signature),
        blocks.json().toString());
    assertEquals(
        "{\"type\":\"tool_use\",\"id\":\"call_1\",\"name\":\"f\",\"input\":{}}",
        events.get(10).get("content_block").toString());
    assertEquals("{\"x\":[1]}", events.get(11).at("/delta/partial_json").textValue());
  }

  @Test
  void aCallThatIsCutHasTheInputThatIsWhole() {
    ContentBlocks blocks = new ContentBlocks(true, this::collect);
    blocks.cut(new CutCall("call_1", "f", "{\"a\": 1, \"b\": [2"), "written");
    blocks.finish();
    assertEquals("{\"a\": 1, \"b\": [2", events.get(1).at("/delta/partial_json").textValue());
    assertEquals(
        "[{\"type\":\"tool_use\",\"id\":\"call_1\",\"name\":\"f\",\"input\":{\"a\":1}}]",
        blocks.json().toString());
  }

  @Test
  void numbersOfTheInputStayAsTheyAreWritten() {
    String arguments = "{\"x\":1e400,\"y\":[-1.50,1e999999999]}";
    ContentBlocks blocks = new ContentBlocks(true, this::collect);
    blocks.call(new ToolCall("call_1", "f", arguments));
    blocks.cut(new CutCall("call_2", "f", arguments), "written");
    assertEquals(arguments, blocks.json().at("/0/input").toString());
    assertEquals(arguments, blocks.json().at("/1/input").toString());
  }

  @Test
  void thinkingThatIsNotToBeShownLeavesAnEmptyBlock() {
    ContentBlocks blocks = new ContentBlocks(false, this::collect);
    blocks.thinking("secret");
    blocks.text("open");
    blocks.finish();
    assertEquals(
        List.of(
            "start 0 thinking",
            "delta 0 signature_delta",
            "stop 0",
            "start 1 text",
            "delta 1 text_delta",
            "stop 1"),
        events.stream().map(ContentBlocksTest::sketch).toList());
    assertEquals("", blocks.json().at("/0/thinking").textValue());
  }

  @Test
  void anEmptyAnswerHasNoBlocks() {
    ContentBlocks blocks = new ContentBlocks(true, this::collect);
    blocks.finish();
    assertEquals(0, blocks.json().size());
    assertEquals(List.of(), events);
  }
}
