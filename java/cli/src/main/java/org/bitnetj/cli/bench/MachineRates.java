package org.bitnetj.cli.bench;

/** The machine's own speed with a number of threads, sampled between the repetitions of a run. */
public final class MachineRates {
  /** How far the best sample may be above the middle one on a machine that does nothing else. */
  private static final double STEADY = 1.2;

  private final int threads;
  private final Series bytes = new Series();
  private final Series products = new Series();

  MachineRates(int threads) {
    this.threads = threads;
  }

  void add(double bytesPerSecond, double productsPerSecond) {
    bytes.add(bytesPerSecond);
    products.add(productsPerSecond);
  }

  /** Whether the best and the middle sample are alike, so that a share of the best means much. */
  public boolean isSteady() {
    return isSteady(bytes) && isSteady(products);
  }

  private static boolean isSteady(Series samples) {
    return samples.count() == 0 || samples.best() <= STEADY * samples.median();
  }

  public int threads() {
    return threads;
  }

  /** Bytes read from memory per second; no values if it could not be measured. */
  public Series bytes() {
    return bytes;
  }

  /** Int8 products summed per second; no values if it could not be measured. */
  public Series products() {
    return products;
  }
}
