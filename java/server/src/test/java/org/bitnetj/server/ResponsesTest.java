package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.ChatSettings;
import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.Session;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What clients of OpenAI's Responses API see, on the shipped model. */
class ResponsesTest {
  /** What a response object must have, by OpenAI's and openresponses.org's documents. */
  private static final List<String> REQUIRED =
      List.of(
          "id",
          "object",
          "created_at",
          "completed_at",
          "status",
          "incomplete_details",
          "model",
          "previous_response_id",
          "instructions",
          "output",
          "error",
          "tools",
          "tool_choice",
          "truncation",
          "parallel_tool_calls",
          "text",
          "top_p",
          "presence_penalty",
          "frequency_penalty",
          "top_logprobs",
          "temperature",
          "reasoning",
          "usage",
          "max_output_tokens",
          "max_tool_calls",
          "store",
          "background",
          "service_tier",
          "metadata",
          "safety_identifier",
          "prompt_cache_key");

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

  private static String request(String input, String more) {
    return "{\"model\": \"any\", \"input\": %s, \"temperature\": 0%s}".formatted(input, more);
  }

  private static JsonNode ask(String input, String more) throws Exception {
    return served.ask("/v1/responses", request(input, more));
  }

  /** What the library answers to the same. */
  private static String alone(int tokens, ChatMessage... messages) {
    try (Session session = served.model.openSession()) {
      return session
          .chat(
              List.of(messages),
              GenerationOptions.greedy().withMaxTokens(tokens),
              GenerationListener.NONE)
          .text();
    }
  }

  private static List<JsonNode> stream(String body) throws Exception {
    List<String> events = served.stream("/v1/responses", body);
    assertEquals("[DONE]", events.getLast());
    List<JsonNode> read = new ArrayList<>();
    for (String event : events.subList(0, events.size() - 1)) {
      JsonNode json = ServedModel.JSON.readTree(event);
      assertEquals(read.size(), json.get("sequence_number").intValue());
      read.add(json);
    }
    return read;
  }

  private static String text(JsonNode response) {
    return response.at("/output/0/content/0/text").textValue();
  }

  @Test
  void aResponseIsTheAnswerOfTheLibrary() throws Exception {
    JsonNode answer =
        ask("\"Tell a story.\"", ", \"instructions\": \"Be kind.\", \"max_output_tokens\": 12");
    for (String field : REQUIRED) {
      assertTrue(answer.has(field), field);
    }
    assertEquals("response", answer.get("object").textValue());
    assertEquals("Be kind.", answer.get("instructions").textValue());
    assertEquals("incomplete", answer.get("status").textValue());
    assertEquals("max_output_tokens", answer.at("/incomplete_details/reason").textValue());
    assertEquals(1, answer.get("output").size());
    assertEquals("incomplete", answer.at("/output/0/status").textValue());
    assertEquals(
        alone(12, ChatMessage.system("Be kind."), ChatMessage.user("Tell a story.")), text(answer));
    int prompt =
        served.model.encodeChat(
                List.of(ChatMessage.system("Be kind."), ChatMessage.user("Tell a story.")),
                ChatSettings.DEFAULTS)
            .length;
    assertEquals(prompt, answer.at("/usage/input_tokens").intValue());
    assertTrue(answer.at("/usage/input_tokens_details/cached_tokens").isInt());
    assertEquals(0, answer.at("/usage/input_tokens_details/cache_write_tokens").asInt(-1));
    assertEquals(12, answer.at("/usage/output_tokens").intValue());
    assertEquals(0, answer.at("/usage/output_tokens_details/reasoning_tokens").intValue());
    assertEquals(prompt + 12, answer.at("/usage/total_tokens").intValue());
  }

  @Test
  void aResponseThatEndsByItselfIsComplete() throws Exception {
    JsonNode answer = ask("\"Why?\"", ", \"instructions\": \"Be kind.\"");
    assertEquals("completed", answer.get("status").textValue());
    assertEquals("completed", answer.at("/output/0/status").textValue());
    assertTrue(answer.get("completed_at").isIntegralNumber());
    assertTrue(answer.get("incomplete_details").isNull());
    assertEquals(
        alone(500, ChatMessage.system("Be kind."), ChatMessage.user("Why?")), text(answer));
  }

  @Test
  void aStreamHasTheSameResponseInEvents() throws Exception {
    String input = "[{\"role\": \"user\", \"content\": \"Tell a story.\"}]";
    List<JsonNode> events = stream(request(input, ", \"max_output_tokens\": 20, \"stream\": true"));
    List<String> types = events.stream().map(event -> event.get("type").textValue()).toList();
    assertEquals(
        List.of(
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added"),
        types.subList(0, 4));
    assertEquals(
        List.of(
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.incomplete"),
        types.subList(types.size() - 4, types.size()));
    StringBuilder text = new StringBuilder();
    for (JsonNode event : events.subList(4, events.size() - 4)) {
      assertEquals("response.output_text.delta", event.get("type").textValue());
      text.append(event.get("delta").textValue());
    }
    JsonNode last = events.getLast().get("response");
    assertEquals(alone(20, ChatMessage.user("Tell a story.")), text.toString());
    assertEquals(text.toString(), text(last));
    assertEquals(20, last.at("/usage/output_tokens").intValue());
    JsonNode first = events.getFirst().get("response");
    assertEquals(first.get("id"), last.get("id"));
    assertEquals("in_progress", first.get("status").textValue());
    assertEquals(0, first.get("output").size());
    for (String field : REQUIRED) {
      assertTrue(first.has(field), field);
      assertTrue(last.has(field), field);
    }
  }

  @Test
  void aConversationGoesOnAfterAResponse() throws Exception {
    JsonNode one =
        ask("\"Tell a story.\"", ", \"instructions\": \"Be kind.\", \"max_output_tokens\": 10");
    String more =
        ", \"max_output_tokens\": 10, \"previous_response_id\": " + one.get("id").toString();
    JsonNode two = ask("\"And then?\"", more);
    assertEquals(one.get("id"), two.get("previous_response_id"));
    assertEquals(
        alone(
            10,
            ChatMessage.user("Tell a story."),
            ChatMessage.assistant(text(one)),
            ChatMessage.user("And then?")),
        text(two));
    JsonNode three =
        ask(
            "\"Why?\"",
            ", \"max_output_tokens\": 10, \"previous_response_id\": " + two.get("id").toString());
    assertEquals(
        alone(
            10,
            ChatMessage.user("Tell a story."),
            ChatMessage.assistant(text(one)),
            ChatMessage.user("And then?"),
            ChatMessage.assistant(text(two)),
            ChatMessage.user("Why?")),
        text(three));
    assertEquals(text(two), text(ask("\"And then?\"", more)), "it can be answered again");
  }

  @Test
  void aResponseThatIsNotToBeStoredIsForgotten() throws Exception {
    JsonNode one = ask("\"Hi\"", ", \"store\": false, \"max_output_tokens\": 2");
    assertFalse(one.get("store").booleanValue());
    refused(
        "previous_response_id",
        request("\"Hi\"", ", \"previous_response_id\": " + one.get("id").toString()));
  }

  @Test
  void aModelThinksIfItIsAsked() throws Exception {
    String more = ", \"max_output_tokens\": 8, \"reasoning\": {\"effort\": \"low\"}";
    JsonNode answer = ask("\"Why?\"", more);
    assertEquals("low", answer.at("/reasoning/effort").textValue());
    assertEquals("reasoning", answer.at("/output/0/type").textValue());
    assertEquals("reasoning_text", answer.at("/output/0/content/0/type").textValue());
    assertEquals(8, answer.at("/usage/output_tokens_details/reasoning_tokens").intValue());
    StringBuilder thinking = new StringBuilder();
    for (JsonNode event : stream(request("\"Why?\"", more + ", \"stream\": true"))) {
      if (event.get("type").textValue().equals("response.reasoning_text.delta")) {
        thinking.append(event.get("delta").textValue());
      }
    }
    assertEquals(text(answer), thinking.toString());
  }

  @Test
  void whatChangesNothingIsSentBack() throws Exception {
    JsonNode answer =
        ask(
            "\"Hi\"",
            """
            , "max_output_tokens": 1, "metadata": {"a": "b"}, "user": "me", "max_tool_calls": 3,
            "prompt_cache_key": "k", "parallel_tool_calls": false, "truncation": "disabled",
            "include": ["reasoning.encrypted_content"], "background": false, "top_p": 0.5,
            "text": {"format": {"type": "text"}, "verbosity": "low"},
            "tools": [{"type": "web_search"},
              {"type": "function", "name": "f", "parameters": {"type": "object"}}],
            "tool_choice": "none"\
            """);
    assertEquals("b", answer.at("/metadata/a").textValue());
    assertEquals("me", answer.get("user").textValue());
    assertEquals(3, answer.get("max_tool_calls").intValue());
    assertEquals("k", answer.get("prompt_cache_key").textValue());
    assertFalse(answer.get("parallel_tool_calls").booleanValue());
    assertEquals(0.5, answer.get("top_p").doubleValue());
    assertEquals("low", answer.at("/text/verbosity").textValue());
    assertEquals("none", answer.get("tool_choice").textValue());
    assertEquals(
        "[{\"type\":\"function\",\"name\":\"f\",\"description\":null,"
            + "\"parameters\":{\"type\":\"object\"},\"strict\":false}]",
        answer.get("tools").toString());
  }

  @Test
  void wrongRequestsAreRefusedByName() throws Exception {
    refused("input", "{}");
    refused("input", "{\"input\": []}");
    refused("background", request("\"Hi\"", ", \"background\": true"));
    refused("truncation", request("\"Hi\"", ", \"truncation\": \"auto\""));
    refused("top_logprobs", request("\"Hi\"", ", \"top_logprobs\": 2"));
    refused("include", request("\"Hi\"", ", \"include\": [\"message.output_text.logprobs\"]"));
    refused("conversation", request("\"Hi\"", ", \"conversation\": \"c\""));
    refused("metadata", request("\"Hi\"", ", \"metadata\": 1"));
    refused("reasoning.effort", request("\"Hi\"", ", \"reasoning\": {\"effort\": \"huge\"}"));
    refused(
        "text.format.type", request("\"Hi\"", ", \"text\": {\"format\": {\"type\": \"grammar\"}}"));
    refused("previous_response_id", request("\"Hi\"", ", \"previous_response_id\": \"resp_1\""));
  }

  private static void refused(String param, String body) throws Exception {
    HttpResponse<String> response = served.post("/v1/responses", body);
    assertEquals(400, response.statusCode(), response.body());
    JsonNode error = ServedModel.JSON.readTree(response.body()).get("error");
    assertEquals(param, error.get("param").textValue(), response.body());
    assertTrue(error.get("message").textValue().contains(param), response.body());
  }

  private static HttpResponse<String> delete(String path) throws Exception {
    return served.send(HttpRequest.newBuilder(served.uri(path)).DELETE());
  }

  @Test
  void aResponseThatIsRememberedCanBeFetchedAndForgotten() throws Exception {
    JsonNode answer = ask("\"Tell a story.\"", ", \"max_output_tokens\": 5");
    String path = "/v1/responses/" + answer.get("id").textValue();
    assertEquals(answer, ServedModel.JSON.readTree(served.get(path).body()));
    assertEquals(400, served.get(path + "?stream=true").statusCode());
    JsonNode deleted = ServedModel.JSON.readTree(delete(path).body());
    assertEquals(answer.get("id"), deleted.get("id"));
    assertTrue(deleted.get("deleted").booleanValue());
    assertEquals(404, served.get(path).statusCode());
    assertEquals(404, delete(path).statusCode());
    JsonNode unkept = ask("\"Hi\"", ", \"max_output_tokens\": 5, \"store\": false");
    assertEquals(404, served.get("/v1/responses/" + unkept.get("id").textValue()).statusCode());
  }

  /** The server stops as soon as the client has something of the answer. */
  @Test
  void aStreamThatFailsSaysSoAtItsEnd() throws Exception {
    List<String> written = new ArrayList<>();
    Admission admission = new Admission(1, 1, 1 << 20);
    Answers answers = new Answers(served.model, admission, new Metrics("m"), true);
    Responses responses = new Responses(new Chats(answers), new Identity("m", "fp_0", 0));
    Exchange exchange = new Exchange(Duration.ofMinutes(1));
    EventStream events =
        new EventStream(
            RecordedResponse.collecting(
                text -> {
                  written.add(text);
                  if (text.contains("output_text.delta")) {
                    exchange.end(Exchange.End.STOPPING);
                  }
                }),
            Dialect.OPENAI);
    Door.Answer answer =
        responses.read(Door.parse(request("\"Tell a story.\"", ", \"stream\": true")), exchange);
    events.fail(
        assertThrows(
            ApiException.class,
            () -> answer.send(events, RecordedResponse.collecting(text -> {}))));
    assertEquals("data: [DONE]\n\n", written.getLast());
    String last = written.get(written.size() - 2);
    assertTrue(last.startsWith("event: response.failed\n"), last);
    JsonNode event = ServedModel.JSON.readTree(last.substring(last.indexOf("data: ") + 6));
    assertEquals(written.size() - 2, event.get("sequence_number").intValue());
    assertEquals("failed", event.at("/response/status").textValue());
    assertEquals("server_error", event.at("/response/error/code").textValue());
    assertEquals("The server is stopping.", event.at("/response/error/message").textValue());
    assertEquals(0, admission.running());
  }
}
