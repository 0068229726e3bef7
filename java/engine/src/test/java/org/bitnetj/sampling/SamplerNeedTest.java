package org.bitnetj.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.model.screening.ComputedLogits;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.model.screening.SomeLogits;
import org.bitnetj.option.SamplingOptions;
import org.bitnetj.tensor.FloatRows;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A need that is met without all of the best logits is met whatever the others are. */
class SamplerNeedTest {
  private static final int VOCABULARY = 60;

  private final NativeMemory memory = new NativeMemory();
  private final SplittableRandom random = new SplittableRandom(5);
  private final FloatRows row = FloatRows.allocate(memory, 1, VOCABULARY);

  @AfterEach
  void free() {
    memory.close();
  }

  private FloatRows row(float... logits) {
    for (int i = 0; i < VOCABULARY; i++) {
      row.set(0, i, i < logits.length ? logits[i] : Float.NEGATIVE_INFINITY);
    }
    return row;
  }

  private static ComputedLogits where(IntPredicate computed) {
    return SomeLogits.of(IntStream.range(0, VOCABULARY).filter(computed).toArray());
  }

  private SamplingOptions options(int seed) {
    SamplingOptions options =
        SamplingOptions.defaults()
            .withSeed(seed)
            .withTopK(2 + random.nextInt(50))
            .withTopP(random.nextInt(4) == 0 ? 1 : random.nextDouble(0.3, 1))
            .withMinP(random.nextInt(4) == 0 ? 0 : random.nextDouble(0.2));
    if (random.nextInt(3) == 0) {
      options = options.withRepetitionPenalty(random.nextDouble(0.7, 1.5)).withPenaltyWindow(4);
    }
    if (random.nextInt(4) == 0) {
      options = options.withLogitBias(Map.of(3, random.nextDouble(-4, 4)));
    }
    return options;
  }

  @Test
  void whatDecidesAChoiceDecidesItWhateverTheOtherLogitsAre() {
    int met = 0;
    int unmet = 0;
    for (int trial = 0; trial < 3000; trial++) {
      SamplingOptions options = options(trial);
      Sampler some = new Sampler(options, VOCABULARY);
      Sampler all = new Sampler(options, VOCABULARY);
      for (int i = 0; i < 4; i++) {
        int token = random.nextInt(VOCABULARY);
        some.accept(token);
        all.accept(token);
      }
      float[] logits = new float[VOCABULARY];
      double width = random.nextDouble(0.5, 8);
      boolean ties = random.nextInt(4) == 0;
      for (int i = 0; i < VOCABULARY; i++) {
        double logit = random.nextGaussian() * width;
        logits[i] = (float) (ties ? Math.rint(logit) : logit);
      }
      LogitsNeed need = some.need();
      float largest =
          logits[IntStream.range(0, VOCABULARY).reduce(0, (a, b) -> logits[a] < logits[b] ? b : a)];
      float least = largest - (float) random.nextDouble(8);
      int[] needed = IntStream.range(0, need.tokens()).map(need::token).sorted().toArray();
      boolean[] more = new boolean[VOCABULARY];
      for (int i = 0; i < VOCABULARY; i++) {
        more[i] = random.nextInt(20) == 0;
      }
      ComputedLogits computed =
          where(i -> logits[i] >= least || more[i] || Arrays.binarySearch(needed, i) >= 0);
      float[] masked = logits.clone();
      Arrays.fill(masked, Float.NaN);
      for (int i = 0; i < computed.count(); i++) {
        masked[computed.token(i)] = logits[computed.token(i)];
      }
      if (!need.isMet(row(masked), 0, computed, least)) {
        unmet++;
        continue;
      }
      met++;
      for (int draw = 0; draw < 40; draw++) {
        for (int i = 0; i < VOCABULARY; i++) {
          if (Float.isNaN(masked[i])) {
            logits[i] =
                draw % 4 == 0
                    ? Float.NEGATIVE_INFINITY
                    : draw % 4 == 1
                        ? Math.nextDown(least)
                        : least - random.nextFloat(2) - Float.MIN_NORMAL - Math.ulp(least);
          }
        }
        int expected = all.sample(row(logits), 0);
        assertEquals(expected, some.sample(row(masked), 0, computed), options + ", draw " + draw);
      }
    }
    assertTrue(met > 800 && unmet > 800, met + " met, " + unmet + " not");
  }

  @Test
  void oneTokenFarAheadIsEnough() {
    Sampler sampler = new Sampler(SamplingOptions.defaults(), VOCABULARY);
    LogitsNeed need = sampler.need();
    assertEquals(-Math.log(0.05 / Math.E), need.reach(), 1e-6);
    assertTrue(need.isMet(row(0, 9), 0, where(i -> i == 1), 5));
    assertFalse(need.isMet(row(0, 9), 0, where(i -> i == 1), 8), "one at 8 would be kept");
  }

  @Test
  void topPDependsOnTheSumOfTheOthers() {
    SamplingOptions options = SamplingOptions.defaults().withMinP(0).withTopP(0.6).withTopK(11);
    LogitsNeed need = new Sampler(options, VOCABULARY).need();
    ComputedLogits two = where(i -> i < 2);
    // Weights 1 and 0.5, and nine others of less than 1 / 100: 1 of at most 1.6 is above 0.6.
    float hundredth = (float) Math.log(0.01);
    assertTrue(need.isMet(row(0, (float) Math.log(0.5)), 0, two, hundredth));
    // 1 of at most 1.95 is not: the second may be kept or not.
    float twentieth = (float) Math.log(0.05);
    assertFalse(need.isMet(row(0, (float) Math.log(0.5)), 0, two, twentieth));
  }

  @Test
  void whereNothingCutsTheBestAllOfThemAreNeeded() {
    SamplingOptions plain = SamplingOptions.defaults().withMinP(0).withTopP(1);
    assertEquals(Float.POSITIVE_INFINITY, new Sampler(plain, VOCABULARY).need().reach());
    SamplingOptions greedy = SamplingOptions.greedy();
    assertEquals(Float.POSITIVE_INFINITY, new Sampler(greedy, VOCABULARY).need().reach());
  }

  @Test
  void whatThePenaltiesLeaveMayNotBeEnough() {
    SamplingOptions options = SamplingOptions.defaults().withPresencePenalty(20);
    Sampler sampler = new Sampler(options, VOCABULARY);
    sampler.accept(1);
    assertFalse(
        sampler.need().isMet(row(0, 9), 0, where(i -> i == 1), 5), "none is known to be best");
    SamplingOptions never = options.withLogitBias(Map.of(1, Double.NEGATIVE_INFINITY));
    Sampler none = new Sampler(never, VOCABULARY);
    assertFalse(none.need().isMet(row(0, 9), 0, where(i -> i == 1), 5), "there is no candidate");
  }
}
