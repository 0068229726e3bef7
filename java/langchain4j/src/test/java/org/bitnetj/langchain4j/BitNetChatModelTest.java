package org.bitnetj.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonIntegerSchema;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.testkit.ReadmeExample;
import org.bitnetj.testkit.ShippedModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What LangChain4j's own tests do not ask. */
class BitNetChatModelTest {
  private static LanguageModel language;
  private static BitNetChatModel model;

  @BeforeAll
  static void load() {
    language = ShippedModel.load();
    model = BitNetChatModel.builder().model(language).seed(1).maxOutputTokens(100).build();
  }

  @AfterAll
  static void close() {
    language.close();
  }

  private static ChatResponse ask(BitNetChatRequestParameters parameters) {
    return model.chat(
        ChatRequest.builder()
            .messages(UserMessage.from("Tell me a long story about animals"))
            .parameters(parameters)
            .build());
  }

  private static BitNetChatRequestParameters.Builder with() {
    return BitNetChatRequestParameters.builder();
  }

  private static ResponseFormat schema(String text) {
    return ResponseFormat.builder()
        .type(ResponseFormatType.JSON)
        .jsonSchema(JsonSchema.builder().name("s").rootElement(JsonRawSchema.from(text)).build())
        .build();
  }

  @Test
  void aSeedRepeatsAStory() {
    String story = ask(with().seed(3L).build()).aiMessage().text();
    assertFalse(story.isBlank());
    assertEquals(story, ask(with().seed(3L).build()).aiMessage().text());
    assertNotEquals(story, ask(with().seed(4L).build()).aiMessage().text());
  }

  @Test
  void temperatureZeroIsGreedyWhateverTheSeed() {
    String story = ask(with().temperature(0.0).seed(1L).build()).aiMessage().text();
    assertFalse(story.isBlank());
    assertEquals(story, ask(with().temperature(0.0).seed(2L).build()).aiMessage().text());
  }

  @Test
  void whatAModelSaysIsOfTheSchemaThoughItKnowsNoJson() throws Exception {
    for (long seed = 0; seed < 5; seed++) {
      String text =
          ask(with()
                  .seed(seed)
                  .responseFormat(
                      schema(
                          """
                          {"type": "object", "properties": {"mood": {"enum": ["glad", "sad"]},
                           "since": {"type": "integer", "minimum": 1990, "maximum": 2030}},
                           "required": ["mood", "since"], "additionalProperties": false}\
                          """))
                  .build())
              .aiMessage()
              .text();
      JsonNode answer = new ObjectMapper().readTree(text);
      assertEquals(2, answer.size(), text);
      assertTrue(Set.of("glad", "sad").contains(answer.get("mood").textValue()), text);
      int since = answer.get("since").intValue();
      assertTrue(since >= 1990 && since <= 2030, text);
    }
  }

  @Test
  void requiredCallsHaveTheArgumentsThatAreDeclaredAndNoOthers() throws Exception {
    ToolSpecification dice =
        ToolSpecification.builder()
            .name("dice")
            .parameters(
                JsonObjectSchema.builder()
                    .addProperty("sides", new JsonIntegerSchema())
                    .required("sides")
                    .build())
            .build();
    AiMessage message =
        ask(with()
                .seed(1L)
                .toolSpecifications(dice)
                .toolChoice(ToolChoice.REQUIRED)
                .parallelToolCalls(false)
                .build())
            .aiMessage();
    assertNull(message.text());
    assertEquals(1, message.toolExecutionRequests().size());
    ToolExecutionRequest call = message.toolExecutionRequests().getFirst();
    assertEquals("dice", call.name());
    JsonNode arguments = new ObjectMapper().readTree(call.arguments());
    assertEquals(1, arguments.size(), call.arguments());
    assertTrue(arguments.get("sides").isIntegralNumber(), call.arguments());
  }

  @Test
  void thinkingIsApartFromTheAnswer() {
    AiMessage message =
        ask(with()
                .constraint(ShippedModel.saying(language, "<think>\nHm.\n</think>\n\nYes."))
                .build())
            .aiMessage();
    assertEquals("Hm.", message.thinking());
    assertEquals("Yes.", message.text());
  }

  @Test
  void whatContradictsItselfIsRefused() {
    BitNetChatRequestParameters.Builder both =
        with()
            .constraint(ShippedModel.saying(language, "Yes."))
            .responseFormat(ResponseFormat.JSON);
    assertThrows(InvalidRequestException.class, () -> ask(both.build()));
    assertThrows(
        InvalidRequestException.class, () -> ask(with().toolChoice(ToolChoice.REQUIRED).build()));
    assertThrows(InvalidRequestException.class, () -> ask(with().temperature(-1.0).build()));
    assertThrows(
        InvalidRequestException.class,
        () -> ask(with().responseFormat(schema("{\"type\": \"nothing\"}")).build()));
  }

  @Test
  void aConversationThatDoesNotFitIsRefused() {
    InvalidRequestException refused =
        assertThrows(InvalidRequestException.class, () -> model.chat("a long story ".repeat(300)));
    assertTrue(refused.getMessage().contains("512"), refused.getMessage());
  }

  @Test
  void anotherModelsNameIsRefused() {
    UnsupportedFeatureException refused =
        assertThrows(UnsupportedFeatureException.class, () -> ask(with().modelName("gpt").build()));
    assertTrue(refused.getMessage().contains("tiny-bitnet-stories"), refused.getMessage());
    assertTrue(ask(with().modelName("tiny-bitnet-stories").build()).aiMessage().text() != null);
  }

  @Test
  void aModelWithoutChatTemplateIsRefusedAtOnce() throws Exception {
    try (LanguageModel raw = LanguageModel.load(ShippedModel.path())) {
      ModelBuilder<BitNetChatModel> builder = BitNetChatModel.builder().model(raw);
      assertThrows(IllegalStateException.class, builder::build);
    }
  }

  @Test
  void anInterruptEndsAnAnswer() {
    Thread.currentThread().interrupt();
    assertThrows(CancellationException.class, () -> ask(with().build()));
    assertTrue(Thread.interrupted());
  }

  @Test
  void theModelSaysThatItHoldsAnswersToSchemas() {
    Set<Capability> capabilities = Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
    assertEquals(capabilities, model.supportedCapabilities());
    assertEquals(
        capabilities,
        BitNetStreamingChatModel.builder().model(language).build().supportedCapabilities());
  }

  @Test
  void theExampleInTheReadmeRuns(@TempDir Path folder) throws Exception {
    String said = ReadmeExample.run("langchain4j", "Ask", folder);
    assertTrue(said.contains("\"city\""), said);
  }
}
