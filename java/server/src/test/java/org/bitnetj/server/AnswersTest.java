package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.LanguageModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class AnswersTest {
  private static LanguageModel model;

  private final Admission admission = new Admission(1, 0, model.cachePositions());
  private final Answers answers =
      new Answers(model, admission, new Metrics(), Duration.ofMinutes(5));

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
    answers.close();
  }

  private ApiException refused(int[] prompt, long deadline, GenerationListener listener) {
    return assertThrows(
        ApiException.class,
        () -> answers.generate(prompt, GenerationOptions.greedy(), deadline, listener));
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
        refused(prompt(context), answers.deadline(), GenerationListener.NONE).code());
    assertEquals(
        ApiException.Kind.INVALID,
        refused(prompt(0), answers.deadline(), GenerationListener.NONE).kind());
    assertEquals(
        1,
        answers
            .generate(
                prompt(context - 1),
                GenerationOptions.greedy().withIgnoreEnd(true),
                answers.deadline(),
                GenerationListener.NONE)
            .tokens()
            .length);
  }

  @Test
  void anAnswerThatIsLateIsCancelled() {
    assertEquals(
        ApiException.Kind.TIMED_OUT,
        refused(prompt(3), System.nanoTime() - 1, piece -> pause()).kind());
  }

  @Test
  void anAnswerEndsWhenTheServerStops() {
    assertEquals(
        ApiException.Kind.STOPPING,
        refused(prompt(3), answers.deadline(), piece -> answers.cancelAll()).kind());
  }

  @Test
  void anAnswerEndsWhenItsThreadIsInterrupted() {
    assertEquals(
        ApiException.Kind.STOPPING,
        refused(prompt(3), answers.deadline(), piece -> Thread.currentThread().interrupt()).kind());
    assertTrue(Thread.interrupted());
  }

  @Test
  void aClientThatHasGoneEndsAnAnswer() {
    EventStream.Gone gone = new EventStream.Gone(new IOException("reset"));
    assertSame(
        gone,
        assertThrows(
            EventStream.Gone.class,
            () ->
                answers.generate(
                    prompt(3),
                    GenerationOptions.greedy(),
                    answers.deadline(),
                    piece -> {
                      throw gone;
                    })));
  }

  @Test
  void whatTakesATurnGivesItBack() {
    assertEquals(7, answers.inTurn(10, answers.deadline(), () -> 6 + admission.running()));
    assertThrows(
        IllegalStateException.class,
        () ->
            answers.inTurn(
                10,
                answers.deadline(),
                () -> {
                  throw new IllegalStateException();
                }));
  }
}
