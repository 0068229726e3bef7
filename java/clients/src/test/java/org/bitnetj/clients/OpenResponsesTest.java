package org.bitnetj.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SpecVersion;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The cases by which openresponses.org tells a compliant server: a text, a stream, a system prompt,
 * calls of tools, an image, several turns. Each answer and each event has the form that it asks
 * for. What the shipped model says is forced by a format or a tool that it must call.
 */
@Timeout(120)
class OpenResponsesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private static final String SAYING =
      "\"text\": {\"format\": {\"type\": \"json_schema\", \"name\": \"said\", \"strict\": true,"
          + " \"schema\": {\"const\": \"Ahoy\"}}}";
  private static final String CALLING =
      """
      "tool_choice": "required", "parallel_tool_calls": false,
      "tools": [{"type": "function", "name": "get_weather", "description": "Tells the weather.",
        "parameters": {"type": "object", "properties": {"location": {"enum": ["Oslo", "Rome"]}},
          "required": ["location"], "additionalProperties": false}}]\
      """;

  private static Served served;
  private static JsonSchema response;
  private static JsonSchema event;

  @BeforeAll
  static void serve() throws Exception {
    served = new Served();
    response = schema("response");
    event = schema("event");
  }

  @AfterAll
  static void close() {
    served.close();
  }

  private static JsonSchema schema(String name) throws Exception {
    try (InputStream in = OpenResponsesTest.class.getResourceAsStream("open-responses.json")) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      String id = "https://bitnetj.org/open-responses.json";
      return JsonSchemaFactory.getInstance(
              SpecVersion.VersionFlag.V202012,
              builder -> builder.schemaLoaders(loaders -> loaders.schemas(Map.of(id, text))))
          .getSchema(SchemaLocation.of(id + "#/$defs/" + name));
    }
  }

  private static HttpResponse<String> post(String input, String rest) throws Exception {
    String body = "{\"model\": \"any\", \"input\": [%s], %s}".formatted(input, rest);
    return CLIENT.send(
        HttpRequest.newBuilder(URI.create(served.url() + "/v1/responses"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static String message(String role, String content) {
    return "{\"type\": \"message\", \"role\": \"%s\", \"content\": \"%s\"}"
        .formatted(role, content);
  }

  private static void assertValid(JsonSchema schema, JsonNode json) {
    assertEquals(List.of(), List.copyOf(schema.validate(json)), json.toPrettyString());
  }

  private static JsonNode ask(String input, String rest) throws Exception {
    HttpResponse<String> answer = post(input, rest);
    assertEquals(200, answer.statusCode(), answer.body());
    JsonNode json = JSON.readTree(answer.body());
    assertValid(response, json);
    return json;
  }

  /** The events of a stream, each of which is named by its type, counted, and of its form. */
  private static List<JsonNode> stream(String input, String rest) throws Exception {
    HttpResponse<String> answer = post(input, rest + ", \"stream\": true");
    assertEquals(200, answer.statusCode(), answer.body());
    List<JsonNode> events = new ArrayList<>();
    List<String> blocks = List.of(answer.body().split("\n\n"));
    assertEquals("data: [DONE]", blocks.getLast());
    for (String block : blocks.subList(0, blocks.size() - 1)) {
      if (block.startsWith(":")) {
        continue; // a comment
      }
      String[] lines = block.split("\n");
      JsonNode json = JSON.readTree(lines[1].substring("data: ".length()));
      assertEquals("event: " + json.get("type").textValue(), lines[0]);
      assertEquals(events.size(), json.get("sequence_number").intValue());
      assertValid(event, json);
      events.add(json);
    }
    assertEquals("response.created", events.getFirst().get("type").textValue());
    return events;
  }

  private static List<String> types(List<JsonNode> events) {
    return events.stream().map(event -> event.get("type").textValue()).distinct().toList();
  }

  private static void assertCompleted(JsonNode answer, String type) {
    assertEquals("completed", answer.get("status").textValue());
    assertTrue(answer.get("completed_at").isIntegralNumber());
    assertTrue(answer.get("error").isNull() && answer.get("incomplete_details").isNull());
    assertEquals(1, answer.get("output").size());
    assertEquals(type, answer.at("/output/0/type").textValue());
    assertEquals("completed", answer.at("/output/0/status").textValue());
  }

  @Test
  void aMessageIsAnsweredByText() throws Exception {
    JsonNode answer = ask(message("user", "Say hello."), SAYING);
    assertCompleted(answer, "message");
    assertEquals("\"Ahoy\"", answer.at("/output/0/content/0/text").textValue());
  }

  @Test
  void aStreamTellsTheAnswerStepByStep() throws Exception {
    List<JsonNode> events = stream(message("user", "Say hello."), SAYING);
    assertEquals(
        List.of(
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed"),
        types(events));
    assertCompleted(events.getLast().get("response"), "message");
  }

  @ParameterizedTest
  @CsvSource({"system", "developer"})
  void aPromptOfTheSystemIsRead(String role) throws Exception {
    String user = message("user", "Say hello.");
    JsonNode without = ask(user, SAYING);
    JsonNode answer = ask(message(role, "Speak like a pirate.") + ", " + user, SAYING);
    assertCompleted(answer, "message");
    assertTrue(
        answer.at("/usage/input_tokens").intValue() > without.at("/usage/input_tokens").intValue());
  }

  private static void assertCalls(JsonNode call) throws Exception {
    assertEquals("get_weather", call.get("name").textValue());
    JsonNode arguments = JSON.readTree(call.get("arguments").textValue());
    assertTrue(List.of("Oslo", "Rome").contains(arguments.get("location").textValue()));
  }

  @Test
  void aToolIsCalled() throws Exception {
    JsonNode answer = ask(message("user", "How is the weather?"), CALLING);
    assertCompleted(answer, "function_call");
    assertCalls(answer.at("/output/0"));
    assertEquals("get_weather", answer.at("/tools/0/name").textValue());
  }

  @Test
  void aStreamTellsTheCallStepByStep() throws Exception {
    List<JsonNode> events = stream(message("user", "How is the weather?"), CALLING);
    assertEquals(
        List.of(
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "response.output_item.done",
            "response.completed"),
        types(events));
    JsonNode last = events.getLast().get("response");
    assertCompleted(last, "function_call");
    assertCalls(last.at("/output/0"));
    for (JsonNode each : events) {
      if (each.get("type").textValue().startsWith("response.function_call")) {
        assertEquals(last.at("/output/0/id"), each.get("item_id"));
      }
    }
  }

  /** No model here reads images: it says so, in the form of errors. */
  @Test
  void anImageIsRefusedByName() throws Exception {
    HttpResponse<String> answer =
        post(
            """
            {"type": "message", "role": "user", "content": [
              {"type": "input_text", "text": "What is this?"},
              {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo="}]}\
            """,
            SAYING);
    assertEquals(400, answer.statusCode());
    JsonNode error = JSON.readTree(answer.body()).get("error");
    assertEquals("invalid_request_error", error.get("type").textValue());
    assertEquals("input[0].content[1].type", error.get("param").textValue());
    assertTrue(error.get("message").textValue().contains("input_image"), answer.body());
    assertTrue(error.has("code"), answer.body());
  }

  @Test
  void aConversationOfSeveralTurnsIsRead() throws Exception {
    JsonNode answer =
        ask(
            message("user", "My name is Alice.")
                + ", "
                + message("assistant", "Hello Alice!")
                + ", "
                + message("user", "What is my name?"),
            SAYING);
    assertCompleted(answer, "message");
  }

  /** What was called and what came of it are sent back, as the answer had it. */
  @Test
  void theResultOfACallIsRead() throws Exception {
    JsonNode call = ask(message("user", "How is the weather?"), CALLING).at("/output/0");
    String result =
        "{\"type\": \"function_call_output\", \"call_id\": %s, \"output\": \"Sunny.\"}"
            .formatted(call.get("call_id"));
    JsonNode answer =
        ask(message("user", "How is the weather?") + ", " + call + ", " + result, SAYING);
    assertCompleted(answer, "message");
  }
}
