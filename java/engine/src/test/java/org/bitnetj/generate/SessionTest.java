package org.bitnetj.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.kernel.selection.KernelSelection;
import org.bitnetj.option.CacheType;
import org.bitnetj.option.HeadMode;
import org.bitnetj.option.SamplingOptions;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.container.ModelContainer;
import org.bitnetj.testing.Golden;
import org.junit.jupiter.api.Test;

/** Sessions of the shipped model. */
class SessionTest extends ShippedModelSession {
  @Test
  void greedyTextIsThatOfAnIndependentImplementation() {
    int whole = 0;
    for (Golden.Prompt prompt : Golden.prompts()) {
      try (Session exact =
          model.openSession(SessionOptions.defaults().withCacheType(CacheType.F32))) {
        GenerationOptions options = GREEDY.withMaxTokens(prompt.greedy().length);
        GenerationResult result = exact.generate(prompt.ids(), options, GenerationListener.NONE);
        if (Arrays.equals(prompt.greedy(), result.tokens())) {
          assertEquals(model.tokenizer().decode(prompt.greedy()), result.text());
          whole++;
        }
      }
    }
    assertTrue(whole >= 7, "only " + whole + " continuations are the expected ones");
  }

  @Test
  void aPromptAsTextIsThePromptAsTokens() {
    GenerationResult byText = generate(GREEDY);
    GenerationResult byTokens = session.generate(ids(PROMPT), GREEDY, GenerationListener.NONE);
    assertEquals(byText.text(), byTokens.text());
    assertArrayEquals(byText.tokens(), byTokens.tokens());
    assertEquals(Golden.bos(), ids(PROMPT)[0]);
  }

  @Test
  void namesOfSpecialTokensInAPromptAreOrdinaryText() {
    String special =
        new String(
            model.tokenizer().bytes(model.tokenizer().eos().orElseThrow()),
            java.nio.charset.StandardCharsets.UTF_8);
    session.generate(special, GREEDY.withMaxTokens(0), GenerationListener.NONE);
    assertEquals(1, Arrays.stream(session.tokens()).filter(model.tokenizer()::isSpecial).count());
    assertTrue(session.tokens().length > 2);
  }

  @Test
  void theListenerHearsTheTextAndItsTokens() {
    StringBuilder text = new StringBuilder();
    List<Integer> tokens = new ArrayList<>();
    List<String> prefill = new ArrayList<>();
    GenerationResult result =
        session.generate(
            PROMPT,
            GREEDY,
            new GenerationListener() {
              @Override
              public void onText(String piece) {
                assertFalse(piece.isEmpty());
                text.append(piece);
              }

              @Override
              public void onToken(int token) {
                tokens.add(token);
              }

              @Override
              public void onPrefill(int done, int total) {
                prefill.add(done + "/" + total);
              }
            });
    int prompt = ids(PROMPT).length;
    assertEquals(result.text(), text.toString());
    assertArrayEquals(result.tokens(), tokens.stream().mapToInt(t -> t).toArray());
    assertEquals(prompt + "/" + prompt, prefill.getLast());
    assertEquals(Math.ceilDiv(prompt, 8), prefill.size());
    assertEquals(24, tokens.size());
    assertEquals(FinishReason.MAX_TOKENS, result.finishReason());
  }

  @Test
  void aSeedBringsTheTextAgainAndAnotherSeedAnother() {
    GenerationResult first = generate(SEEDED);
    assertEquals(5, first.seed());
    assertEquals(first.text(), generate(SEEDED).text());
    assertEquals(first.text(), fresh(PROMPT, SEEDED).text());
    assertNotEquals(first.text(), generate(SEEDED.withSeed(6)).text());
  }

  @Test
  void aTextWithoutASeedTellsTheOneItTook() {
    GenerationOptions open =
        SEEDED.withSampling(SamplingOptions.defaults().withTemperature(2).withTopP(1));
    GenerationResult first = generate(open);
    assertEquals(first.text(), generate(open.withSeed(first.seed())).text());
    assertNotEquals(first.text(), generate(open).text());
  }

  @Test
  void theStatsCountWhatWasDone() {
    int prompt = ids(PROMPT).length;
    GenerationOptions single = GREEDY.withDrafting(false);
    GenerationStats stats = generate(single).stats();
    assertEquals(prompt, stats.promptTokens());
    assertEquals(0, stats.cachedTokens());
    assertEquals(24, stats.generatedTokens());
    assertEquals(23, stats.decodeSteps());
    assertEquals(0, stats.draftedTokens());
    assertTrue(stats.bytesPerToken() > 0 && stats.bytesPerToken() <= model.bytesPerToken());
    assertEquals(model.bytesPerToken(), generate(GREEDY.withMaxTokens(1)).stats().bytesPerToken());
    assertTrue(stats.prefillNanos() > 0 && stats.firstTokenNanos() >= stats.prefillNanos());
    assertEquals(23e9 / stats.decodeNanos(), stats.decodeTokensPerSecond(), 1e-6);
    assertEquals(prompt * 1e9 / stats.prefillNanos(), stats.prefillTokensPerSecond(), 1e-6);
    GenerationStats again = generate(GREEDY).stats();
    assertEquals(prompt - 1, again.cachedTokens());
    assertEquals(1e9 / again.prefillNanos(), again.prefillTokensPerSecond(), 1e-6);
  }

  @Test
  void theStatsTellWhichShareOfTheWeightsWasRead() throws Exception {
    LoadOptions whole = LoadOptions.defaults().withThreads(2).withHead(HeadMode.FULL);
    try (LanguageModel dense = LanguageModel.load(Golden.MODEL, whole.withSparse(false));
        LanguageModel sparse = LanguageModel.load(Golden.MODEL, whole);
        Session all = dense.openSession();
        Session some = sparse.openSession()) {
      GenerationOptions single = GREEDY.withDrafting(false);
      GenerationResult expected = all.generate(PROMPT, single, piece -> {});
      assertEquals(dense.bytesPerToken(), expected.stats().bytesPerToken());
      assertTrue(expected.stats().activeRows().isEmpty());
      assertTrue(expected.stats().nonzeroUnits().isEmpty());
      GenerationResult actual = some.generate(PROMPT, single, piece -> {});
      assertEquals(expected.text(), actual.text());
      GenerationStats stats = actual.stats();
      if (!KernelSelection.choose(null).kernels().gainsBySkipping()) {
        assertEquals(expected.stats().bytesPerToken(), stats.bytesPerToken());
        return;
      }
      double active = stats.activeRows().orElseThrow();
      double nonzero = stats.nonzeroUnits().orElseThrow();
      ModelSpec spec = spec();
      assertTrue(0 < nonzero && nonzero < active && active < 0.5, nonzero + " < " + active);
      // The width is a whole number of lines, so both orders of a matrix have the same bytes.
      double matrix = (double) spec.layers() * spec.width() * spec.feedForward() / 4;
      double saved = matrix * (2 - active - nonzero);
      assertEquals(model.bytesPerToken() - saved, stats.bytesPerToken(), 1);
    }
  }

  private static ModelSpec spec() throws IOException {
    try (ModelSource source = ModelContainer.open(Golden.MODEL, true)) {
      return source.spec();
    }
  }

  @Test
  void noTokensAskedForOnlyFillsTheCache() {
    GenerationResult result = generate(GREEDY.withMaxTokens(0));
    assertEquals("", result.text());
    assertEquals(FinishReason.MAX_TOKENS, result.finishReason());
    assertArrayEquals(ids(PROMPT), session.tokens());
    assertEquals(0, result.stats().firstTokenNanos());
  }

  @Test
  void whatTheCacheHoldsIsNotComputedAgainAndChangesNoBit() {
    int[] text = Arrays.copyOf(ids(PROMPT + " a little girl who had a red dress and"), 14);
    float[] expected = lastLogits(model.openSession(), text);
    generate(SEEDED);
    assertArrayEquals(expected, lastLogits(session, text), "after another text");
    GenerationResult longer = session.generate(text, SEEDED, GenerationListener.NONE);
    assertEquals(text.length - 1, longer.stats().cachedTokens());
    assertArrayEquals(expected, lastLogits(session, text), "after a longer text");
    int[] whole = Arrays.copyOf(text, text.length + longer.tokens().length);
    System.arraycopy(longer.tokens(), 0, whole, text.length, longer.tokens().length);
    GenerationResult next = session.generate(whole, SEEDED, GenerationListener.NONE);
    try (Session other = model.openSession()) {
      assertEquals(other.generate(whole, SEEDED, GenerationListener.NONE).text(), next.text());
    }
  }

  private static float[] lastLogits(Session session, int[] text) {
    float[][] last = new float[1][];
    session.logits(text, text.length - 1, (position, logits) -> last[0] = logits.clone());
    return last[0];
  }

  @Test
  void resetForgetsTheCache() {
    generate(GREEDY);
    assertTrue(session.tokens().length > 0);
    session.reset();
    assertEquals(0, session.tokens().length);
    assertEquals(0, generate(GREEDY).stats().cachedTokens());
  }

  @Test
  void aStreamHasTheSameText() {
    String expected = generate(SEEDED).text();
    try (Stream<String> pieces = session.stream(PROMPT, SEEDED)) {
      assertEquals(expected, pieces.collect(Collectors.joining()));
    }
    assertEquals(
        expected.substring(0, 1),
        session.stream(PROMPT, SEEDED).findFirst().orElseThrow().substring(0, 1));
    assertEquals(expected, generate(SEEDED).text(), "after a stream that was left");
  }

  @Test
  void aStreamWhoseSessionWasUsedOtherwiseSaysSo() {
    var pieces = session.stream(PROMPT, SEEDED).iterator();
    pieces.next();
    generate(GREEDY);
    assertThrows(IllegalStateException.class, pieces::next);
  }

  @Test
  void sessionsOnSeveralThreadsGetWhatEachWouldGetAlone() throws Exception {
    List<String> prompts = List.of(PROMPT, "The king said to the", "In the garden", "A dog");
    List<String> alone = prompts.stream().map(p -> fresh(p, SEEDED).text()).toList();
    try (ExecutorService threads = Executors.newFixedThreadPool(prompts.size())) {
      CountDownLatch start = new CountDownLatch(prompts.size());
      List<Future<String>> together = new ArrayList<>();
      for (String prompt : prompts) {
        together.add(
            threads.submit(
                () -> {
                  start.countDown();
                  start.await();
                  return fresh(prompt, SEEDED).text();
                }));
      }
      for (int i = 0; i < prompts.size(); i++) {
        assertEquals(alone.get(i), together.get(i).get(), prompts.get(i));
      }
    }
  }

  @Test
  void aSecondThreadIsRefused() throws Exception {
    List<Throwable> refusals = new ArrayList<>();
    session.generate(
        PROMPT,
        GREEDY.withMaxTokens(1),
        piece -> {
          Thread second =
              new Thread(
                  () ->
                      refusals.add(
                          assertThrows(IllegalStateException.class, () -> generate(GREEDY))));
          second.start();
          join(second);
          refusals.add(assertThrows(IllegalStateException.class, session::reset));
        });
    assertEquals(2, refusals.size());
    assertTrue(refusals.get(0).getMessage().startsWith("This session is in use by thread "));
    assertEquals(
        "A listener cannot use the session that is calling it; collect the text first.",
        refusals.get(1).getMessage());
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void scoresAreThoseOfAnIndependentImplementation() {
    for (Golden.Prompt prompt : Golden.prompts()) {
      if (prompt.ids().length > 1) {
        double[] scores = session.score(prompt.ids());
        double difference = Math.abs(Arrays.stream(scores).sum() - prompt.nll());
        assertTrue(difference / scores.length < 0.01, prompt + " differs by " + difference);
      }
    }
    assertThrows(IllegalArgumentException.class, () -> session.score(new int[] {1}));
  }

  @Test
  void scoresFollowFromLogits() {
    int[] ids = ids(PROMPT);
    List<Double> expected = new ArrayList<>();
    session.logits(
        ids,
        0,
        (position, logits) -> {
          assertEquals(expected.size(), position);
          assertEquals(model.info().vocabulary(), logits.length);
          double sum = 0;
          for (float logit : logits) {
            sum += Math.exp(logit);
          }
          expected.add(Math.log(sum) - logits[position + 1 < ids.length ? ids[position + 1] : 0]);
        });
    double[] scores = session.score(ids);
    assertEquals(ids.length, expected.size());
    assertEquals(ids.length - 1, scores.length);
    for (int i = 0; i < scores.length; i++) {
      assertEquals(expected.get(i), scores[i], 1e-9);
    }
  }

  /**
   * Those of a prompt that fits no whole number of steps, cached or not, and nothing else changes.
   */
  @Test
  void thePromptsLogprobsAreItsScores() {
    int[] ids = ids("The old man sat by the fire and told the children a story about the sea");
    double[] scores = session.score(ids);
    for (int tokens : new int[] {0, 24, 24}) {
      GenerationOptions options = GREEDY.withMaxTokens(tokens);
      GenerationResult alone = session.generate(ids, options, GenerationListener.NONE);
      List<TokenLogprobs> told = new ArrayList<>();
      List<Integer> done = new ArrayList<>();
      GenerationResult result =
          session.generate(
              ids,
              options.withPromptLogprobs(2),
              new GenerationListener() {
                @Override
                public void onText(String piece) {
                  assertEquals(ids.length - 1, told.size());
                }

                @Override
                public void onPromptLogprobs(TokenLogprobs logprobs) {
                  told.add(logprobs);
                }

                @Override
                public void onPrefill(int tokens, int total) {
                  done.add(tokens);
                }
              });
      assertEquals(ids.length - 1, told.size());
      for (int i = 0; i < told.size(); i++) {
        assertEquals(ids[i + 1], told.get(i).chosen().token());
        assertEquals(-scores[i], told.get(i).chosen().logprob(), 1e-9);
        assertEquals(2, told.get(i).top().size());
        assertTrue(told.get(i).top().getFirst().logprob() >= told.get(i).chosen().logprob());
      }
      assertArrayEquals(alone.tokens(), result.tokens());
      assertEquals(0, result.stats().cachedTokens());
      assertEquals(ids.length, done.getLast());
    }
    session.generate(
        Arrays.copyOf(ids, 1),
        GREEDY.withPromptLogprobs(2),
        new GenerationListener() {
          @Override
          public void onText(String piece) {}

          @Override
          public void onPromptLogprobs(TokenLogprobs logprobs) {
            throw new AssertionError("nothing is before a first token");
          }
        });
  }

  @Test
  void logitsFromAPositionOnAreThoseOfTheWholeText() {
    int[] ids = ids("The old man sat by the fire and told the children a story about the sea");
    List<float[]> all = new ArrayList<>();
    session.logits(ids, 0, (position, logits) -> all.add(logits.clone()));
    for (int from : new int[] {1, 7, ids.length - 1}) {
      session.reset();
      int[] seen = {from};
      session.logits(
          ids,
          from,
          (position, logits) -> {
            assertEquals(seen[0]++, position);
            assertArrayEquals(all.get(position), logits);
          });
      assertEquals(ids.length, seen[0]);
    }
    assertThrows(
        IllegalArgumentException.class, () -> session.logits(ids, ids.length, (p, l) -> {}));
  }
}
