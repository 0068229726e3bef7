package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.Session;
import org.bitnetj.option.SamplingOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What clients of OpenAI's completion APIs see, on the shipped model. */
class ModelServerTest {
  private static ServedModel served;

  @BeforeAll
  static void start() throws Exception {
    served = new ServedModel(ServedModel.options());
  }

  @AfterAll
  static void stop() {
    served.close();
  }

  /** What the library generates for the same prompt. */
  private static String alone(String prompt, int tokens, long seed) {
    try (Session session = served.model.openSession()) {
      return session
          .generate(
              prompt,
              GenerationOptions.defaults()
                  .withSampling(SamplingOptions.defaults().withSeed(seed))
                  .withMaxTokens(tokens),
              GenerationListener.NONE)
          .text();
    }
  }

  @Test
  void aCompletionIsTheTextOfTheLibrary() throws Exception {
    JsonNode answer =
        served.ask(
            "/v1/completions",
            "{\"prompt\": \"Once upon a time\", \"max_tokens\": 12, \"seed\": 7}");
    assertEquals("text_completion", answer.get("object").textValue());
    assertEquals(alone("Once upon a time", 12, 7), answer.at("/choices/0/text").textValue());
    assertEquals("length", answer.at("/choices/0/finish_reason").textValue());
    assertEquals(12, answer.at("/usage/completion_tokens").intValue());
    assertTrue(answer.at("/system_fingerprint").textValue().matches("fp_[0-9a-f]{12}"));
    assertEquals("tiny-bitnet-stories-i2_s", answer.get("model").textValue());
  }

  @Test
  void aStreamHasTheSameTextInPieces() throws Exception {
    List<String> events =
        served.stream(
            "/v1/chat/completions",
            """
            {"messages": [{"role": "user", "content": "Tell a story."}], "seed": 3,
             "max_completion_tokens": 20, "stream": true,
             "stream_options": {"include_usage": true}}\
            """);
    assertEquals("[DONE]", events.getLast());
    StringBuilder text = new StringBuilder();
    for (String event : events.subList(0, events.size() - 2)) {
      JsonNode chunk = ServedModel.JSON.readTree(event);
      assertEquals("chat.completion.chunk", chunk.get("object").textValue());
      assertTrue(chunk.path("usage").isNull(), event); // as OpenAI's API has it
      text.append(chunk.at("/choices/0/delta/content").asText());
    }
    JsonNode usage = ServedModel.JSON.readTree(events.get(events.size() - 2));
    assertEquals(0, usage.get("choices").size());
    assertEquals(20, usage.at("/usage/completion_tokens").intValue());
    JsonNode whole =
        served.ask(
            "/v1/chat/completions",
            """
            {"messages": [{"role": "user", "content": "Tell a story."}], "seed": 3,
             "max_completion_tokens": 20}\
            """);
    assertEquals(whole.at("/choices/0/message/content").textValue(), text.toString());
    assertEquals("assistant", whole.at("/choices/0/message/role").textValue());
  }

  @Test
  void severalChoicesAreDrawnWithSeedsOfTheirOwn() throws Exception {
    JsonNode answer =
        served.ask(
            "/v1/completions",
            "{\"prompt\": \"One day\", \"max_tokens\": 10, \"seed\": 5, \"n\": 3}");
    List<String> texts = new ArrayList<>();
    for (JsonNode choice : answer.get("choices")) {
      assertEquals(texts.size(), choice.get("index").intValue());
      assertEquals(alone("One day", 10, 5 + texts.size()), choice.get("text").textValue());
      texts.add(choice.get("text").textValue());
    }
    assertNotEquals(texts.get(0), texts.get(1));
    assertEquals(30, answer.at("/usage/completion_tokens").intValue());
  }

  @Test
  void logProbabilitiesComeWithTheirTokens() throws Exception {
    JsonNode answer =
        served.ask(
            "/v1/chat/completions",
            """
            {"messages": [{"role": "user", "content": "Hi"}], "temperature": 0,
             "max_tokens": 5, "logprobs": true, "top_logprobs": 3}\
            """);
    JsonNode content = answer.at("/choices/0/logprobs/content");
    assertEquals(5, content.size());
    StringBuilder text = new StringBuilder();
    for (JsonNode token : content) {
      text.append(token.get("token").textValue());
      assertEquals(3, token.get("top_logprobs").size());
      assertEquals(
          token.get("logprob").doubleValue(),
          token.at("/top_logprobs/0/logprob").doubleValue(),
          "greedy takes the most probable");
    }
    assertEquals(answer.at("/choices/0/message/content").textValue(), text.toString());
  }

  private static String textOf(List<String> events) {
    return events.subList(0, events.size() - 1).stream()
        .map(ModelServerTest::textOf)
        .collect(Collectors.joining());
  }

  @Test
  void aPromptIsEchoedWhateverFollows() throws Exception {
    for (int tokens : new int[] {0, 3}) {
      String body =
          "{\"prompt\": \"Once upon\", \"echo\": true, \"max_tokens\": %d, \"temperature\": 0%s}";
      String text =
          served
              .ask("/v1/completions", body.formatted(tokens, ""))
              .at("/choices/0/text")
              .textValue();
      assertTrue(tokens == 0 ? text.equals("Once upon") : text.startsWith("Once upon "), text);
      assertEquals(
          text,
          textOf(served.stream("/v1/completions", body.formatted(tokens, ", \"stream\": true"))));
    }
  }

  @Test
  void anEchoedPromptHasTheLogprobsOfItsTokensButTheFirst() throws Exception {
    String body =
        """
        {"prompt": ["Once upon a time", "The sea"], "echo": true, "logprobs": 2, "n": 2, "seed": 3,
         "max_tokens": %d%s}\
        """;
    for (int more : new int[] {0, 5}) {
      JsonNode choices = served.ask("/v1/completions", body.formatted(more, "")).get("choices");
      assertEquals(4, choices.size());
      for (JsonNode choice : choices) {
        assertEchoed(choice, more);
      }
      for (int first : new int[] {0, 2}) { // the choices of a prompt have it in common
        JsonNode one = choices.get(first).at("/logprobs/token_logprobs");
        JsonNode other = choices.get(first + 1).at("/logprobs/token_logprobs");
        for (int i = 0; i < one.size() - more; i++) {
          assertEquals(one.get(i), other.get(i));
        }
      }
      List<JsonNode> values = new ArrayList<>();
      choices.get(0).at("/logprobs/token_logprobs").forEach(values::add);
      List<JsonNode> streamed = new ArrayList<>();
      List<String> events =
          served.stream("/v1/completions", body.formatted(more, ", \"stream\": true"));
      for (String event : events.subList(0, events.size() - 1)) {
        JsonNode choice = ServedModel.JSON.readTree(event).at("/choices/0");
        if (choice.get("index").intValue() == 0) {
          choice.at("/logprobs/token_logprobs").forEach(streamed::add);
        }
      }
      assertEquals(values, streamed);
    }
  }

  private static void assertEchoed(JsonNode choice, int more) {
    String text = choice.get("text").textValue();
    JsonNode lists = choice.get("logprobs");
    int count = lists.get("tokens").size();
    for (JsonNode list : lists) {
      assertEquals(count, list.size());
    }
    assertTrue(lists.at("/token_logprobs/0").isNull() && lists.at("/top_logprobs/0").isNull());
    for (int i = 1; i < count; i++) {
      String token = lists.get("tokens").get(i).textValue();
      int offset = lists.get("text_offset").get(i).intValue();
      assertTrue(text.startsWith(token, offset), text + " at " + offset + ": " + token);
      assertTrue(lists.get("token_logprobs").get(i).doubleValue() <= 0);
      assertEquals(2, lists.get("top_logprobs").get(i).size());
    }
    int prompt = lists.get("text_offset").get(count - more - 1).intValue();
    assertTrue(text.length() > prompt && prompt > 0, lists.toString());
  }

  @Test
  void offsetsOfTokensAreThoseInTheText() throws Exception {
    String body = "{\"prompt\": \"Once\", \"max_tokens\": 12, \"seed\": 2, \"logprobs\": 2%s}";
    JsonNode whole = served.ask("/v1/completions", body.formatted("")).at("/choices/0");
    String text = whole.get("text").textValue();
    JsonNode lists = whole.get("logprobs");
    assertEquals(12, lists.get("tokens").size());
    for (int i = 0; i < 12; i++) {
      String token = lists.get("tokens").get(i).textValue();
      int offset = lists.get("text_offset").get(i).intValue();
      assertTrue(text.startsWith(token, offset), text + " at " + offset + ": " + token);
    }
    List<Integer> offsets = new ArrayList<>();
    List<String> events = served.stream("/v1/completions", body.formatted(", \"stream\": true"));
    for (String event : events.subList(0, events.size() - 1)) {
      ServedModel.JSON
          .readTree(event)
          .at("/choices/0/logprobs/text_offset")
          .forEach(offset -> offsets.add(offset.intValue()));
    }
    List<Integer> expected = new ArrayList<>();
    lists.get("text_offset").forEach(offset -> expected.add(offset.intValue()));
    assertEquals(expected, offsets);
  }

  @Test
  void theSecondTurnOfAChatComputesOnlyWhatIsNew() throws Exception {
    String first = "x ".repeat(150) + "unlike any other text here";
    JsonNode one =
        served.ask(
            "/v1/completions",
            "{\"prompt\": \"" + first + "\", \"max_tokens\": 8, \"temperature\": 0}");
    String more = first + one.at("/choices/0/text").textValue() + " and then";
    JsonNode two =
        served.ask(
            "/v1/completions",
            "{\"prompt\": \"" + more + "\", \"max_tokens\": 8, \"temperature\": 0}");
    int cached = two.at("/usage/prompt_tokens_details/cached_tokens").intValue();
    int prompt = two.at("/usage/prompt_tokens").intValue();
    assertTrue(cached >= prompt - 6, cached + " of " + prompt);
    assertEquals(cached, two.at("/timings/cache_n").intValue());
  }

  @Test
  void textsUnderLoadAreThoseOfTheLibraryAlone() throws Exception {
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      expected.add(alone("Story " + i % 5, 10 + i % 7, i));
    }
    try (ExecutorService clients = Executors.newFixedThreadPool(12)) {
      List<Future<String>> texts = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        int number = i;
        texts.add(
            clients.submit(
                () -> {
                  String body =
                      "{\"prompt\": \"Story %d\", \"max_tokens\": %d, \"seed\": %d, \"stream\": %b}"
                          .formatted(number % 5, 10 + number % 7, number, number % 2 == 0);
                  if (number % 2 == 0) {
                    List<String> events = served.stream("/v1/completions", body);
                    return events.subList(0, events.size() - 1).stream()
                        .map(ModelServerTest::textOf)
                        .collect(Collectors.joining());
                  }
                  return served.ask("/v1/completions", body).at("/choices/0/text").textValue();
                }));
      }
      for (int i = 0; i < 24; i++) {
        assertEquals(expected.get(i), texts.get(i).get(), "text " + i);
      }
    }
  }

  private static String textOf(String event) {
    try {
      return ServedModel.JSON.readTree(event).at("/choices/0/text").asText();
    } catch (Exception e) {
      throw new AssertionError(event, e);
    }
  }

  @Test
  void wrongRequestsAreRefusedByName() throws Exception {
    refused(400, "prompt", "/v1/completions", "{}");
    refused(400, "temperature", "/v1/completions", "{\"prompt\": \"a\", \"temperature\": 3}");
    refused(400, "suffix", "/v1/completions", "{\"prompt\": \"a\", \"suffix\": \"b\"}");
    refused(400, "whatever", "/v1/completions", "{\"prompt\": \"a\", \"whatever\": 1}");
    refused(400, "stop", "/v1/completions", "{\"prompt\": \"a\", \"stop\": \"\\ud83d\"}");
    refused(
        400,
        "logit_bias",
        "/v1/completions",
        "{\"prompt\": \"a\", \"logit_bias\": {\"999999\": 1}}");
    refused(400, "messages", "/v1/chat/completions", "{\"messages\": []}");
    refused(
        400,
        "messages[0].content[0].type",
        "/v1/chat/completions",
        """
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}\
        """);
    refused(
        400,
        "tools[0].function.parameters",
        "/v1/chat/completions",
        """
        {"messages": [{"role": "user", "content": "a"}], "tools": [{"type": "function",
         "function": {"name": "f", "parameters": {"a": %s1%s}}}]}\
        """
            .formatted("[".repeat(70), "]".repeat(70)));
    HttpResponse<String> deep =
        served.post(
            "/v1/chat/completions",
            """
            {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls":
             [{"type": "function", "function": {"name": "f", "arguments": "{\\"a\\": %s1%s}"}}]}]}\
            """
                .formatted("[".repeat(70), "]".repeat(70)));
    assertEquals(400, deep.statusCode(), deep.body());
    HttpResponse<String> malformed = served.post("/v1/completions", "{\"prompt\": ");
    assertEquals(400, malformed.statusCode());
    assertTrue(malformed.body().contains("not valid JSON"), malformed.body());
    assertEquals(404, served.get("/nothing").statusCode());
    HttpResponse<String> longer =
        served.post("/v1/completions", "{\"prompt\": \"" + "many words ".repeat(3000) + "\"}");
    assertEquals(400, longer.statusCode());
    assertEquals(
        "context_length_exceeded",
        ServedModel.JSON.readTree(longer.body()).at("/error/code").textValue());
  }

  private static void refused(int status, String param, String path, String body) throws Exception {
    HttpResponse<String> response = served.post(path, body);
    assertEquals(status, response.statusCode(), response.body());
    JsonNode error = ServedModel.JSON.readTree(response.body()).get("error");
    assertEquals(param, error.get("param").textValue(), response.body());
    assertTrue(error.get("message").textValue().contains(param), response.body());
  }

  @Test
  void chunksHaveUsageOnlyIfItIsAskedFor() throws Exception {
    String request = "{\"prompt\": \"Once\", \"max_tokens\": 2, \"stream\": true%s}";
    String asked = ", \"stream_options\": {\"include_usage\": true}";
    List<String> events = served.stream("/v1/completions", request.formatted(asked));
    for (String event : events.subList(0, events.size() - 2)) {
      assertTrue(ServedModel.JSON.readTree(event).path("usage").isNull(), event);
    }
    assertTrue(events.get(events.size() - 2).contains("\"usage\":{\"prompt_tokens\""));
    for (String event : served.stream("/v1/completions", request.formatted(""))) {
      assertFalse(event.contains("usage"), event);
    }
  }

  @Test
  void clientsOfAnthropicAreAnsweredInItsFormWhateverThePath() throws Exception {
    for (String path : List.of("/v1/messages", "/v1/messages/batches")) {
      HttpResponse<String> nothing = served.get(path);
      assertEquals(404, nothing.statusCode());
      JsonNode error = ServedModel.JSON.readTree(nothing.body());
      assertEquals("not_found_error", error.at("/error/type").textValue(), nothing.body());
      assertEquals(
          nothing.headers().firstValue("x-request-id"), nothing.headers().firstValue("request-id"));
      assertTrue(nothing.headers().firstValue("request-id").isPresent());
    }
    HttpResponse<String> models =
        served.send(
            HttpRequest.newBuilder(served.uri("/v1/models"))
                .header("anthropic-version", "2023-06-01"));
    JsonNode list = ServedModel.JSON.readTree(models.body());
    assertEquals("model", list.at("/data/0/type").textValue(), models.body());
    assertEquals(list.get("first_id"), list.at("/data/0/id"));
    Instant.parse(list.at("/data/0/created_at").textValue());
    HttpResponse<String> unknown =
        served.send(
            HttpRequest.newBuilder(served.uri("/v1/models/gpt-9"))
                .header("anthropic-version", "2023-06-01"));
    assertEquals("error", ServedModel.JSON.readTree(unknown.body()).get("type").asText());
  }

  @Test
  void modelsHealthAndMetricsAreThere() throws Exception {
    JsonNode models = ServedModel.JSON.readTree(served.get("/v1/models").body());
    assertEquals("tiny-bitnet-stories-i2_s", models.at("/data/0/id").textValue());
    JsonNode model =
        ServedModel.JSON.readTree(served.get("/v1/models/tiny-bitnet-stories-i2_s").body());
    assertEquals(models.at("/data/0"), model);
    HttpResponse<String> unknown = served.get("/v1/models/gpt-9");
    assertEquals(404, unknown.statusCode());
    assertEquals(
        "model_not_found", ServedModel.JSON.readTree(unknown.body()).at("/error/code").textValue());
    assertEquals(
        "ok", ServedModel.JSON.readTree(served.get("/health").body()).get("status").textValue());
    String metrics = served.get("/metrics").body();
    for (String name :
        List.of(
            "llamacpp:requests_processing",
            "llamacpp:requests_deferred",
            "llamacpp:predicted_tokens_seconds",
            "vllm:num_requests_waiting{model_name=\"tiny-bitnet-stories-i2_s\"}",
            "vllm:kv_cache_usage_perc{model_name=\"tiny-bitnet-stories-i2_s\"}",
            "bitnet:steps_total")) {
      assertTrue(metrics.contains("\n" + name + " "), name);
    }
  }

  @Test
  void aNameWithSlashesIsFoundToo() throws Exception {
    try (ServedModel other =
        new ServedModel(ServedModel.options().withModelName("me/stories v1"))) {
      for (String id : List.of("me/stories%20v1", "me%2Fstories%20v1")) {
        assertEquals(200, other.get("/v1/models/" + id).statusCode(), id);
      }
    }
  }

  /** Of the same file: what the model is told is not the same. */
  @Test
  void anotherChatTemplateIsAnotherFingerprint() throws Exception {
    try (ServedModel other = new ServedModel(ServedModel.options(), ServedModel.TEMPLATE + " ");
        ServedModel same = new ServedModel(ServedModel.options())) {
      String request = "{\"prompt\": \"a\", \"max_tokens\": 1}";
      String mine = served.ask("/v1/completions", request).get("system_fingerprint").textValue();
      assertEquals(
          mine, same.ask("/v1/completions", request).get("system_fingerprint").textValue());
      assertNotEquals(
          mine, other.ask("/v1/completions", request).get("system_fingerprint").textValue());
    }
  }

  @Test
  void tokensComeAndGo() throws Exception {
    JsonNode tokens = served.ask("/tokenize", "{\"content\": \"Once upon a time\"}").get("tokens");
    JsonNode text = served.ask("/detokenize", "{\"tokens\": " + tokens + "}");
    assertEquals("Once upon a time", text.get("content").textValue());
  }
}
