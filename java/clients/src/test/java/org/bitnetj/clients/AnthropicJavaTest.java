package org.bitnetj.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.core.JsonValue;
import com.anthropic.core.http.StreamResponse;
import com.anthropic.errors.BadRequestException;
import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCountTokensParams;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.RawMessageStreamEvent;
import com.anthropic.models.messages.StopReason;
import com.anthropic.models.messages.Tool;
import com.anthropic.models.messages.ToolChoiceAny;
import com.anthropic.models.models.ModelInfo;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Anthropic's client for Java, which checks every answer and event against its types. */
@Timeout(120)
class AnthropicJavaTest {
  private static final String MODEL = "any";
  private static Served served;
  private static AnthropicClient client;

  @BeforeAll
  static void serve() throws Exception {
    served = new Served();
    client =
        AnthropicOkHttpClient.builder()
            .baseUrl(served.url())
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

  private static MessageCreateParams.Builder message(int maxTokens) {
    return MessageCreateParams.builder()
        .model(MODEL)
        .maxTokens(maxTokens)
        .putAdditionalBodyProperty("temperature", JsonValue.from(0))
        .addUserMessage("Once upon a time");
  }

  @Test
  void aMessageAndItsEventsSayTheSame() {
    Message whole = client.messages().create(message(9).build()).validate();
    assertEquals(StopReason.MAX_TOKENS, whole.stopReason().orElseThrow());
    assertEquals(9, whole.usage().outputTokens());
    MessageAccumulator accumulator = MessageAccumulator.create();
    try (StreamResponse<RawMessageStreamEvent> stream =
        client.messages().createStreaming(message(9).build())) {
      stream.stream().map(RawMessageStreamEvent::validate).forEach(accumulator::accumulate);
    }
    assertEquals(text(whole), text(accumulator.message()));
  }

  private static String text(Message message) {
    return message.content().getFirst().asText().text();
  }

  @Test
  void theModelIsListedAndFound() {
    ModelInfo model = client.models().list().data().getFirst().validate();
    assertEquals(model, client.models().retrieve(model.id()).validate());
  }

  @Test
  void tokensAreCountedAsTheyAreUsed() {
    Message whole = client.messages().create(message(1).build());
    assertEquals(
        whole.usage().inputTokens() + whole.usage().cacheReadInputTokens().orElse(0L),
        client
            .messages()
            .countTokens(
                MessageCountTokensParams.builder()
                    .model(MODEL)
                    .addUserMessage("Once upon a time")
                    .build())
            .validate()
            .inputTokens());
  }

  @Test
  void aToolThatMustBeUsedIsUsed() {
    Message message =
        client
            .messages()
            .create(
                message(200).addTool(roll()).toolChoice(ToolChoiceAny.builder().build()).build())
            .validate();
    assertEquals(StopReason.TOOL_USE, message.stopReason().orElseThrow());
    assertTrue(message.content().stream().anyMatch(block -> block.isToolUse()));
  }

  private static Tool roll() {
    return Tool.builder()
        .name("roll")
        .inputSchema(
            Tool.InputSchema.builder()
                .properties(
                    Tool.InputSchema.Properties.builder()
                        .putAdditionalProperty(
                            "die", JsonValue.from(Map.of("enum", List.of("six", "twenty"))))
                        .build())
                .addRequired("die")
                .putAdditionalProperty("additionalProperties", JsonValue.from(false))
                .build())
        .build();
  }

  @Test
  void aBadRequestIsOne() {
    BadRequestException e =
        assertThrows(BadRequestException.class, () -> client.messages().create(message(0).build()));
    assertEquals(400, e.statusCode());
  }
}
