package org.bitnetj.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;
import org.bitnetj.error.UnusableLogitsException;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.model.screening.ComputedLogits;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.model.screening.SomeLogits;
import org.bitnetj.option.SamplingOptions;
import org.bitnetj.tensor.FloatRows;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerTest {
  /** Every filter and penalty off, temperature 1. */
  private static final SamplingOptions PLAIN =
      SamplingOptions.defaults().withTemperature(1).withTopK(0).withTopP(1).withMinP(0).withSeed(1);

  private static final float LOWEST = Float.NEGATIVE_INFINITY;

  private final NativeMemory memory = new NativeMemory();

  @AfterEach
  void free() {
    memory.close();
  }

  private FloatRows rows(float... logits) {
    FloatRows rows = FloatRows.allocate(memory, 1, logits.length);
    for (int i = 0; i < logits.length; i++) {
      rows.set(0, i, logits[i]);
    }
    return rows;
  }

  private static float[] logs(double... probabilities) {
    float[] logits = new float[probabilities.length];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) Math.log(probabilities[i]);
    }
    return logits;
  }

  /** The tokens whose logits the need says. */
  private ComputedLogits needed(float[] logits, LogitsNeed need) {
    if (need.isAll()) {
      return new ComputedLogits();
    }
    float[] sorted = logits.clone();
    Arrays.sort(sorted);
    float least = sorted[Math.max(0, logits.length - need.count(logits.length))];
    IntStream best = IntStream.range(0, logits.length).filter(i -> logits[i] >= least);
    IntStream more = IntStream.range(0, need.tokens()).map(need::token);
    return SomeLogits.of(IntStream.concat(best, more).sorted().distinct().toArray());
  }

  /** The same logits where they are computed, and what would win elsewhere. */
  private static float[] masked(float[] logits, ComputedLogits computed) {
    if (computed.areAll()) {
      return logits;
    }
    float[] masked = new float[logits.length];
    Arrays.fill(masked, Float.NaN);
    for (int i = 0; i < computed.count(); i++) {
      masked[computed.token(i)] = logits[computed.token(i)];
    }
    return masked;
  }

  @Test
  void whatASamplerNeedsIsEnoughForItsChoice() {
    SplittableRandom random = new SplittableRandom(3);
    int left = 0;
    for (int trial = 0; trial < 400; trial++) {
      SamplingOptions options =
          SamplingOptions.defaults()
              .withSeed(trial)
              .withTemperature(random.nextInt(4) == 0 ? 0 : random.nextDouble(3))
              .withTopK(random.nextInt(12))
              .withTopP(random.nextBoolean() ? 1 : random.nextDouble(0.2, 1))
              .withMinP(random.nextBoolean() ? 0 : random.nextDouble(0.3))
              .withRepetitionPenalty(random.nextBoolean() ? 1 : random.nextDouble(0.5, 2))
              .withPresencePenalty(random.nextBoolean() ? 0 : random.nextDouble(-3, 3))
              .withFrequencyPenalty(random.nextBoolean() ? 0 : random.nextDouble(-1, 1))
              .withPenaltyWindow(random.nextInt(12))
              .withLogitBias(randomBias(random, 60));
      int vocabulary = 60;
      int padded = vocabulary + random.nextInt(4); // the best may be no tokens
      Sampler all = new Sampler(options, vocabulary);
      Sampler some = new Sampler(options, vocabulary);
      for (int step = 0; step < 15; step++) {
        float[] logits = new float[padded];
        for (int i = 0; i < padded; i++) {
          logits[i] = random.nextInt(-20, 20) * 0.5f; // with many ties
        }
        if (random.nextInt(3) == 0) {
          long[] allowed = randomTokens(random, logits).toLongArray();
          allowed[0] &= (1L << 60) - 1;
          allowed[0] |= allowed[0] == 0 ? 1 : 0;
          all.allow(allowed);
          some.allow(allowed);
        } else {
          all.allow(null);
          some.allow(null);
        }
        ComputedLogits computed = needed(logits, some.need());
        left += computed.areAll() ? 0 : logits.length - computed.count();
        int token = all.sample(rows(logits), 0);
        FloatRows masked = rows(masked(logits, computed));
        assertEquals(token, some.sample(masked, 0, computed), options + ", step " + step);
        all.accept(token);
        some.accept(token);
      }
    }
    assertTrue(left > 100_000, "only " + left + " logits were left out");
  }

  /** Greedy, by a heap, and by sorting all. */
  private static final SamplingOptions[] WAYS = {
    SamplingOptions.greedy(), PLAIN.withTopK(2), PLAIN
  };

  private static int choose(SamplingOptions options, int vocabulary, FloatRows row, int... tokens) {
    return new Sampler(options, vocabulary).sample(row, 0, SomeLogits.of(tokens));
  }

  @Test
  void ofSomeLogitsTheLowestIdWinsATieAndIdsBeyondTheVocabularyAreNoTokens() {
    FloatRows row = rows(9, 1, 5, -0f, 5, 0, Float.NaN);
    assertEquals(2, choose(SamplingOptions.greedy(), 6, row, 1, 2, 4));
    assertEquals(2, choose(PLAIN.withTopK(1), 6, row, 1, 2, 4));
    assertEquals(3, choose(SamplingOptions.greedy(), 6, row, 3, 5, 6));
    for (SamplingOptions way : WAYS) {
      assertEquals(1, choose(way, 2, row, 1, 2, 4, 6));
    }
  }

  @Test
  void someLogitsThatAreNotFiniteAreRefusedOnlyIfTheyAreComputed() {
    FloatRows row = rows(Float.NaN, Float.POSITIVE_INFINITY, 1, LOWEST, Float.NaN);
    for (SamplingOptions way : WAYS) {
      assertEquals(2, choose(way, 5, row, 2, 3));
      for (int[] tokens : new int[][] {{0, 2}, {1, 2}, {2, 4}, {3}, {}}) {
        assertThrows(UnusableLogitsException.class, () -> choose(way, 5, row, tokens));
      }
      Sampler sampler = new Sampler(way, 5);
      sampler.allow(new long[] {0b01100});
      assertEquals(2, sampler.sample(row, 0, SomeLogits.of(0, 1, 2, 4)), "others are not allowed");
    }
  }

  /** How often each token comes in {@code draws} draws. */
  private int[] histogram(SamplingOptions options, int draws, float... logits) {
    FloatRows rows = rows(logits);
    Sampler sampler = new Sampler(options, logits.length);
    int[] counts = new int[logits.length];
    for (int i = 0; i < draws; i++) {
      counts[sampler.sample(rows, 0)]++;
    }
    return counts;
  }

  private Set<Integer> drawn(SamplingOptions options, float... logits) {
    int[] counts = histogram(options, 2000, logits);
    Set<Integer> tokens = new TreeSet<>();
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] > 0) {
        tokens.add(i);
      }
    }
    return tokens;
  }

  private int greedy(float... logits) {
    return new Sampler(SamplingOptions.greedy(), logits.length).sample(rows(logits), 0);
  }

  @Test
  void greedyTakesTheHighestLogit() {
    assertEquals(2, greedy(-1, 0, 5, 4.999f));
    assertEquals(0, greedy(-3, -4));
  }

  @Test
  void greedyTiesGoToTheLowestId() {
    assertEquals(1, greedy(1, 7, 7, 7));
    assertEquals(0, greedy(-0f, 0f));
    assertEquals(0, greedy(0f, -0f));
    assertEquals(0, greedy(new float[5000]));
  }

  @Test
  void greedyFindsTheHighestWhereverItIs() {
    for (int size : new int[] {1, 2, 2047, 2048, 2049, 4096, 5000}) {
      float[] logits = new float[size];
      for (int best : new int[] {0, size / 2, size - 1}) {
        Arrays.fill(logits, -2);
        logits[best] = 3;
        assertEquals(best, greedy(logits), "of " + size);
      }
    }
  }

  @Test
  void aRowIsReadFromItsOwnPlace() {
    FloatRows rows = FloatRows.allocate(memory, 3, 19);
    rows.set(0, 4, 1);
    rows.set(1, 7, 1);
    rows.set(2, 18, 1);
    Sampler sampler = new Sampler(SamplingOptions.greedy(), 19);
    assertEquals(4, sampler.sample(rows, 0));
    assertEquals(7, sampler.sample(rows, 1));
    assertEquals(18, sampler.sample(rows, 2));
    assertThrows(IndexOutOfBoundsException.class, () -> sampler.sample(rows, 3));
  }

  @Test
  void logitsBeyondTheVocabularyAreNoTokens() {
    FloatRows rows = rows(1, 2, 3, 4, Float.NaN);
    assertEquals(2, new Sampler(SamplingOptions.greedy(), 3).sample(rows, 0));
    assertEquals(2, new Sampler(PLAIN.withTopK(1), 3).sample(rows, 0));
  }

  @Test
  void logitsStayAsTheyWere() {
    float[] logits = {3, -1, 2, 0.5f};
    FloatRows rows = rows(logits);
    Sampler sampler = new Sampler(PLAIN.withRepetitionPenalty(1.5).withPresencePenalty(1), 4);
    for (int i = 0; i < 20; i++) {
      sampler.accept(sampler.sample(rows, 0));
    }
    for (int i = 0; i < logits.length; i++) {
      assertEquals(logits[i], rows.get(0, i));
    }
  }

  @Test
  void topKKeepsTheKMostProbableAndTheLowerIdsOfATie() {
    assertEquals(Set.of(1, 3), drawn(PLAIN.withTopK(2), 0, 2, 1, 3));
    assertEquals(Set.of(3), drawn(PLAIN.withTopK(1), 0, 2, 1, 3));
    assertEquals(Set.of(0, 2, 4), drawn(PLAIN.withTopK(3), 1, 0, 1, 0, 1, 1, 1));
    assertEquals(Set.of(0, 1, 2), drawn(PLAIN.withTopK(3), new float[6]));
    assertEquals(Set.of(0, 1, 2, 3), drawn(PLAIN.withTopK(9), 0, 2, 1, 3));
  }

  @Test
  void topPKeepsTheShortestPrefixThatReachesIt() {
    float[] logits = logs(0.5, 0.25, 0.125, 0.125);
    assertEquals(Set.of(0), drawn(PLAIN.withTopP(0.49), logits));
    assertEquals(Set.of(0, 1), drawn(PLAIN.withTopP(0.51), logits));
    assertEquals(Set.of(0, 1), drawn(PLAIN.withTopP(0.74), logits));
    assertEquals(Set.of(0, 1, 2), drawn(PLAIN.withTopP(0.76), logits));
    assertEquals(Set.of(0, 1, 2, 3), drawn(PLAIN.withTopP(1), logits));
    assertEquals(Set.of(0), drawn(PLAIN.withTopP(0), logits));
    assertEquals(Set.of(0, 1), drawn(PLAIN.withTopP(0.5), new float[4]));
  }

  @Test
  void minPKeepsWhatIsProbableEnoughBesideTheBest() {
    float[] logits = logs(0.1, 0.6, 0.29, 0.01);
    assertEquals(Set.of(0, 1, 2, 3), drawn(PLAIN.withMinP(0.01), logits));
    assertEquals(Set.of(0, 1, 2), drawn(PLAIN.withMinP(0.02), logits));
    assertEquals(Set.of(1, 2), drawn(PLAIN.withMinP(0.2), logits));
    assertEquals(Set.of(1), drawn(PLAIN.withMinP(0.5), logits));
    assertEquals(Set.of(1, 2), drawn(PLAIN.withMinP(1), 0, 3, 3, 2));
  }

  @Test
  void filtersLookAtProbabilitiesBeforeTheTemperature() {
    float[] logits = logs(0.7, 0.2, 0.1);
    assertEquals(Set.of(0, 1), drawn(PLAIN.withTopP(0.8).withTemperature(100), logits));
    assertEquals(Set.of(0, 1), drawn(PLAIN.withMinP(0.2).withTemperature(100), logits));
  }

  @Test
  void topPSumsOverWhatTopKLeft() {
    // Of 0.4, 0.3 the first alone is 57 %; of all it is only 40 %.
    float[] logits = logs(0.4, 0.3, 0.2, 0.1);
    assertEquals(Set.of(0), drawn(PLAIN.withTopK(2).withTopP(0.55), logits));
    assertEquals(Set.of(0, 1), drawn(PLAIN.withTopP(0.55), logits));
  }

  @Test
  void drawsFollowTheSoftmax() {
    float[] logits = {0.5f, -1, 2, 1.25f, 0, -3, 1.25f, 0.75f};
    for (double temperature : new double[] {0.5, 1, 2.5}) {
      for (int topK : new int[] {0, 4}) {
        SamplingOptions options = PLAIN.withTemperature(temperature).withTopK(topK).withSeed(7);
        assertFits(options, logits);
      }
    }
    assertFits(PLAIN.withSeed(8), new float[16]);
    assertFits(PLAIN.withTopP(0.9).withMinP(0.05).withTopK(7).withSeed(9), logits);
  }

  /** Pearson's chi-square against the exact probabilities; the seed makes the outcome fixed. */
  private void assertFits(SamplingOptions options, float[] logits) {
    int draws = 50_000;
    int[] counts = histogram(options, draws, logits);
    Map<Integer, Double> weights =
        new ReferenceSampler(options, RandomGenerator.getDefault()).probabilities(logits);
    double total = weights.values().stream().mapToDouble(w -> w).sum();
    double chiSquare = 0;
    int seen = 0;
    for (Map.Entry<Integer, Double> entry : weights.entrySet()) {
      double expected = draws * entry.getValue() / total;
      double difference = counts[entry.getKey()] - expected;
      chiSquare += difference * difference / expected;
      seen += counts[entry.getKey()];
    }
    assertEquals(draws, seen, "tokens that were filtered out were drawn");
    // Beyond mean + 4 standard deviations of the chi-square law.
    int freedom = weights.size() - 1;
    double bound = freedom + 4 * Math.sqrt(2.0 * freedom);
    assertTrue(chiSquare < bound, options + ": chi-square " + chiSquare + " over " + bound);
  }

  @Test
  void seedsReproduceAndDiffer() {
    float[] logits = new float[1000];
    assertArrayEquals(sequence(PLAIN.withSeed(42), logits), sequence(PLAIN.withSeed(42), logits));
    assertNotEquals(
        Arrays.toString(sequence(PLAIN.withSeed(42), logits)),
        Arrays.toString(sequence(PLAIN.withSeed(43), logits)));
  }

  private int[] sequence(SamplingOptions options, float... logits) {
    FloatRows rows = rows(logits);
    Sampler sampler = new Sampler(options, logits.length);
    int[] tokens = new int[32];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = sampler.sample(rows, 0);
      sampler.accept(tokens[i]);
    }
    return tokens;
  }

  @Test
  void drawsAreThoseOfThePublishedGenerator() {
    // floor(1000 u) from L64X128MixRandom's algorithm, written out anew in Python.
    assertArrayEquals(
        new int[] {696, 670, 707, 815, 531, 110, 539, 895},
        Arrays.copyOf(sequence(PLAIN.withSeed(42), new float[1000]), 8));
  }

  @Test
  void aNewSeedIsToldAndReproduces() {
    float[] logits = new float[1000];
    SamplingOptions open = PLAIN.withSeed(OptionalLong.empty());
    Sampler first = new Sampler(open, 1000);
    Sampler other = new Sampler(open, 1000);
    assertNotEquals(first.seed(), other.seed());
    assertTrue(first.seed() >= 0 && first.seed() < 1L << 32);
    Sampler again = new Sampler(PLAIN.withSeed(first.seed()), 1000);
    FloatRows rows = rows(logits);
    for (int i = 0; i < 32; i++) {
      assertEquals(first.sample(rows, 0), again.sample(rows, 0));
    }
  }

  @Test
  void repetitionDividesPositiveAndMultipliesNegativeLogits() {
    Sampler sampler = new Sampler(SamplingOptions.greedy().withRepetitionPenalty(2), 3);
    sampler.accept(0);
    assertEquals(1, sampler.sample(rows(4, 2.1f, 0), 0));
    assertEquals(0, sampler.sample(rows(4, 1.9f, 0), 0));
    assertEquals(0, sampler.sample(rows(4, 2, 0), 0), "a tie after the penalty");
    assertEquals(1, sampler.sample(rows(-1, -1.9f, -9), 0));
    assertEquals(0, sampler.sample(rows(-1, -2.1f, -9), 0));
  }

  @Test
  void presenceCountsOnceAndFrequencyEachTime() {
    Sampler presence = new Sampler(SamplingOptions.greedy().withPresencePenalty(1), 2);
    Sampler frequency = new Sampler(SamplingOptions.greedy().withFrequencyPenalty(1), 2);
    for (int i = 0; i < 3; i++) {
      presence.accept(0);
      frequency.accept(0);
    }
    assertEquals(1, presence.sample(rows(2, 1.1f), 0));
    assertEquals(0, presence.sample(rows(2, 0.9f), 0));
    assertEquals(1, frequency.sample(rows(4, 1.1f), 0));
    assertEquals(0, frequency.sample(rows(4, 0.9f), 0));
  }

  @Test
  void tokensOlderThanTheWindowAreForgiven() {
    Sampler sampler =
        new Sampler(SamplingOptions.greedy().withPresencePenalty(10).withPenaltyWindow(2), 4);
    FloatRows rows = rows(4, 3, 2, 1);
    int[] tokens = new int[7];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = sampler.sample(rows, 0);
      sampler.accept(tokens[i]);
    }
    assertArrayEquals(new int[] {0, 1, 2, 0, 1, 2, 0}, tokens);
    Sampler off =
        new Sampler(SamplingOptions.greedy().withPresencePenalty(10).withPenaltyWindow(0), 4);
    off.accept(0);
    assertEquals(0, off.sample(rows, 0));
  }

  @Test
  void extremeTemperaturesStayOrderly() {
    float[] logits = {1, 1.0001f, -80};
    assertEquals(Set.of(1), drawn(PLAIN.withTemperature(1e-9), logits));
    assertEquals(Set.of(1), drawn(PLAIN.withTemperature(Double.MIN_VALUE), logits));
    assertEquals(Set.of(0, 1, 2), drawn(PLAIN.withTemperature(Double.MAX_VALUE), logits));
    assertFits(PLAIN.withTemperature(1e300), logits);
    assertEquals(Set.of(0, 1), drawn(PLAIN.withTemperature(1e-9), 5, 5, 4));
  }

  @Test
  void extremeLogitsStayOrderly() {
    assertEquals(Set.of(1), drawn(PLAIN, -Float.MAX_VALUE, Float.MAX_VALUE));
    assertEquals(Set.of(0, 1), drawn(PLAIN, -Float.MAX_VALUE, -Float.MAX_VALUE));
    assertEquals(Set.of(0, 1), drawn(PLAIN, Float.MIN_VALUE, 0));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 2000})
  void minusInfinityIsNeverDrawn(int topK) {
    assertEquals(
        topK == 1 ? Set.of(3) : Set.of(1, 3),
        drawn(PLAIN.withTopK(topK), LOWEST, 0, LOWEST, 1, LOWEST));
  }

  @Test
  void greedyPassesOverMinusInfinity() {
    assertEquals(2, greedy(LOWEST, LOWEST, -1e30f, LOWEST));
  }

  @Test
  void aVocabularyOfOneHasOneAnswer() {
    assertEquals(0, greedy(-12));
    assertEquals(Set.of(0), drawn(PLAIN, 3));
    assertEquals(Set.of(0), drawn(SamplingOptions.defaults().withSeed(3), -3));
  }

  @Test
  void brokenLogitsAreRefusedBySentences() {
    for (SamplingOptions options :
        new SamplingOptions[] {SamplingOptions.greedy(), PLAIN, PLAIN.withTopK(2)}) {
      Sampler sampler = new Sampler(options, 4);
      assertEquals(
          "The logit of token 3 is not a number: the model's weights are damaged or its arithmetic"
              + " overflowed.",
          refusal(sampler, 5, 4, 3, Float.NaN));
      assertEquals(
          "The logit of token 0 is not a number: the model's weights are damaged or its arithmetic"
              + " overflowed.",
          refusal(sampler, Float.intBitsToFloat(0xFFC00001), 4, 3, 2));
      assertEquals(
          "The logit of token 2 is infinite: the model's weights are damaged or its arithmetic"
              + " overflowed.",
          refusal(sampler, 1, 2, Float.POSITIVE_INFINITY, 2));
      assertEquals(
          "Every logit is minus infinity, so no token can be chosen.",
          refusal(sampler, LOWEST, LOWEST, LOWEST, LOWEST));
    }
  }

  private String refusal(Sampler sampler, float... logits) {
    FloatRows rows = rows(logits);
    return assertThrows(UnusableLogitsException.class, () -> sampler.sample(rows, 0)).getMessage();
  }

  @Test
  void misuseIsRefused() {
    Sampler sampler = new Sampler(PLAIN, 4);
    FloatRows three = rows(new float[3]);
    assertThrows(IllegalArgumentException.class, () -> sampler.sample(three, 0));
    assertThrows(IllegalArgumentException.class, () -> sampler.accept(4));
    assertThrows(IllegalArgumentException.class, () -> sampler.accept(-1));
    assertThrows(IllegalArgumentException.class, () -> new Sampler(PLAIN, 0));
  }

  /** Random settings over random rows with many ties, against the definition on lists. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 100, 2048, 3000})
  void choosesAsTheDefinitionDoes(int vocabulary) {
    SplittableRandom random = new SplittableRandom(vocabulary);
    for (int round = 0; round < 40; round++) {
      long seed = random.nextLong();
      SamplingOptions options =
          new SamplingOptions(
              random.nextInt(6) == 0 ? 0 : random.nextDouble(0.2, 2),
              random.nextBoolean() ? 0 : 1 + random.nextInt(vocabulary + 1),
              random.nextBoolean() ? 1 : random.nextDouble(),
              random.nextBoolean() ? 0 : random.nextDouble(0.3),
              random.nextBoolean() ? 1 : random.nextDouble(0.8, 1.5),
              random.nextBoolean() ? 0 : random.nextDouble(-1, 2),
              random.nextBoolean() ? 0 : random.nextDouble(-1, 2),
              random.nextInt(80),
              randomBias(random, vocabulary),
              OptionalLong.of(seed));
      Sampler sampler = new Sampler(options, vocabulary);
      ReferenceSampler reference =
          new ReferenceSampler(options, RandomGeneratorFactory.of("L64X128MixRandom").create(seed));
      float[] logits = new float[vocabulary];
      boolean coarse = random.nextBoolean();
      for (int i = 0; i < vocabulary; i++) {
        double value = 4 * random.nextGaussian();
        logits[i] = (float) (coarse ? Math.rint(value) : value);
        if (i > 0 && random.nextInt(20) == 0) {
          logits[i] = LOWEST;
        }
      }
      FloatRows rows = rows(logits);
      for (int step = 0; step < 12; step++) {
        BitSet allowed = randomTokens(random, logits);
        sampler.allow(allowed.toLongArray());
        reference.allow(allowed::get);
        if (step % 3 == 0) {
          sampler.allow(null);
          reference.allow(token -> true);
        }
        int expected = reference.sample(logits);
        assertEquals(expected, sampler.sample(rows, 0), options + ", step " + step);
        reference.accept(expected);
        sampler.accept(expected);
      }
    }
  }

  /** None in half of all cases; never minus infinity, so that some token is left. */
  private static Map<Integer, Double> randomBias(SplittableRandom random, int vocabulary) {
    Map<Integer, Double> bias = new HashMap<>();
    for (int i = random.nextBoolean() ? 0 : random.nextInt(5); i > 0; i--) {
      bias.put(random.nextInt(vocabulary), random.nextDouble(-20, 20));
    }
    return bias;
  }

  /** A share of all tokens, with one at least that can be chosen. */
  private static BitSet randomTokens(SplittableRandom random, float[] logits) {
    BitSet tokens = new BitSet(logits.length);
    double share = random.nextBoolean() ? 0.01 : random.nextDouble();
    int some = random.nextInt(logits.length);
    while (logits[some] == LOWEST) {
      some = (some + 1) % logits.length;
    }
    tokens.set(some);
    for (int i = 0; i < logits.length; i++) {
      tokens.set(i, tokens.get(i) || random.nextDouble() < share);
    }
    return tokens;
  }

  @Test
  void aTokenWithABiasOfMinusInfinityIsNeverChosen() {
    SamplingOptions options =
        PLAIN.withLogitBias(Map.of(0, Double.NEGATIVE_INFINITY, 2, Double.NEGATIVE_INFINITY));
    assertEquals(Set.of(1, 3), drawn(options, 9, 1, 9, 1));
    assertEquals(1, new Sampler(options.withTemperature(0), 4).sample(rows(9, 1, 9, 1), 0));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Sampler(PLAIN.withLogitBias(Map.of(4, 1.0)), 4),
        "a token that is not there");
  }

  @Test
  void aStepAllocatesNothing() {
    int vocabulary = 32_000;
    float[] logits = new float[vocabulary];
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < vocabulary; i++) {
      logits[i] = (float) random.nextGaussian();
    }
    FloatRows rows = rows(logits);
    SamplingOptions penalized = SamplingOptions.defaults().withRepetitionPenalty(1.1);
    for (SamplingOptions options :
        new SamplingOptions[] {
          SamplingOptions.greedy(),
          SamplingOptions.defaults(),
          penalized,
          PLAIN.withTopP(0.9),
          SamplingOptions.defaults().withLogitBias(Map.of(7, 2.0, 31_000, -1.0))
        }) {
      Sampler sampler = new Sampler(options, vocabulary);
      run(sampler, rows, 300);
      var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
      long before = threads.getCurrentThreadAllocatedBytes();
      run(sampler, rows, 0);
      long overhead = threads.getCurrentThreadAllocatedBytes() - before;
      before = threads.getCurrentThreadAllocatedBytes();
      run(sampler, rows, 100);
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      assertEquals(overhead, allocated, () -> options + " allocated " + allocated + " bytes");
    }
  }

  private static void run(Sampler sampler, FloatRows rows, int steps) {
    for (int i = 0; i < steps; i++) {
      sampler.accept(sampler.sample(rows, 0));
    }
  }
}
