package org.bitnetj.sampling;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.random.RandomGenerator;
import org.bitnetj.option.SamplingOptions;

/**
 * {@link Sampler}'s definition, step by step on lists: slow, and with nothing in common with it.
 */
final class ReferenceSampler {
  record Candidate(int token, float logit) {}

  private final SamplingOptions options;
  private final RandomGenerator random;
  private final List<Integer> history = new ArrayList<>();
  private IntPredicate allowed = token -> true;

  ReferenceSampler(SamplingOptions options, RandomGenerator random) {
    this.options = options;
    this.random = random;
  }

  void accept(int token) {
    history.add(token);
  }

  void allow(IntPredicate tokens) {
    allowed = tokens;
  }

  int sample(float[] logits) {
    Map<Integer, Double> probabilities = probabilities(logits);
    if (options.temperature() == 0) {
      return probabilities.keySet().iterator().next();
    }
    double total = 0;
    for (double weight : probabilities.values()) {
      total += weight;
    }
    double point = random.nextDouble() * total;
    double running = 0;
    for (Map.Entry<Integer, Double> entry : probabilities.entrySet()) {
      running += entry.getValue();
      if (running > point) {
        return entry.getKey();
      }
    }
    throw new AssertionError("no token reached " + point + " of " + total);
  }

  /** The tokens that may be drawn, most probable first, with weights that need not sum to 1. */
  Map<Integer, Double> probabilities(float[] logits) {
    List<Candidate> candidates = new ArrayList<>();
    for (int token = 0; token < logits.length; token++) {
      Double bias = options.logitBias().get(token);
      float biased = bias == null ? logits[token] : (float) (logits[token] + bias);
      float logit = allowed.test(token) ? penalized(token, biased) : Float.NEGATIVE_INFINITY;
      if (logit != Float.NEGATIVE_INFINITY) {
        candidates.add(new Candidate(token, logit == 0 ? 0f : logit));
      }
    }
    candidates.sort(
        Comparator.comparingDouble((Candidate c) -> -c.logit()).thenComparingInt(Candidate::token));
    if (options.temperature() == 0) {
      return Map.of(candidates.getFirst().token(), 1.0);
    }
    if (options.topK() > 0 && options.topK() < candidates.size()) {
      candidates = candidates.subList(0, options.topK());
    }
    double best = candidates.getFirst().logit();
    List<Double> weights = candidates.stream().map(c -> StrictMath.exp(c.logit() - best)).toList();
    if (options.topP() < 1) {
      double sum = 0;
      for (double weight : weights) {
        sum += weight;
      }
      double running = 0;
      for (int i = 0; i < candidates.size(); i++) {
        running += weights.get(i);
        if (running >= options.topP() * sum) {
          candidates = candidates.subList(0, i + 1);
        }
      }
    }
    Map<Integer, Double> result = new LinkedHashMap<>();
    for (int i = 0; i < candidates.size(); i++) {
      if (weights.get(i) >= options.minP()) {
        double scaled = (candidates.get(i).logit() - best) / options.temperature();
        result.put(candidates.get(i).token(), StrictMath.exp(scaled));
      }
    }
    return result;
  }

  private float penalized(int token, float logit) {
    int window = options.penaltyWindow();
    long count =
        history.stream().skip(Math.max(0, history.size() - window)).filter(t -> t == token).count();
    if (count == 0) {
      return logit;
    }
    double value =
        logit > 0 ? logit / options.repetitionPenalty() : logit * options.repetitionPenalty();
    return (float) (value - (count * options.frequencyPenalty() + options.presencePenalty()));
  }
}
