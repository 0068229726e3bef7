package org.bitnetj.springai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.testkit.ShippedModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.observation.ChatModelObservationContext;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.ai.tool.function.FunctionToolCallback;
import org.springframework.util.MimeTypeUtils;

class BitNetChatModelTest {
  private static final String STORY = "Tell me a long story about animals";
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  record Roll(int sides) {}

  private static LanguageModel language;
  private static BitNetChatModel model;

  @BeforeAll
  static void load() {
    language = ShippedModel.load();
    model = BitNetChatModel.builder().model(language).options(with().maxTokens(40).build()).build();
  }

  @AfterAll
  static void close() {
    language.close();
  }

  private static BitNetChatOptions.Builder with() {
    return BitNetChatOptions.builder();
  }

  private static ChatResponse ask(BitNetChatOptions.Builder options) {
    return model.call(new Prompt(STORY, options.build()));
  }

  private static AssistantMessage output(ChatResponse response) {
    return Objects.requireNonNull(response.getResult()).getOutput();
  }

  private static String reason(ChatResponse response) {
    return String.valueOf(
        Objects.requireNonNull(response.getResult()).getMetadata().getFinishReason());
  }

  private static List<ChatResponse> stream(BitNetChatOptions.Builder options) {
    return Objects.requireNonNull(
        model.stream(new Prompt(STORY, options.build())).collectList().block(PATIENCE));
  }

  private static String text(List<ChatResponse> pieces) {
    StringBuilder text = new StringBuilder();
    pieces.forEach(piece -> text.append(output(piece).getText()));
    return text.toString();
  }

  @Test
  void aSeedRepeatsAStory() {
    String story = output(ask(with().seed(1L).maxTokens(30))).getText();
    assertFalse(String.valueOf(story).isBlank());
    assertEquals(story, output(ask(with().seed(1L).maxTokens(30))).getText());
    assertNotEquals(story, output(ask(with().seed(2L).maxTokens(30))).getText());
  }

  @Test
  void anAnswerSaysHowManyTokensItHasAndWhyItEnded() {
    ChatResponse cut = ask(with().seed(1L).maxTokens(7));
    assertEquals("length", reason(cut));
    assertEquals(7, cut.getMetadata().getUsage().getCompletionTokens());
    assertTrue(cut.getMetadata().getUsage().getPromptTokens() > 5);
    assertEquals("tiny-bitnet-stories", cut.getMetadata().getModel());
    assertFalse(cut.getMetadata().getId().isBlank());

    ChatResponse said =
        ask(
            with()
                .stopSequences(List.of("World"))
                .constraint(ShippedModel.saying(language, "Hello World!")));
    assertEquals("stop", reason(said));
    assertEquals("Hello ", output(said).getText());
  }

  @Test
  void aPromptWithoutOptionsHasTheModels() {
    ChatResponse response = model.call(new Prompt(STORY));
    assertTrue(response.getMetadata().getUsage().getCompletionTokens() <= 40);
    ChatResponse portable =
        model.call(new Prompt(STORY, ChatOptions.builder().temperature(0.0).maxTokens(3).build()));
    assertEquals(3, portable.getMetadata().getUsage().getCompletionTokens());
  }

  @Test
  void thePiecesOfAStreamMakeTheAnswer() {
    List<ChatResponse> pieces = stream(with().seed(1L).maxTokens(30));
    assertTrue(pieces.size() > 5, pieces.toString());
    assertEquals(output(ask(with().seed(1L).maxTokens(30))).getText(), text(pieces));
    ChatResponse last = pieces.getLast();
    assertEquals("length", reason(last));
    assertEquals(30, last.getMetadata().getUsage().getCompletionTokens());
    assertEquals(1, pieces.stream().map(piece -> piece.getMetadata().getId()).distinct().count());
  }

  @Test
  void thinkingIsApartFromTheAnswer() {
    BitNetChatOptions.Builder options =
        with().constraint(ShippedModel.saying(language, "<think>\nHm.\n</think>\n\nYes."));
    AssistantMessage whole = output(ask(options));
    assertEquals("Yes.", whole.getText());
    assertEquals("Hm.", whole.getMetadata().get(Responses.THINKING));
    List<ChatResponse> pieces = stream(options);
    assertEquals("Yes.", text(pieces));
    StringBuilder thinking = new StringBuilder();
    pieces.forEach(
        piece -> thinking.append(output(piece).getMetadata().getOrDefault(Responses.THINKING, "")));
    assertEquals("Hm.", thinking.toString());
  }

  @Test
  void whoLeavesAStreamEndsTheAnswer() throws Exception {
    BitNetChatModel endless = BitNetChatModel.builder().model(language).build();
    Prompt prompt = new Prompt(STORY, with().seed(1L).build());
    List<ChatResponse> taken =
        Objects.requireNonNull(endless.stream(prompt).take(3).collectList().block(PATIENCE));
    assertEquals(3, taken.size());
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (language.status().sessions() > 0) {
      assertTrue(System.nanoTime() < deadline, "the answer goes on");
      Thread.sleep(5);
    }
  }

  @Test
  void requiredCallsHaveArgumentsOfTheirSchema() {
    BitNetChatOptions.Builder options =
        with()
            .seed(1L)
            .toolChoice(BitNetChatOptions.ToolChoice.REQUIRED)
            .parallelToolCalls(false)
            .toolCallbacks(
                FunctionToolCallback.builder("dice", (Roll roll) -> 4)
                    .description("Rolls a dice.")
                    .inputType(Roll.class)
                    .build());
    ChatResponse whole = ask(options);
    assertEquals("tool_calls", reason(whole));
    assertEquals(1, output(whole).getToolCalls().size());
    AssistantMessage.ToolCall call = output(whole).getToolCalls().getFirst();
    assertEquals("dice", call.name());
    assertTrue(call.arguments().matches("\\{\"sides\":-?\\d+\\}"), call.arguments());

    List<AssistantMessage.ToolCall> streamed = new ArrayList<>();
    stream(options).forEach(piece -> streamed.addAll(output(piece).getToolCalls()));
    assertEquals(1, streamed.size());
    assertEquals(call.arguments(), streamed.getFirst().arguments());
  }

  @Test
  void whatNoModelHereCanIsRefused() {
    Prompt image =
        new Prompt(
            UserMessage.builder()
                .text("What is this?")
                .media(new Media(MimeTypeUtils.IMAGE_PNG, URI.create("http://localhost/cat.png")))
                .build());
    assertThrows(IllegalArgumentException.class, () -> model.call(image));
    assertThrows(IllegalArgumentException.class, () -> model.stream(image));
    assertThrows(IllegalArgumentException.class, () -> ask(with().model("gpt")));
    assertThrows(IllegalArgumentException.class, () -> ask(with().temperature(-1.0)));
    assertThrows(IllegalArgumentException.class, () -> ask(with().outputSchema("{\"type\": 3}")));
    assertThrows(
        IllegalArgumentException.class,
        () -> ask(with().toolChoice(BitNetChatOptions.ToolChoice.REQUIRED)));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            ask(
                with()
                    .outputSchema("{\"type\": \"boolean\"}")
                    .constraint(ShippedModel.saying(language, "Yes"))));
  }

  @Test
  void aConversationThatDoesNotFitIsRefused() {
    Prompt prompt = new Prompt("a long story ".repeat(300));
    assertThrows(ContextOverflowException.class, () -> model.call(prompt));
    assertThrows(ContextOverflowException.class, () -> model.stream(prompt).blockLast(PATIENCE));
  }

  @Test
  void anInterruptEndsAnAnswer() {
    Prompt prompt = new Prompt(STORY);
    Thread.currentThread().interrupt();
    assertThrows(CancellationException.class, () -> model.call(prompt));
    assertTrue(Thread.interrupted());
  }

  @Test
  void everyAnswerIsObserved() {
    List<ChatModelObservationContext> seen = new CopyOnWriteArrayList<>();
    ObservationRegistry observations = ObservationRegistry.create();
    observations
        .observationConfig()
        .observationHandler(
            new ObservationHandler<ChatModelObservationContext>() {
              @Override
              public void onStop(ChatModelObservationContext context) {
                seen.add(context);
              }

              @Override
              public boolean supportsContext(Observation.Context context) {
                return context instanceof ChatModelObservationContext;
              }
            });
    BitNetChatModel observed =
        BitNetChatModel.builder().model(language).observationRegistry(observations).build();
    Prompt prompt = new Prompt(STORY, with().seed(1L).maxTokens(5).build());
    ChatResponse whole = observed.call(prompt);
    observed.stream(prompt).blockLast(PATIENCE);
    long end = System.nanoTime() + PATIENCE.toNanos(); // a stream's observation stops after its end
    while (seen.size() < 2 && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertEquals(2, seen.size());
    for (ChatModelObservationContext context : seen) {
      assertEquals(
          output(whole).getText(), output(Objects.requireNonNull(context.getResponse())).getText());
      assertEquals(5, context.getResponse().getMetadata().getUsage().getCompletionTokens());
    }
  }
}
