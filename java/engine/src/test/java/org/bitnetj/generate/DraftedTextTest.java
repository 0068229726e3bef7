package org.bitnetj.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.bitnetj.engine.Drafter;
import org.bitnetj.engine.Engine;
import org.bitnetj.engine.PromptLookup;
import org.bitnetj.engine.SequenceState;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.model.Transformer;
import org.bitnetj.model.Weights;
import org.bitnetj.option.HeadMode;
import org.bitnetj.option.SamplingOptions;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.testing.Tiers;
import org.bitnetj.testing.TinyModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A text is the same whatever is drafted of it. */
class DraftedTextTest extends ShippedModelSession {
  @TempDir private Path folder;

  private static final GenerationOptions LONG = GREEDY.withMaxTokens(60);

  /** A token that the texts here do not have. */
  private static final int WRONG = 3;

  /** Drafts what a text is known to become, all of it or with wrong tokens in between. */
  private static final class Known implements Drafter {
    private final int[] text;
    private final int wrongEach;
    private int at;

    Known(int[] text, int wrongEach) {
      this.text = text;
      this.wrongEach = wrongEach;
    }

    @Override
    public void accept(int token) {
      assertEquals(text[at++], token);
    }

    @Override
    public boolean hasDraft() {
      return true;
    }

    @Override
    public double firstRight() {
      return 1e9; // so that the time it takes does not matter
    }

    @Override
    public double nextRight() {
      return 1e9;
    }

    @Override
    public void draft(int[] into, int begin, int count) {
      for (int i = 0; i < count; i++) {
        boolean right = at + i < text.length && (at + i) % wrongEach != wrongEach - 1;
        into[begin + i] = right ? text[at + i] : WRONG;
      }
    }
  }

  private record Drafted(GenerationResult result, int[] cache, List<TokenLogprobs> logprobs) {}

  private static Drafted drafted(GenerationOptions options, int[] text, int wrongEach) {
    try (SequenceState sequence = model.openSequence(SessionOptions.defaults())) {
      return drafted(sequence, ids(PROMPT), options, new Known(text, wrongEach));
    }
  }

  private static Drafted drafted(
      SequenceState sequence, int[] prompt, GenerationOptions options, Drafter drafter) {
    List<TokenLogprobs> logprobs = new ArrayList<>();
    GenerationListener listener =
        new GenerationListener() {
          @Override
          public void onText(String piece) {}

          @Override
          public void onLogprobs(TokenLogprobs each) {
            logprobs.add(each);
          }
        };
    Generation generation = generation(sequence, prompt, options, listener, drafter);
    while (generation.advance()) {
      continue;
    }
    return new Drafted(generation.result(), sequence.tokens(), logprobs);
  }

  private static Generation generation(
      SequenceState sequence,
      int[] prompt,
      GenerationOptions options,
      GenerationListener listener,
      Drafter drafter) {
    return new Generation(
        sequence,
        model.tokenizer(),
        prompt,
        options,
        listener,
        System.nanoTime(),
        begin -> drafter);
  }

  /** Does something after a number of tokens. */
  private record After(int tokens, AtomicInteger count, Runnable what)
      implements GenerationListener {
    After(int tokens, Runnable what) {
      this(tokens, new AtomicInteger(), what);
    }

    @Override
    public void onText(String piece) {}

    @Override
    public void onToken(int token) {
      if (count.incrementAndGet() == tokens) {
        what.run();
      }
    }
  }

  private void assertDraftsChangeNothing(GenerationOptions options) {
    GenerationResult expected = generate(options.withDrafting(false));
    int[] cache = session.tokens();
    for (int wrongEach : new int[] {2, 3, 5, 1000}) {
      Drafted actual = drafted(options, expected.tokens(), wrongEach);
      assertArrayEquals(expected.tokens(), actual.result.tokens());
      assertEquals(expected.text(), actual.result.text());
      assertEquals(expected.finishReason(), actual.result.finishReason());
      assertArrayEquals(cache, actual.cache, "what the cache holds");
      assertTrue(actual.result.stats().acceptedTokens() > 0);
    }
  }

  @Test
  void greedyAndDrawnTextsAreTheSameWithRightAndWrongDrafts() {
    assertDraftsChangeNothing(LONG);
    assertDraftsChangeNothing(LONG.withSampling(SamplingOptions.defaults().withSeed(3)));
    assertDraftsChangeNothing(
        LONG.withSampling(SamplingOptions.defaults().withTemperature(1.5).withTopK(0).withSeed(4)));
  }

  @Test
  void endsInTheMiddleOfADraftAreFound() {
    String text = generate(LONG).text();
    assertDraftsChangeNothing(LONG.withMaxTokens(13));
    assertDraftsChangeNothing(LONG.withStopStrings(text.substring(40, 44)));
  }

  @Test
  void logProbabilitiesAreThoseOfTheTokensRow() {
    GenerationOptions options = LONG.withMaxTokens(12).withTopLogprobs(2);
    GenerationResult expected = generate(options.withDrafting(false));
    List<TokenLogprobs> alone = drafted(options.withDrafting(false), expected.tokens(), 3).logprobs;
    assertEquals(12, alone.size());
    assertEquals(alone, drafted(options, expected.tokens(), 3).logprobs);
  }

  @Test
  void rightDraftsSaveSteps() {
    GenerationResult expected = generate(LONG.withDrafting(false));
    GenerationStats stats = drafted(LONG, expected.tokens(), 1000).result.stats();
    assertEquals(59, stats.decodedTokens());
    assertEquals(59 - stats.decodeSteps(), stats.acceptedTokens());
    assertTrue(stats.decodeSteps() <= 10, stats.decodeSteps() + " steps");
    assertTrue(stats.bytesPerToken() < expected.stats().bytesPerToken() / 2);
    GenerationStats wrong = drafted(LONG, expected.tokens(), 2).result.stats();
    assertTrue(wrong.draftedTokens() > 2 * wrong.acceptedTokens());
  }

  /** Prompt lookup, whatever the times of steps are. */
  private record Eager(PromptLookup lookup) implements Drafter {
    @Override
    public void accept(int token) {
      lookup.accept(token);
    }

    @Override
    public boolean hasDraft() {
      return lookup.hasDraft();
    }

    @Override
    public double firstRight() {
      return 1e9;
    }

    @Override
    public double nextRight() {
      return 1e9;
    }

    @Override
    public void draft(int[] into, int at, int count) {
      lookup.draft(into, at, count);
    }
  }

  @Test
  void aTextThatRepeatsItselfIsDraftedFromWhatStandsBefore() {
    int[] prompt = ids(PROMPT + generate(LONG).text() + "\n\n" + PROMPT);
    GenerationResult expected =
        session.generate(prompt, LONG.withDrafting(false), GenerationListener.NONE);
    try (SequenceState sequence = model.openSequence(SessionOptions.defaults())) {
      GenerationResult actual =
          drafted(sequence, prompt, LONG, new Eager(new PromptLookup(prompt))).result;
      assertArrayEquals(expected.tokens(), actual.tokens());
      assertTrue(actual.stats().acceptedTokens() > 0);
    }
  }

  @Test
  void severalTextsInTheSameStepsAreTheSame() throws Exception {
    int[] expected = generate(LONG.withDrafting(false)).tokens();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<Drafted>> texts = new ArrayList<>();
      for (int wrongEach : new int[] {2, 3, 5, 1000, 4, 7, 3, 1000, 2, 11, 5, 6}) {
        texts.add(threads.submit(() -> drafted(LONG, expected, wrongEach)));
      }
      int accepted = 0;
      for (Future<Drafted> text : texts) {
        assertArrayEquals(expected, text.get().result.tokens());
        accepted += text.get().result.stats().acceptedTokens();
      }
      assertTrue(accepted > 0);
    }
  }

  @Test
  void whereAListenerThrowsTheCacheHasNoDraft() {
    int[] text = generate(LONG.withDrafting(false)).tokens();
    for (int at = 2; at < 20; at++) {
      try (SequenceState sequence = model.openSequence(SessionOptions.defaults())) {
        After listener =
            new After(
                at,
                () -> {
                  throw new CancellationException();
                });
        Generation generation =
            generation(sequence, ids(PROMPT), LONG, listener, new Known(text, 1000));
        assertThrows(
            CancellationException.class,
            () -> {
              while (generation.advance()) {
                continue;
              }
            });
        assertEquals(ids(PROMPT).length + at - 1, sequence.length(), "after " + at + " tokens");
      }
    }
  }

  @Test
  void aTextThatEndsAsItsSequenceIsClosedHasEnded() {
    GenerationOptions options = LONG.withStopStrings(generate(LONG).text().substring(40, 44));
    GenerationResult expected = generate(options.withDrafting(false));
    for (int wrongEach : new int[] {1, 1000}) {
      try (SequenceState sequence = model.openSequence(SessionOptions.defaults())) {
        After listener = new After(expected.tokens().length, sequence::close);
        int[] known = Arrays.copyOf(expected.tokens(), expected.tokens().length + Drafter.MOST);
        Generation generation =
            generation(sequence, ids(PROMPT), options, listener, new Known(known, wrongEach));
        while (generation.advance()) {
          continue;
        }
        assertEquals(expected.text(), generation.result().text());
      }
    }
  }

  @Test
  void whatIsAheadOfTheTextIsKnownAtEveryToken() {
    int[] text = generate(LONG.withDrafting(false)).tokens();
    AtomicInteger most = new AtomicInteger();
    try (SequenceState sequence = model.openSequence(SessionOptions.defaults())) {
      After listener = new After(0, () -> {});
      Generation generation = generation(sequence, ids(PROMPT), LONG, listener, new Known(text, 5));
      while (generation.advance()) {
        most.accumulateAndGet(generation.ahead(), Math::max);
        assertEquals(
            ids(PROMPT).length + listener.count.get() - 1, sequence.length() - generation.ahead());
      }
    }
    assertTrue(most.get() > 0);
  }

  @Test
  void aDraftWhoseNumbersBreakEndsNoText() throws Exception {
    int vocabulary = model.tokenizer().vocabularySize();
    Path path = folder.resolve("tiny.gguf");
    new TinyModel()
        .tensor("token_embd.weight", WeightFormats.F32, 1, 64, vocabulary)
        .tensor("output.weight", WeightFormats.F32, 1, 64, vocabulary)
        .write(path);
    TinyModel.spoilEmbedding(path, WRONG);
    GenerationOptions options = GREEDY.withMaxTokens(6).withIgnoreEnd(true);
    GgufFile file = GgufFile.open(path);
    ThreadTeam team = new ThreadTeam(2);
    Weights weights = Weights.load(file, Tiers.best(), team, HeadMode.FULL, true);
    Transformer transformer = new Transformer(weights, Tiers.best(), team, 8, 8);
    List<Runnable> closers = List.of(weights::close, team::close, file::close);
    try (Engine engine = new Engine(transformer, 64 << 20, 0, closers)) {
      Drafter none = new Known(new int[6], 1);
      int[] expected = run(engine, options.withDrafting(false), none).tokens();
      GenerationResult actual = run(engine, options, new Known(expected, 2));
      assertArrayEquals(expected, actual.tokens());
      assertEquals(
          actual.stats().acceptedTokens(),
          actual.stats().draftedTokens(),
          "drafts with a wrong token count for nothing");
      assertTrue(run(engine, options, new Known(expected, 9)).stats().acceptedTokens() > 0);
    }
  }

  private static GenerationResult run(Engine engine, GenerationOptions options, Drafter drafter) {
    try (SequenceState sequence = engine.open(AttentionLayer.Type.F16, 32)) {
      return drafted(sequence, new int[] {1, 2}, options, drafter).result;
    }
  }

  @Test
  void nothingIsDraftedWherePenaltiesLookBack() {
    GenerationOptions penalized =
        LONG.withSampling(SamplingOptions.greedy().withRepetitionPenalty(1.3));
    GenerationResult expected = generate(penalized);
    assertEquals(0, drafted(penalized, expected.tokens(), 1000).result.stats().draftedTokens());
  }
}
