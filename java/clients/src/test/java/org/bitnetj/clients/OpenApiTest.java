package org.bitnetj.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Answers and events against OpenAI's published description of its API: {@code openapi.json} of
 * github.com/openai/openai-openapi, named by {@code -Dbitnet.openApi}.
 */
@EnabledIfSystemProperty(
    named = "bitnet.openApi",
    matches = ".+",
    disabledReason = "SKIPPED: OpenAI's description of its API; -Dbitnet.openApi=openapi.json")
@Timeout(120)
class OpenApiTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final String TOOLS =
      "\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"roll\", \"parameters\":"
          + " {\"type\": \"object\", \"properties\": {\"die\": {\"enum\": [6, 20]}}, \"required\":"
          + " [\"die\"], \"additionalProperties\": false}}}], \"tool_choice\": \"required\"";
  private static final String FLAT_TOOLS =
      "\"tools\": [{\"type\": \"function\", \"name\": \"roll\", \"strict\": true, \"parameters\":"
          + " {\"type\": \"object\", \"properties\": {\"die\": {\"enum\": [6, 20]}}, \"required\":"
          + " [\"die\"], \"additionalProperties\": false}}], \"tool_choice\": \"required\"";
  private static final String MESSAGES =
      "\"model\": \"any\", \"seed\": 7, \"messages\": [{\"role\": \"user\", \"content\":"
          + " \"Once\"}]";
  private static final String INPUT = "\"model\": \"any\", \"seed\": 7, \"input\": \"Once\"";

  private static Served served;

  @BeforeAll
  static void serve() throws Exception {
    served = new Served();
  }

  @AfterAll
  static void close() {
    served.close();
  }

  private static JsonSchema schema(String name) {
    String document =
        Path.of(System.getProperty("bitnet.openApi")).toAbsolutePath().toUri().toString();
    return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
        .getSchema(URI.create(document + "#/components/schemas/" + name));
  }

  private static HttpResponse<String> post(String path, String body) throws Exception {
    return CLIENT.send(
        HttpRequest.newBuilder(URI.create(served.url() + path))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static void assertValid(JsonSchema schema, JsonNode answer) {
    if (answer instanceof ObjectNode object && object.path("usage").isNull()) {
      object.remove("usage"); // it is described as nullable by a keyword that JSON Schema lacks
    }
    assertEquals(List.of(), List.copyOf(schema.validate(answer)), answer.toPrettyString());
  }

  private static String body(String parts) {
    return "{"
        + parts
            .replace("MESSAGES", MESSAGES)
            .replace("INPUT", INPUT)
            .replace("FLAT_TOOLS", FLAT_TOOLS)
            .replace("TOOLS", TOOLS)
        + "}";
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          CreateChatCompletionResponse | /v1/chat/completions | MESSAGES, "max_tokens": 5
          CreateChatCompletionResponse | /v1/chat/completions | MESSAGES, "max_tokens": 5, "logprobs": true, "top_logprobs": 2, "n": 2
          CreateChatCompletionResponse | /v1/chat/completions | MESSAGES, TOOLS
          CreateChatCompletionResponse | /v1/chat/completions | MESSAGES, TOOLS, "max_tokens": 30
          Response | /v1/responses | INPUT, "max_output_tokens": 5
          Response | /v1/responses | INPUT, FLAT_TOOLS
          Response | /v1/responses | INPUT, FLAT_TOOLS, "max_output_tokens": 30
          CreateCompletionResponse | /v1/completions | "model": "any", "seed": 7, "prompt": ["One", "Two"], "max_tokens": 3, "logprobs": 2
          CreateEmbeddingResponse | /v1/embeddings | "model": "any", "input": ["One", "Two"]
          ErrorResponse | /v1/chat/completions | "messages": 3
          ErrorResponse | /v1/responses | INPUT, "temperature": -1
          """)
  void anAnswerIsWhatOpenAiDescribes(String name, String path, String parts) throws Exception {
    HttpResponse<String> response = post(path, body(parts));
    assertEquals(name.equals("ErrorResponse") ? 400 : 200, response.statusCode());
    assertValid(schema(name), JSON.readTree(response.body()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          CreateChatCompletionStreamResponse | /v1/chat/completions | MESSAGES, "max_tokens": 5, "stream_options": {"include_usage": true}
          CreateChatCompletionStreamResponse | /v1/chat/completions | MESSAGES, TOOLS
          CreateChatCompletionStreamResponse | /v1/chat/completions | MESSAGES, TOOLS, "max_tokens": 30
          CreateCompletionResponse | /v1/completions | "model": "any", "seed": 7, "prompt": "One", "max_tokens": 3
          ResponseStreamEvent | /v1/responses | INPUT, "max_output_tokens": 5
          ResponseStreamEvent | /v1/responses | INPUT, FLAT_TOOLS
          ResponseStreamEvent | /v1/responses | INPUT, FLAT_TOOLS, "max_output_tokens": 30
          """)
  void everyEventIsWhatOpenAiDescribes(String name, String path, String parts) throws Exception {
    JsonSchema schema = schema(name);
    List<JsonNode> events = new ArrayList<>();
    for (String line : post(path, body(parts + ", \"stream\": true")).body().split("\n")) {
      if (line.startsWith("data: {")) {
        events.add(JSON.readTree(line.substring(6)));
      }
    }
    assertTrue(events.size() >= 3, events.toString());
    for (JsonNode event : events) {
      if (name.equals("CreateCompletionResponse")) {
        // The description is that of the whole answer. In pieces OpenAI says null until the end.
        ObjectNode choice = (ObjectNode) event.at("/choices/0");
        assertEquals(event == events.getLast(), choice.get("finish_reason").isTextual());
        choice.put("finish_reason", "stop");
      }
      if (event.at("/response/usage").isNull()) {
        // As OpenAI says until the end, and openresponses.org asks for.
        ((ObjectNode) event.get("response")).remove("usage");
      }
      assertValid(schema, event);
    }
  }

  @ParameterizedTest
  @CsvSource({"ListModelsResponse, /v1/models", "Model, /v1/models/tiny-bitnet-stories-i2_s"})
  void modelsAreWhatOpenAiDescribes(String name, String path) throws Exception {
    HttpResponse<String> response =
        CLIENT.send(
            HttpRequest.newBuilder(URI.create(served.url() + path)).build(),
            HttpResponse.BodyHandlers.ofString());
    assertEquals(200, response.statusCode(), response.body());
    assertValid(schema(name), JSON.readTree(response.body()));
  }
}
