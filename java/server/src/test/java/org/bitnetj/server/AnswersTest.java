package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.GenerationResult;
import org.bitnetj.generate.LanguageModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class AnswersTest {
  private static LanguageModel model;

  private final Admission admission = new Admission(1, 0, model.cachePositions());
  private final Answers answers = new Answers(model, admission, new Metrics("m"), true);
  private final Exchange exchange = new Exchange(Duration.ofMinutes(5));

  @BeforeAll
  static void load() throws IOException {
    model =
        LanguageModel.load(
            Path.of(System.getProperty("bitnet.models"), "tiny-bitnet-stories-i2_s.gguf"));
  }

  @AfterAll
  static void free() {
    model.close();
  }

  /** Whatever ended an answer, its place is free again, and its memory. */
  @AfterEach
  void nothingIsLeft() {
    assertEquals(0, admission.running());
    assertEquals(0, model.status().sessions());
  }

  private GenerationResult generate(
      Exchange asking, int[] prompt, GenerationOptions options, GenerationListener listener) {
    answers.requireFits(prompt);
    return answers.inTurn(
        asking,
        List.of(prompt),
        options,
        1,
        atOnce -> answers.generate(asking, prompt, options, listener));
  }

  private ApiException refused(Exchange asking, int[] prompt, GenerationListener listener) {
    return assertThrows(
        ApiException.class, () -> generate(asking, prompt, GenerationOptions.greedy(), listener));
  }

  private static int[] prompt(int tokens) {
    int[] prompt = new int[tokens];
    Arrays.fill(prompt, 300);
    return prompt;
  }

  private static void pause() {
    try {
      Thread.sleep(5);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aPromptMustLeaveRoomForAnAnswer() {
    int context = model.info().contextLength();
    assertEquals(
        Optional.of("context_length_exceeded"),
        refused(exchange, prompt(context), GenerationListener.NONE).code());
    assertEquals(
        ApiException.Kind.INVALID, refused(exchange, prompt(0), GenerationListener.NONE).kind());
    assertEquals(
        1,
        generate(
                exchange,
                prompt(context - 1),
                GenerationOptions.greedy().withIgnoreEnd(true),
                GenerationListener.NONE)
            .tokens()
            .length);
  }

  @Test
  void anAnswerThatIsLateIsCancelled() {
    Exchange hasty = new Exchange(Duration.ofMillis(200));
    ApiException late = refused(hasty, prompt(3), piece -> pause(hasty));
    assertEquals(ApiException.Kind.TIMED_OUT, late.kind());
  }

  /** Until its time is over. */
  private static void pause(Exchange hasty) {
    while (!hasty.left().isNegative()) {
      Thread.onSpinWait();
    }
  }

  @Test
  void anAnswerEndsWhenTheServerStops() {
    assertEquals(
        ApiException.Kind.STOPPING,
        refused(exchange, prompt(3), piece -> exchange.end(Exchange.End.STOPPING)).kind());
  }

  @Test
  void anAnswerEndsWhenItsThreadIsInterrupted() {
    assertEquals(
        ApiException.Kind.STOPPING,
        refused(exchange, prompt(3), piece -> Thread.currentThread().interrupt()).kind());
    assertTrue(Thread.interrupted());
  }

  @Test
  void anAnswerEndsWhenItsClientGoes() {
    AtomicInteger tokens = new AtomicInteger();
    GenerationListener leaving =
        new GenerationListener() {
          @Override
          public void onText(String piece) {}

          @Override
          public void onToken(int token) {
            if (tokens.incrementAndGet() == 3) {
              exchange.end(Exchange.End.GONE);
            }
          }
        };
    assertThrows(
        EventStream.Gone.class,
        () ->
            generate(exchange, prompt(3), GenerationOptions.greedy().withIgnoreEnd(true), leaving));
    assertTrue(tokens.get() < 10, tokens + " tokens");
  }

  @Test
  void aClientThatHasGoneEndsAnAnswer() {
    EventStream.Gone gone = new EventStream.Gone(new IOException("reset"));
    assertSame(
        gone,
        assertThrows(
            EventStream.Gone.class,
            () ->
                generate(
                    exchange,
                    prompt(3),
                    GenerationOptions.greedy(),
                    piece -> {
                      throw gone;
                    })));
  }

  @Test
  void whatTakesATurnGivesItBack() {
    assertEquals(7, answers.inTurn(exchange, 1, 10, () -> 6 + admission.running()));
    assertThrows(
        IllegalStateException.class,
        () ->
            answers.inTurn(
                exchange,
                1,
                10,
                () -> {
                  throw new IllegalStateException();
                }));
  }

  /** Of two answers that have room one after the other only, or together. */
  @Test
  void asManyAnswersAreGeneratedAtATimeAsThereIsRoomFor() {
    GenerationOptions brief = GenerationOptions.greedy().withMaxTokens(10);
    for (int blocks = 1; blocks <= 5; blocks++) {
      Answers few = new Answers(model, new Admission(3, 0, 256L * blocks), new Metrics("m"), true);
      int expected = Math.min(blocks, 3);
      int atOnce = few.inTurn(exchange, List.of(prompt(3)), brief, 3, n -> n);
      assertEquals(expected, atOnce, blocks + " blocks");
    }
  }
}
