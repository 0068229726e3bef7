package org.bitnetj.chat.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.bitnetj.source.json.Json;
import org.bitnetj.source.json.JsonParser;
import org.bitnetj.tokenizer.Segment;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Templates with the constructs that the published ones have, on chats with thinking and tools.
 * Expected texts are those of jinja2 3.1.6 with Hugging Face's settings, filters and functions.
 */
class PublishedTemplatesTest {
  private static Json json(JsonNode node) {
    try {
      return JsonParser.parse(node.toString());
    } catch (JsonParser.Malformed e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static List<JinjaTemplate.Message> messages(JsonNode chat) {
    List<JinjaTemplate.Message> messages = new ArrayList<>();
    for (JsonNode message : chat) {
      messages.add(
          new JinjaTemplate.Message(
              message.get("role").asText(),
              message.get("content").asText(),
              Optional.ofNullable(message.get("tool_calls")).map(PublishedTemplatesTest::json)));
    }
    return messages;
  }

  private static List<Segment> render(JsonNode root, JsonNode expectation) {
    Map<String, Boolean> flags = new HashMap<>();
    for (String flag : List.of("add_generation_prompt", "enable_thinking")) {
      if (expectation.has(flag)) {
        flags.put(flag, expectation.get(flag).asBoolean());
      }
    }
    List<Json> tools =
        StreamSupport.stream(root.get("tools").spliterator(), false)
            .limit(expectation.get("tools").asInt())
            .map(PublishedTemplatesTest::json)
            .toList();
    return JinjaTemplate.parse(root.get("templates").get(expectation.get("name").asText()).asText())
        .render(
            messages(root.get("chats").get(expectation.get("chat").asInt())),
            Map.of("bos_token", "<s>", "eos_token", "</s>"),
            flags,
            tools.isEmpty() ? Map.of() : Map.of("tools", new Json.Items(tools)),
            Duration.ofMinutes(1));
  }

  @TestFactory
  List<DynamicTest> renderAsTheReferenceDoes() throws IOException {
    JsonNode root;
    try (InputStream in = PublishedTemplatesTest.class.getResourceAsStream("published.json")) {
      root = new ObjectMapper().readTree(in);
    }
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode expectation : root.get("cases")) {
      String name = expectation.get("name").asText() + ", chat " + expectation.get("chat").asInt();
      tests.add(DynamicTest.dynamicTest(name, () -> check(root, expectation)));
    }
    assertTrue(tests.size() > 100);
    return tests;
  }

  private static void check(JsonNode root, JsonNode expectation) {
    if (expectation.has("refusal")) {
      JinjaException e = assertThrows(JinjaException.class, () -> render(root, expectation));
      assertTrue(e.isRaisedByTemplate(), e.getMessage());
      assertEquals(expectation.get("refusal").asText(), e.getMessage());
      return;
    }
    List<Segment> segments = render(root, expectation);
    assertEquals(
        expectation.get("expected").asText(),
        segments.stream().map(Segment::text).collect(Collectors.joining()));
    for (Segment segment : segments) { // which one message of the user spells
      assertTrue(!segment.trusted() || !segment.text().contains("now?"), segment.text());
    }
  }
}
