package org.bitnetj.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.bitnetj.tensor.FloatRows;

/**
 * How probable the model finds a chosen token and its best alternatives: natural logarithms of the
 * probabilities that the logits give, before biases, penalties and filters. Computed in double.
 *
 * @param chosen the token that was chosen
 * @param top the most probable tokens, the best first; of two that are equally probable the lower
 *     id first
 */
public record TokenLogprobs(Entry chosen, List<Entry> top) {
  /** Refuses null. */
  public TokenLogprobs {
    Objects.requireNonNull(chosen, "chosen is null");
    Objects.requireNonNull(top, "top is null");
  }

  /**
   * A token and the logarithm of its probability.
   *
   * @param token its id
   * @param logprob 0 or less
   */
  public record Entry(int token, double logprob) {}

  /**
   * @param logits all of them in row {@code row}
   * @param vocabulary how many of its columns are tokens
   * @param count how many of the most probable tokens are wanted
   */
  static TokenLogprobs of(FloatRows logits, int row, int vocabulary, int token, int count) {
    double highest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < vocabulary; i++) {
      highest = Math.max(highest, logits.get(row, i));
    }
    double sum = 0;
    for (int i = 0; i < vocabulary; i++) {
      sum += StrictMath.exp(logits.get(row, i) - highest);
    }
    double logarithm = highest + StrictMath.log(sum);
    List<Entry> top = new ArrayList<>(count + 1);
    for (int i = 0; i < vocabulary && count > 0; i++) {
      double logprob = logits.get(row, i) - logarithm;
      if (top.size() < count || logprob > top.getLast().logprob()) {
        if (top.size() == count) {
          top.removeLast();
        }
        int at = top.size();
        while (at > 0 && top.get(at - 1).logprob() < logprob) {
          at--;
        }
        top.add(at, new Entry(i, logprob));
      }
    }
    return new TokenLogprobs(
        new Entry(token, logits.get(row, token) - logarithm), List.copyOf(top));
  }
}
