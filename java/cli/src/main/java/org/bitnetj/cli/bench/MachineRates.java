package org.bitnetj.cli.bench;

/** The machine's own speed with a number of threads, sampled between the repetitions of a run. */
public final class MachineRates {
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
