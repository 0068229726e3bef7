package org.bitnetj.cli;

import java.util.Locale;

/**
 * How surprising tokens are on average. The mean's standard error is estimated from their spread,
 * as if they were independent. Mutable; not thread-safe.
 */
final class Perplexity {
  private long count;
  private double mean; // in nats
  private double squares; // of differences from the mean

  /** Takes the negative log-likelihood of one more token (Welford, Technometrics 1962). */
  void add(double nats) {
    count++;
    double difference = nats - mean;
    mean += difference / count;
    squares += difference * (nats - mean);
  }

  long count() {
    return count;
  }

  /** The mean negative log-likelihood, in nats. */
  double mean() {
    return mean;
  }

  /** The standard error of the mean, in nats; NaN of fewer than two tokens. */
  double error() {
    return Math.sqrt(squares / (count - 1) / count);
  }

  /** exp of the mean. */
  double perplexity() {
    return Math.exp(mean);
  }

  @Override
  public String toString() {
    if (count == 1) {
      return String.format(
          Locale.ROOT,
          "perplexity %.4f (%.5f nats a token, 1 token, of which no error can be estimated)",
          perplexity(),
          mean);
    }
    return String.format(
        Locale.ROOT,
        "perplexity %.4f +/- %.4f (%.5f +/- %.5f nats a token, %d tokens)",
        perplexity(),
        perplexity() * error(),
        mean,
        error(),
        count);
  }
}
