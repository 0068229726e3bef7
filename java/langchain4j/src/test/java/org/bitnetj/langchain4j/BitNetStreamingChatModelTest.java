package org.bitnetj.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.testkit.ShippedModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What LangChain4j's own tests do not ask. */
class BitNetStreamingChatModelTest {
  private static final String STORY = "Tell me a long story about animals";

  private static LanguageModel language;
  private static BitNetStreamingChatModel model;

  @BeforeAll
  static void load() {
    language = ShippedModel.load();
    model = BitNetStreamingChatModel.builder().model(language).seed(1).build();
  }

  @AfterAll
  static void close() {
    language.close();
  }

  /** Writes down what comes. */
  private static class Collecting implements StreamingChatResponseHandler {
    final StringBuffer text = new StringBuffer();
    final StringBuffer thinking = new StringBuffer();
    final CompletableFuture<ChatResponse> whole = new CompletableFuture<>();

    @Override
    public void onPartialResponse(String piece) {
      text.append(piece);
    }

    @Override
    public void onPartialThinking(PartialThinking piece) {
      thinking.append(piece.text());
    }

    @Override
    public void onCompleteResponse(ChatResponse response) {
      whole.complete(response);
    }

    @Override
    public void onError(Throwable error) {
      whole.completeExceptionally(error);
    }

    ChatResponse get() throws Exception {
      return whole.get(60, TimeUnit.SECONDS);
    }
  }

  private static Collecting ask(Collecting handler, BitNetChatRequestParameters parameters) {
    model.chat(
        ChatRequest.builder().messages(UserMessage.from(STORY)).parameters(parameters).build(),
        handler);
    return handler;
  }

  @Test
  void thePiecesMakeTheAnswerOfTheModelThatDoesNotStream() throws Exception {
    BitNetChatRequestParameters parameters =
        BitNetChatRequestParameters.builder().maxOutputTokens(40).build();
    Collecting streamed = ask(new Collecting(), parameters);
    String text = streamed.get().aiMessage().text();
    assertFalse(text.isBlank());
    assertEquals(text, streamed.text.toString());
    assertEquals(
        text,
        BitNetChatModel.builder().model(language).seed(1).maxOutputTokens(40).build().chat(STORY));
  }

  @Test
  void thinkingIsStreamedApart() throws Exception {
    Collecting streamed =
        ask(
            new Collecting(),
            BitNetChatRequestParameters.builder()
                .constraint(ShippedModel.saying(language, "<think>\nHm, so.\n</think>\n\nYes, so."))
                .build());
    ChatResponse whole = streamed.get();
    assertEquals("Hm, so.", streamed.thinking.toString());
    assertEquals("Hm, so.", whole.aiMessage().thinking());
    assertEquals("Yes, so.", streamed.text.toString());
    assertEquals("Yes, so.", whole.aiMessage().text());
  }

  @Test
  void afterACancelTheModelRestsAndNothingIsCalled() throws Exception {
    CompletableFuture<Void> cancelled = new CompletableFuture<>();
    Collecting streamed =
        ask(
            new Collecting() {
              @Override
              public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
                assertFalse(cancelled.isDone());
                context.streamingHandle().cancel();
                assertTrue(context.streamingHandle().isCancelled());
                cancelled.complete(null);
              }
            },
            BitNetChatRequestParameters.builder().build());
    cancelled.get(60, TimeUnit.SECONDS);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (language.status().sessions() > 0) {
      assertTrue(System.nanoTime() < deadline, "the answer goes on");
      Thread.sleep(5);
    }
    assertFalse(streamed.whole.isDone());
  }

  static Stream<Throwable> failures() {
    return Stream.of(new IllegalStateException("cancelled"), new StackOverflowError());
  }

  @ParameterizedTest
  @MethodSource("failures")
  void whatFailsAfterACancelIsToldToNobody(Throwable failure) throws Exception {
    CompletableFuture<Thread> thread = new CompletableFuture<>();
    Collecting streamed =
        ask(
            new Collecting() {
              @Override
              public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
                Thread.currentThread().setUncaughtExceptionHandler((t, e) -> {});
                thread.complete(Thread.currentThread());
                context.streamingHandle().cancel();
                if (failure instanceof Error error) {
                  throw error;
                }
                throw (RuntimeException) failure;
              }
            },
            BitNetChatRequestParameters.builder().build());
    thread.get(60, TimeUnit.SECONDS).join();
    assertFalse(streamed.whole.isDone());
  }

  @Test
  void whatCannotBeAnsweredReachesTheHandler() {
    Collecting failed = new Collecting();
    model.chat("a long story ".repeat(300), failed);
    ExecutionException error = assertThrows(ExecutionException.class, failed::get);
    assertInstanceOf(InvalidRequestException.class, error.getCause());
  }
}
