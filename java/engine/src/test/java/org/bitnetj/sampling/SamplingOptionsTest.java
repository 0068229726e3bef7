package org.bitnetj.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.OptionalLong;
import org.bitnetj.option.SamplingOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class SamplingOptionsTest {
  private final SamplingOptions options = SamplingOptions.defaults();

  @Test
  void defaultsAreThoseOfLlamaCpp() {
    assertEquals(
        new SamplingOptions(0.8, 40, 0.95, 0.05, 1, 0, 0, 64, Map.of(), OptionalLong.empty()),
        options);
  }

  @Test
  void eachWitherChangesItsOwnValue() {
    assertEquals(
        new SamplingOptions(1, 2, 0.3, 0.4, 1.5, 6, 7, 8, Map.of(3, -2.0), OptionalLong.of(-9)),
        options
            .withTemperature(1)
            .withTopK(2)
            .withTopP(0.3)
            .withMinP(0.4)
            .withRepetitionPenalty(1.5)
            .withPresencePenalty(6)
            .withFrequencyPenalty(7)
            .withPenaltyWindow(8)
            .withLogitBias(Map.of(3, -2.0))
            .withSeed(-9));
  }

  @Test
  void greedyIsTemperatureZero() {
    assertTrue(SamplingOptions.greedy().isGreedy());
    assertTrue(options.withTemperature(0).isGreedy());
    assertFalse(options.isGreedy());
  }

  @Test
  void penaltiesCountOnlyWhereTheyChangeSomething() {
    assertFalse(options.penalizes());
    assertTrue(options.withRepetitionPenalty(1.1).penalizes());
    assertTrue(options.withPresencePenalty(-1).penalizes());
    assertTrue(options.withFrequencyPenalty(1).penalizes());
    assertFalse(options.withFrequencyPenalty(1).withPenaltyWindow(0).penalizes());
  }

  @Test
  void valuesOutOfRangeAreRefusedBySentences() {
    refused(
        "The temperature must be 0 or more (0 is greedy), not -0.1.",
        () -> options.withTemperature(-0.1));
    refused(
        "The temperature must be 0 or more (0 is greedy), not NaN.",
        () -> options.withTemperature(Double.NaN));
    refused(
        "The temperature must be 0 or more (0 is greedy), not Infinity.",
        () -> options.withTemperature(Double.POSITIVE_INFINITY));
    refused(
        "The top-k must be 0 or more (0 keeps all tokens), not -1.", () -> options.withTopK(-1));
    refused(
        "The top-p must be between 0 and 1 (1 keeps all tokens), not 1.1.",
        () -> options.withTopP(1.1));
    refused(
        "The min-p must be between 0 and 1 (0 keeps all tokens), not -1.",
        () -> options.withMinP(-1));
    refused(
        "The repetition penalty must be between 0.01 and 100 (1 is neutral), not 0.",
        () -> options.withRepetitionPenalty(0));
    refused(
        "The presence penalty must be between -100 and 100 (0 is neutral), not 101.",
        () -> options.withPresencePenalty(101));
    refused(
        "The frequency penalty must be between -100 and 100 (0 is neutral), not -Infinity.",
        () -> options.withFrequencyPenalty(Double.NEGATIVE_INFINITY));
    refused(
        "The penalty window must be 0 tokens or more, not -5.",
        () -> options.withPenaltyWindow(-5));
    refused(
        "The token of a logit bias must be 0 or more, not -1.",
        () -> options.withLogitBias(Map.of(-1, 1.0)));
    refused(
        "The logit bias must be at most 1000 (minus infinity forbids the token), not NaN.",
        () -> options.withLogitBias(Map.of(1, Double.NaN)));
  }

  private static void refused(String sentence, Executable wrong) {
    assertEquals(sentence, assertThrows(IllegalArgumentException.class, wrong).getMessage());
  }
}
