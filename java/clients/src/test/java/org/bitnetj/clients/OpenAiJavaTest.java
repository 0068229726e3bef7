package org.bitnetj.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionMessageFunctionToolCall;
import com.openai.models.chat.completions.ChatCompletionToolChoiceOption;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseStatus;
import com.openai.models.responses.ResponseStreamEvent;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** OpenAI's client for Java, which checks every answer and event against its types. */
@Timeout(120)
class OpenAiJavaTest {
  private static final String MODEL = "any";
  private static Served served;
  private static OpenAIClient client;

  /** A tool, and a format of answers. */
  static final class Roll {
    /** The kinds of dice. */
    enum Die {
      SIX,
      TWENTY
    }

    @JsonPropertyDescription("Which die")
    public Die die;

    public boolean twice;
  }

  @BeforeAll
  static void serve() throws Exception {
    served = new Served();
    client =
        OpenAIOkHttpClient.builder()
            .baseUrl(served.url() + "/v1")
            .apiKey("none")
            .maxRetries(0)
            .responseValidation(true)
            .build();
  }

  @AfterAll
  static void close() {
    client.close();
    served.close();
  }

  private static ChatCompletionCreateParams.Builder chat() {
    return ChatCompletionCreateParams.builder()
        .model(MODEL)
        .putAdditionalBodyProperty("seed", JsonValue.from(7)) // its own method is deprecated
        .addUserMessage("Once upon a time");
  }

  @Test
  void aChatCompletionAndItsStreamSayTheSame() {
    ChatCompletionCreateParams params = chat().maxCompletionTokens(12).temperature(0.0).build();
    ChatCompletion whole = client.chat().completions().create(params);
    whole.validate();
    assertEquals(
        ChatCompletion.Choice.FinishReason.LENGTH, whole.choices().getFirst().finishReason());
    assertEquals(12, whole.usage().orElseThrow().completionTokens());
    ChatCompletionAccumulator accumulator = ChatCompletionAccumulator.create();
    try (StreamResponse<ChatCompletionChunk> stream =
        client.chat().completions().createStreaming(params)) {
      stream.stream().map(ChatCompletionChunk::validate).forEach(accumulator::accumulate);
    }
    assertEquals(
        whole.choices().getFirst().message().content(),
        accumulator.chatCompletion().choices().getFirst().message().content());
  }

  @Test
  void aRequiredToolIsCalledWithArgumentsOfItsType() {
    ChatCompletion completion =
        client
            .chat()
            .completions()
            .create(
                chat()
                    .addTool(Roll.class)
                    .toolChoice(ChatCompletionToolChoiceOption.Auto.REQUIRED)
                    .build());
    ChatCompletionMessageFunctionToolCall call =
        completion
            .validate()
            .choices()
            .getFirst()
            .message()
            .toolCalls()
            .orElseThrow()
            .getFirst()
            .asFunction();
    assertFalse(call.id().isEmpty());
    Roll roll = call.function().arguments(Roll.class);
    assertTrue(List.of(Roll.Die.values()).contains(roll.die));
  }

  @Test
  void anAnswerKeepsToAType() {
    Roll roll =
        client
            .chat()
            .completions()
            .create(chat().responseFormat(Roll.class).build())
            .choices()
            .getFirst()
            .message()
            .content()
            .orElseThrow();
    assertTrue(List.of(Roll.Die.values()).contains(roll.die));
  }

  @Test
  void aResponseAndItsEventsSayTheSame() {
    ResponseCreateParams params =
        ResponseCreateParams.builder()
            .model(MODEL)
            .input("Once upon a time")
            .temperature(0.0)
            .maxOutputTokens(10)
            .build();
    Response whole = client.responses().create(params).validate();
    assertEquals(ResponseStatus.INCOMPLETE, whole.status().orElseThrow());
    StringBuilder text = new StringBuilder();
    try (StreamResponse<ResponseStreamEvent> stream = client.responses().createStreaming(params)) {
      stream.stream()
          .map(ResponseStreamEvent::validate)
          .flatMap(event -> event.outputTextDelta().stream())
          .forEach(event -> text.append(event.delta()));
    }
    String expected =
        whole.output().getFirst().asMessage().content().getFirst().asOutputText().text();
    assertEquals(expected, text.toString());
  }

  @Test
  void completionsEmbeddingsAndModels() {
    assertEquals(
        4,
        client
            .completions()
            .create(
                CompletionCreateParams.builder()
                    .model(MODEL)
                    .prompt("Once")
                    .seed(7)
                    .maxTokens(4)
                    .build())
            .validate()
            .usage()
            .orElseThrow()
            .completionTokens());
    List<Float> vector =
        client
            .embeddings()
            .create(EmbeddingCreateParams.builder().model(MODEL).input("one").build())
            .validate()
            .data()
            .getFirst()
            .embedding();
    assertEquals(1, vector.stream().mapToDouble(x -> x * x).sum(), 1e-3);
    assertEquals(1, client.models().list().data().size());
  }

  @Test
  void aBadRequestIsOne() {
    BadRequestException e =
        assertThrows(
            BadRequestException.class,
            () -> client.chat().completions().create(chat().temperature(-1.0).build()));
    assertEquals(400, e.statusCode());
    assertTrue(e.getMessage().contains("temperature"), e.getMessage());
  }
}
