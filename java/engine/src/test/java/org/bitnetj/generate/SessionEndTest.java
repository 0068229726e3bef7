package org.bitnetj.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.option.SamplingOptions;
import org.junit.jupiter.api.Test;

/** What ends a text, and what is left of its session. */
class SessionEndTest extends ShippedModelSession {
  @Test
  void aStopStringEndsTheTextWhereverTokensAreCut() {
    String whole = generate(GREEDY).text();
    for (int start = 1; start < whole.length() - 4; start += 7) {
      String stop = whole.substring(start, start + 4);
      List<String> pieces = new ArrayList<>();
      GenerationResult result =
          session.generate(PROMPT, GREEDY.withStopStrings("never this", stop), pieces::add);
      assertEquals(whole.substring(0, whole.indexOf(stop)), result.text(), stop);
      assertEquals(result.text(), String.join("", pieces));
      assertEquals(FinishReason.STOP_STRING, result.finishReason());
    }
  }

  @Test
  void aStopStringThatDoesNotComeChangesNothing() {
    GenerationResult plain = generate(GREEDY);
    GenerationResult watched =
        generate(GREEDY.withStopStrings(plain.text().substring(plain.text().length() - 3) + "~"));
    assertEquals(plain.text(), watched.text());
    assertEquals(FinishReason.MAX_TOKENS, watched.finishReason());
  }

  @Test
  void aStopTokenEndsTheTextUnlessEndsAreIgnored() {
    int[] tokens = generate(GREEDY).tokens();
    int stop = tokens[5];
    int first = 0;
    while (tokens[first] != stop) {
      first++;
    }
    GenerationOptions stopping = GREEDY.withStopTokens(Set.of(stop));
    GenerationResult result = generate(stopping);
    assertArrayEquals(Arrays.copyOf(tokens, first), result.tokens());
    assertEquals(FinishReason.END_TOKEN, result.finishReason());
    assertArrayEquals(tokens, generate(stopping.withIgnoreEnd(true)).tokens());
  }

  @Test
  void theModelsEndTokenEndsTheTextAndItsNameShowsOnlyOnDemand() {
    // A bonus on the tokens of the prompt makes the end token the next one.
    int eos = model.tokenizer().eos().orElseThrow();
    int[] prompt = {eos};
    GenerationOptions options =
        GREEDY.withMaxTokens(3).withSampling(SamplingOptions.greedy().withPresencePenalty(-100));
    GenerationResult ended = session.generate(prompt, options, GenerationListener.NONE);
    assertEquals("", ended.text());
    assertEquals(0, ended.tokens().length);
    assertEquals(FinishReason.END_TOKEN, ended.finishReason());
    String name = model.tokenizer().decode(prompt, true);
    assertFalse(name.isEmpty());
    assertEquals(
        name,
        session.generate(prompt, options.withShowSpecials(true), GenerationListener.NONE).text());
    GenerationResult ignored =
        session.generate(prompt, options.withIgnoreEnd(true), GenerationListener.NONE);
    assertArrayEquals(new int[] {eos, eos, eos}, ignored.tokens());
    assertEquals("", ignored.text());
    assertEquals(
        name.repeat(3),
        session
            .generate(
                prompt, options.withIgnoreEnd(true).withShowSpecials(true), GenerationListener.NONE)
            .text());
  }

  @Test
  void cancelEndsTheTextAndLeavesTheSessionUsable() {
    List<String> pieces = new ArrayList<>();
    GenerationResult cut =
        session.generate(
            PROMPT,
            GREEDY,
            piece -> {
              pieces.add(piece);
              if (pieces.size() == 4) {
                session.cancel();
              }
            });
    assertEquals(FinishReason.CANCELLED, cut.finishReason());
    assertEquals(String.join("", pieces), cut.text());
    assertEquals(4, pieces.size());
    GenerationResult whole = generate(GREEDY);
    assertEquals(24, whole.tokens().length);
    assertTrue(whole.text().startsWith(cut.text()));
  }

  @Test
  void cancelEndsALongPromptAfterItsStep() {
    String prompt = PROMPT.repeat(10);
    GenerationResult cut =
        session.generate(
            prompt,
            GREEDY,
            new GenerationListener() {
              @Override
              public void onText(String piece) {
                throw new AssertionError("a cancelled prompt has no text");
              }

              @Override
              public void onPrefill(int done, int total) {
                session.cancel();
              }
            });
    assertEquals(FinishReason.CANCELLED, cut.finishReason());
    assertArrayEquals(Arrays.copyOf(ids(prompt), 8), session.tokens());
    assertEquals(fresh(prompt, GREEDY).text(), session.generate(prompt, GREEDY, p -> {}).text());
  }

  @Test
  void cancelWithoutATextDoesNothing() {
    session.cancel();
    assertEquals(24, generate(GREEDY).tokens().length);
    session.cancel();
    assertEquals(24, generate(GREEDY).tokens().length);
  }

  @Test
  void anInterruptCancelsAndStays() {
    GenerationResult cut =
        session.generate(PROMPT, GREEDY, piece -> Thread.currentThread().interrupt());
    assertTrue(Thread.interrupted());
    assertEquals(FinishReason.CANCELLED, cut.finishReason());
    assertEquals(1, cut.tokens().length);
    assertEquals(24, generate(GREEDY).tokens().length);
  }

  @Test
  void aFullContextEndsTheText() {
    int prompt = ids(PROMPT).length;
    try (Session narrow = model.openSession(SessionOptions.defaults().withContext(prompt + 9))) {
      GenerationResult result = narrow.generate(PROMPT, GREEDY, GenerationListener.NONE);
      assertEquals(FinishReason.CONTEXT_FULL, result.finishReason());
      assertEquals(9, result.tokens().length);
      assertTrue(fresh(PROMPT, GREEDY).text().startsWith(result.text()));
    }
  }

  @Test
  void aPromptThatDoesNotFitIsRefusedBeforeAnythingIsLost() {
    int prompt = ids(PROMPT).length;
    try (Session narrow = model.openSession(SessionOptions.defaults().withContext(prompt))) {
      narrow.generate("Once", GREEDY.withMaxTokens(2), GenerationListener.NONE);
      int[] before = narrow.tokens();
      ContextOverflowException refusal =
          assertThrows(
              ContextOverflowException.class,
              () -> narrow.generate(PROMPT, GREEDY, GenerationListener.NONE));
      assertEquals(
          "The prompt has "
              + prompt
              + " tokens, but the context holds "
              + prompt
              + " and the answer needs at least one of them; shorten the prompt or use a larger"
              + " context.",
          refusal.getMessage());
      assertArrayEquals(before, narrow.tokens());
      assertThrows(ContextOverflowException.class, () -> narrow.score(new int[prompt + 1]));
    }
    assertThrows(
        ContextOverflowException.class,
        () -> model.openSession(SessionOptions.defaults().withContext(1 << 20)));
  }

  @Test
  void unusablePromptsAreRefused() {
    generate(GREEDY);
    int[] before = session.tokens();
    assertThrows(
        IllegalArgumentException.class,
        () -> session.generate(new int[0], GREEDY, GenerationListener.NONE));
    for (int token : new int[] {-1, model.tokenizer().vocabularySize()}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> session.generate(new int[] {5, token}, GREEDY, GenerationListener.NONE));
    }
    assertArrayEquals(before, session.tokens());
  }

  @Test
  void aFailingListenerIsHeardOfAndTheSessionGoesOn() {
    IllegalArgumentException failure = new IllegalArgumentException("the pipe is closed");
    assertSame(
        failure,
        assertThrows(
            IllegalArgumentException.class,
            () ->
                session.generate(
                    PROMPT,
                    GREEDY,
                    piece -> {
                      throw failure;
                    })));
    assertEquals(fresh(PROMPT, GREEDY).text(), generate(GREEDY).text());
  }

  @Test
  void aClosedSessionSaysSo() {
    session.close();
    session.close();
    assertEquals(
        "This session is closed; open another one.",
        assertThrows(IllegalStateException.class, () -> generate(GREEDY)).getMessage());
  }

  @Test
  void closingWhileATextIsGeneratedEndsIt() {
    List<String> pieces = new ArrayList<>();
    assertThrows(
        IllegalStateException.class,
        () ->
            session.generate(
                PROMPT,
                GREEDY,
                piece -> {
                  pieces.add(piece);
                  session.close();
                }));
    assertEquals(1, pieces.size());
  }
}
