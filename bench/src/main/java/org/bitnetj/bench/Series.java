package org.bitnetj.bench;

import java.util.Arrays;

/** What the repetitions of one measurement gave. */
public final class Series {
  private double[] values = new double[0];

  Series add(double value) {
    values = Arrays.copyOf(values, values.length + 1);
    values[values.length - 1] = value;
    return this;
  }

  /**
   * Each value over the one of {@code other} that was taken with it; none if that has none.
   *
   * @throws IllegalArgumentException if it has some, but not as many
   */
  Series over(Series other) {
    Series ratios = new Series();
    if (other.count() == 0) {
      return ratios;
    }
    if (other.count() != count()) {
      throw new IllegalArgumentException(count() + " values over " + other.count());
    }
    for (int i = 0; i < values.length; i++) {
      ratios.add(values[i] / other.values[i]);
    }
    return ratios;
  }

  public int count() {
    return values.length;
  }

  double first() {
    return values[0];
  }

  public double mean() {
    return Arrays.stream(values).average().orElse(Double.NaN);
  }

  /** The sample standard deviation, 0 for a single value. */
  public double deviation() {
    double mean = mean();
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1));
  }

  public double median() {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length == 0
        ? Double.NaN
        : sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /**
   * The nearest rank: the smallest value that at least that percentage of values do not exceed; NaN
   * of none.
   *
   * @param percent 1 to 100
   */
  double percentile(int percent) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int rank = Math.ceilDiv(percent * sorted.length, 100);
    return rank == 0 ? Double.NaN : sorted[rank - 1];
  }

  public double least() {
    return Arrays.stream(values).min().orElse(Double.NaN);
  }

  public double best() {
    return Arrays.stream(values).max().orElse(Double.NaN);
  }
}
