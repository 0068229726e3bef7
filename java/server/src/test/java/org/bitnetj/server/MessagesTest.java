package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.ChatSettings;
import org.bitnetj.generate.FinishReason;
import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.GenerationResult;
import org.bitnetj.generate.Session;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What clients of Anthropic's API see, on the shipped model. */
class MessagesTest {
  private static ServedModel served;

  @BeforeAll
  static void start() throws Exception {
    served =
        new ServedModel(
            ServedModel.options(),
            ServedModel.TEMPLATE
                + "{% if add_generation_prompt and enable_thinking is defined and"
                + " enable_thinking %}<think>{% endif %}");
  }

  @AfterAll
  static void stop() {
    served.close();
  }

  private static String request(int tokens, String more) {
    return """
    {"model": "any", "max_tokens": %d, "temperature": 0, "system": "Be kind.",
     "messages": [{"role": "user", "content": "Tell a story."}]%s}\
    """
        .formatted(tokens, more);
  }

  /** What the library answers to the same. */
  private static GenerationResult alone(int tokens) {
    return alone("Tell a story.", tokens);
  }

  private static GenerationResult alone(String question, int tokens) {
    try (Session session = served.model.openSession()) {
      return session.chat(
          List.of(ChatMessage.system("Be kind."), ChatMessage.user(question)),
          GenerationOptions.greedy().withMaxTokens(tokens),
          GenerationListener.NONE);
    }
  }

  private static List<JsonNode> stream(String body) throws Exception {
    List<JsonNode> events = new ArrayList<>();
    for (String event : served.stream("/v1/messages", body)) {
      events.add(ServedModel.JSON.readTree(event));
    }
    return events;
  }

  private static String type(JsonNode node) {
    return node.get("type").textValue();
  }

  @Test
  void aMessageIsTheAnswerOfTheLibrary() throws Exception {
    JsonNode answer = served.ask("/v1/messages", request(12, ""));
    assertEquals("message", type(answer));
    assertEquals("assistant", answer.get("role").textValue());
    assertTrue(answer.get("id").textValue().startsWith("msg_"));
    assertEquals("tiny-bitnet-stories-i2_s", answer.get("model").textValue());
    assertEquals(1, answer.get("content").size());
    assertEquals("text", answer.at("/content/0/type").textValue());
    assertEquals(alone(12).text(), answer.at("/content/0/text").textValue());
    assertEquals("max_tokens", answer.get("stop_reason").textValue());
    assertTrue(answer.get("stop_sequence").isNull());
    assertEquals(12, answer.at("/usage/output_tokens").intValue());
  }

  @Test
  void tokensAreCountedAsTheyAreUsed() throws Exception {
    String text = "y ".repeat(150) + "unlike any other text here";
    String body =
        "{\"max_tokens\": 3, \"messages\": [{\"role\": \"user\", \"content\": \"%s\"}]}"
            .formatted(text);
    served.ask("/v1/messages", body);
    JsonNode usage = served.ask("/v1/messages", body).get("usage");
    JsonNode counted =
        served.ask("/v1/messages/count_tokens", body.replace("\"max_tokens\": 3, ", ""));
    int prompt =
        served.model.encodeChat(List.of(ChatMessage.user(text)), ChatSettings.DEFAULTS).length;
    assertEquals(prompt, counted.get("input_tokens").intValue());
    assertEquals(1, counted.size());
    int cached = usage.get("cache_read_input_tokens").intValue();
    assertTrue(cached > prompt / 2, cached + " of " + prompt);
    assertEquals(prompt - cached, usage.get("input_tokens").intValue());
    assertEquals(0, usage.get("cache_creation_input_tokens").intValue());
  }

  @Test
  void aStreamHasTheSameMessageInEvents() throws Exception {
    List<JsonNode> events = stream(request(20, ", \"stream\": true"));
    List<String> types = events.stream().map(MessagesTest::type).toList();
    assertEquals(List.of("message_start", "content_block_start"), types.subList(0, 2));
    assertEquals(
        List.of("content_block_stop", "message_delta", "message_stop"),
        types.subList(types.size() - 3, types.size()));
    JsonNode first = events.getFirst().get("message");
    assertEquals(0, first.get("content").size());
    assertTrue(first.get("stop_reason").isNull());
    StringBuilder text = new StringBuilder();
    for (JsonNode event : events.subList(2, events.size() - 3)) {
      assertEquals("content_block_delta", type(event));
      assertEquals("text_delta", event.at("/delta/type").textValue());
      text.append(event.at("/delta/text").textValue());
    }
    JsonNode whole = served.ask("/v1/messages", request(20, ""));
    assertEquals(whole.at("/content/0/text").textValue(), text.toString());
    JsonNode last = events.get(events.size() - 2);
    assertEquals(whole.get("stop_reason"), last.at("/delta/stop_reason"));
    assertEquals(20, last.at("/usage/output_tokens").intValue());
    assertEquals(
        first.at("/usage/input_tokens").intValue(),
        last.at("/usage/input_tokens").intValue()
            + last.at("/usage/cache_read_input_tokens").intValue());
  }

  @Test
  void eventsAreNamedByTheirTypes() throws Exception {
    String events = served.post("/v1/messages", request(2, ", \"stream\": true")).body();
    for (String event : events.strip().split("\n\n")) {
      String[] lines = event.split("\n");
      assertEquals(2, lines.length, event);
      assertEquals(
          "event: " + type(ServedModel.JSON.readTree(lines[1].substring("data: ".length()))),
          lines[0]);
    }
  }

  @Test
  void theStopSequenceThatCameIsNamed() throws Exception {
    String text = alone(20).text();
    String stop = text.substring(10, 14);
    String stops = ", \"stop_sequences\": [\"never this\", \"%s\"]".formatted(stop);
    JsonNode answer = served.ask("/v1/messages", request(20, stops));
    assertEquals("stop_sequence", answer.get("stop_reason").textValue());
    assertEquals(stop, answer.get("stop_sequence").textValue());
    assertEquals(text.substring(0, text.indexOf(stop)), answer.at("/content/0/text").textValue());
    List<JsonNode> events = stream(request(20, stops + ", \"stream\": true"));
    assertEquals(stop, events.get(events.size() - 2).at("/delta/stop_sequence").textValue());
  }

  @Test
  void theModelsOwnEndIsTheEndOfItsTurn() throws Exception {
    GenerationResult alone = alone("Why?", 400);
    assertEquals(FinishReason.END_TOKEN, alone.finishReason());
    JsonNode answer = served.ask("/v1/messages", request(400, "").replace("Tell a story.", "Why?"));
    assertEquals(alone.text(), answer.at("/content/0/text").textValue());
    assertEquals("end_turn", answer.get("stop_reason").textValue());
  }

  @Test
  void aModelThinksIfItIsAsked() throws Exception {
    String enabled = ", \"thinking\": {\"type\": \"enabled\", \"budget_tokens\": 1024}";
    JsonNode answer = served.ask("/v1/messages", request(8, enabled));
    assertEquals("thinking", answer.at("/content/0/type").textValue());
    assertFalse(answer.at("/content/0/thinking").textValue().isEmpty());
    assertFalse(answer.at("/content/0/signature").textValue().isEmpty());
    assertEquals(8, answer.at("/usage/output_tokens_details/thinking_tokens").intValue());
    List<JsonNode> events = stream(request(8, enabled + ", \"stream\": true"));
    StringBuilder thinking = new StringBuilder();
    events.forEach(event -> thinking.append(event.at("/delta/thinking").asText()));
    assertEquals(answer.at("/content/0/thinking").textValue(), thinking.toString());
    assertEquals("signature_delta", events.get(events.size() - 4).at("/delta/type").textValue());
    for (String type : List.of("disabled", "adaptive")) {
      JsonNode other =
          served.ask(
              "/v1/messages", request(8, ", \"thinking\": {\"type\": \"%s\"}".formatted(type)));
      assertEquals("text", other.at("/content/0/type").textValue(), type);
    }
  }

  @Test
  void toolsAreExplainedToTheModel() throws Exception {
    String body = "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]%s}";
    String tools = ", \"tools\": [{\"name\": \"f\", \"input_schema\": {\"type\": \"object\"}}]";
    int without =
        served.ask("/v1/messages/count_tokens", body.formatted("")).get("input_tokens").intValue();
    int with =
        served
            .ask("/v1/messages/count_tokens", body.formatted(tools))
            .get("input_tokens")
            .intValue();
    int none =
        served
            .ask(
                "/v1/messages/count_tokens",
                body.formatted(tools + ", \"tool_choice\": {\"type\": \"none\"}"))
            .get("input_tokens")
            .intValue();
    assertTrue(with > without + 20, with + " and " + without);
    assertEquals(without, none);
  }

  @Test
  void errorsHaveTheFormOfTheApi() throws Exception {
    refused("max_tokens", request(5, "").replace("\"max_tokens\": 5, ", ""));
    refused("whatever", request(5, ", \"whatever\": 1"));
    refused("temperature", request(5, "").replace("\"temperature\": 0", "\"temperature\": 1.5"));
    refused("thinking.type", request(5, ", \"thinking\": {\"type\": \"much\"}"));
    refused("stop_sequences", request(5, ", \"stop_sequences\": [\"\"]"));
    refused("output_config.format.type", request(5, ", \"output_config\": {\"format\": {}}"));
    refused("not valid JSON", "{");
  }

  private static void refused(String name, String body) throws Exception {
    HttpResponse<String> response = served.post("/v1/messages", body);
    assertEquals(400, response.statusCode(), response.body());
    JsonNode error = ServedModel.JSON.readTree(response.body());
    assertEquals("error", type(error));
    assertEquals("invalid_request_error", error.at("/error/type").textValue());
    assertTrue(error.at("/error/message").textValue().contains(name), response.body());
  }
}
