package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.bitnetj.chat.reply.CutCall;
import org.bitnetj.chat.reply.ToolCall;
import org.junit.jupiter.api.Test;

class OutputItemsTest {
  private final List<String> types = new ArrayList<>();
  private final List<ObjectNode> events = new ArrayList<>();
  private final OutputItems items =
      new OutputItems(
          (type, fields) -> {
            types.add(type.substring("response.".length()) + " " + fields.get("output_index"));
            events.add(fields);
          });

  private List<String> statuses() {
    List<String> statuses = new ArrayList<>();
    items
        .json()
        .forEach(
            item ->
                statuses.add(item.get("type").textValue() + " " + item.get("status").textValue()));
    return statuses;
  }

  @Test
  void partsBecomeItemsAndEventsInOrder() {
    items.thinking("I ");
    items.thinking("see.");
    items.text("Let me.");
    items.call(new ToolCall("call_1", "f", "{\"x\":1}"));
    items.text("Done.");
    items.finish(true);
    assertEquals(
        List.of(
            "output_item.added 0",
            "content_part.added 0",
            "reasoning_text.delta 0",
            "reasoning_text.delta 0",
            "reasoning_text.done 0",
            "content_part.done 0",
            "output_item.done 0",
            "output_item.added 1",
            "content_part.added 1",
            "output_text.delta 1",
            "output_text.done 1",
            "content_part.done 1",
            "output_item.done 1",
            "output_item.added 2",
            "function_call_arguments.delta 2",
            "function_call_arguments.done 2",
            "output_item.done 2",
            "output_item.added 3",
            "content_part.added 3",
            "output_text.delta 3",
            "output_text.done 3",
            "content_part.done 3",
            "output_item.done 3"),
        types);
    assertEquals(
        List.of(
            "reasoning completed",
            "message completed",
            "function_call completed",
            "message completed"),
        statuses());
    String[] ids = new String[4];
    for (int i = 0; i < 4; i++) {
      ids[i] = items.json().get(i).get("id").textValue();
    }
    assertNotEquals(ids[1], ids[3]);
    assertEquals(
        """
        [{"type":"reasoning","id":"%s","status":"completed","summary":[],\
        "content":[{"type":"reasoning_text","text":"I see."}]},\
        {"type":"message","id":"%s","status":"completed","role":"assistant",\
        "content":[{"type":"output_text","text":"Let me.","annotations":[],"logprobs":[]}]},\
        {"type":"function_call","id":"%s","call_id":"call_1","name":"f",\
        "arguments":"{\\"x\\":1}","status":"completed"},\
        {"type":"message","id":"%s","status":"completed","role":"assistant",\
        "content":[{"type":"output_text","text":"Done.","annotations":[],"logprobs":[]}]}]\
        """
            .formatted((Object[]) ids),
        items.json().toString());
    for (int i = 0; i < events.size(); i++) {
      String id = ids[events.get(i).get("output_index").intValue()];
      JsonNode at =
          events.get(i).has("item") ? events.get(i).at("/item/id") : events.get(i).get("item_id");
      assertEquals(id, at.textValue(), types.get(i));
    }
  }

  @Test
  void anItemBeginsEmptyAndEndsWhole() {
    items.text("a");
    items.text("b");
    items.call(new ToolCall("call_1", "f", "{}"));
    items.finish(true);
    assertEquals(0, events.get(0).at("/item/content").size());
    assertEquals("in_progress", events.get(0).at("/item/status").textValue());
    assertEquals("", events.get(1).at("/part/text").textValue());
    assertEquals("a", events.get(2).get("delta").textValue());
    assertEquals("b", events.get(3).get("delta").textValue());
    assertEquals("ab", events.get(4).get("text").textValue());
    assertEquals("ab", events.get(5).at("/part/text").textValue());
    assertEquals("", events.get(7).at("/item/arguments").textValue());
    assertEquals("{}", events.get(8).get("delta").textValue());
    assertEquals("{}", events.get(9).get("arguments").textValue());
    assertEquals("f", events.get(9).get("name").textValue());
  }

  @Test
  void whatIsCutShortIsIncomplete() {
    items.thinking("I");
    items.text("Let");
    items.finish(false);
    assertEquals(List.of("reasoning completed", "message incomplete"), statuses());
  }

  @Test
  void aCallThatIsCutIsIncomplete() {
    items.call(new ToolCall("call_1", "f", "{}"));
    items.cut(new CutCall("call_2", "g", "{\"x\": [1"), "written");
    items.finish(false);
    assertEquals(List.of("function_call completed", "function_call incomplete"), statuses());
    assertEquals("{\"x\": [1", items.json().at("/1/arguments").textValue());
    assertEquals("call_2", items.json().at("/1/call_id").textValue());
    assertEquals("{\"x\": [1", events.get(5).get("delta").textValue());
    assertEquals("{\"x\": [1", events.get(6).get("arguments").textValue());
    assertEquals("incomplete", events.get(7).at("/item/status").textValue());
  }

  @Test
  void anAnswerOfNothingIsAnEmptyMessage() {
    items.finish(true);
    assertEquals(List.of("message completed"), statuses());
    assertEquals("", items.json().at("/0/content/0/text").textValue());
  }
}
