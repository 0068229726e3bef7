package org.bitnetj.springai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.openai.errors.BadRequestException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.server.ModelServer;
import org.bitnetj.server.ServerOptions;
import org.bitnetj.testkit.ShippedModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.openai.OpenAiEmbeddingModel;
import org.springframework.ai.openai.OpenAiEmbeddingOptions;

/** Spring AI's client of OpenAI's API, unmodified, over the server. */
@Timeout(120)
class OpenAiClientTest {
  private static LanguageModel language;
  private static ModelServer server;
  private static OpenAiChatModel model;

  @BeforeAll
  static void serve() throws Exception {
    language = ShippedModel.load();
    server = ModelServer.start(language, ServerOptions.defaults().withPort(0));
    model = OpenAiChatModel.builder().options(options().build()).build();
  }

  @AfterAll
  static void close() {
    server.close();
    language.close();
  }

  private static String url() {
    return "http://127.0.0.1:" + server.port() + "/v1";
  }

  private static OpenAiChatOptions.Builder options() {
    return OpenAiChatOptions.builder()
        .baseUrl(url())
        .apiKey("none")
        .model("any")
        .temperature(0.0)
        .maxTokens(12)
        .maxRetries(0);
  }

  private static ChatClient.ChatClientRequestSpec asked(ChatModel model) {
    return ChatClient.create(model)
        .prompt("How is the weather in Rome?")
        .options(OpenAiChatOptions.builder().temperature(0.0).maxTokens(200));
  }

  private static ChatModel scripted() {
    return new Scripted(
        model,
        (options, text) ->
            ((OpenAiChatOptions) options)
                .mutate()
                .extraBody(Map.of("structured_outputs", Map.of("choice", List.of(text))))
                .build());
  }

  @Test
  void anAnswerAndItsStreamSayTheSame() {
    ChatResponse whole = model.call(new Prompt("Once upon a time"));
    assertEquals(12, whole.getMetadata().getUsage().getCompletionTokens());
    String text = Objects.requireNonNull(whole.getResult()).getOutput().getText();
    List<String> pieces =
        ChatClient.create(model).prompt("Once upon a time").stream()
            .content()
            .collectList()
            .block(Duration.ofMinutes(1));
    assertEquals(text, String.join("", Objects.requireNonNull(pieces)));
    assertTrue(pieces.size() > 1, pieces.toString());
  }

  @Test
  void anAnswerBecomesAnObjectOfItsClass() {
    ChatClientTest.Feeling feeling =
        asked(model)
            .call()
            .entity(ChatClientTest.Feeling.class, entity -> entity.useProviderStructuredOutput());
    assertNotNull(feeling);
    assertNotNull(feeling.mood());
  }

  @Test
  void toolsAreCalledAndTheirResultsAnswered() {
    ChatClientTest.Weather weather = new ChatClientTest.Weather();
    assertEquals("It rains in Rome.", asked(scripted()).tools(weather).call().content());
    assertEquals(List.of("Rome"), weather.asked);
  }

  @Test
  void toolsAreCalledWithinAStream() {
    ChatClientTest.Weather weather = new ChatClientTest.Weather();
    List<String> pieces =
        asked(scripted()).tools(weather).stream()
            .content()
            .collectList()
            .block(Duration.ofMinutes(1));
    assertTrue(String.join("", Objects.requireNonNull(pieces)).endsWith("It rains in Rome."));
    assertEquals(List.of("Rome"), weather.asked);
  }

  @Test
  void textsBecomeVectors() {
    OpenAiEmbeddingModel embeddings =
        OpenAiEmbeddingModel.builder()
            .options(
                OpenAiEmbeddingOptions.builder().baseUrl(url()).apiKey("none").model("any").build())
            .build();
    List<float[]> vectors = embeddings.embed(List.of("one", "two"));
    assertEquals(2, vectors.size());
    float square = 0;
    for (float x : vectors.getFirst()) {
      square += x * x;
    }
    assertEquals(1, square, 1e-3);
    assertFalse(Arrays.equals(vectors.get(0), vectors.get(1)));
  }

  @Test
  void aBadRequestIsOne() {
    Prompt hot = new Prompt("Once", options().temperature(3.0).build());
    assertEquals(400, assertThrows(BadRequestException.class, () -> model.call(hot)).statusCode());
  }
}
