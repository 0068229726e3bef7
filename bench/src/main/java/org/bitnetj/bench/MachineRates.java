package org.bitnetj.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The machine's own speed with a number of threads, sampled all through a run. Its best sample is
 * the roof that no result passes on a steady machine; shares are not of it, but of the samples
 * beside the result's own.
 */
public final class MachineRates {
  /** How far the best sample may be above the middle one on a machine that does nothing else. */
  private static final double STEADY = 1.2;

  private final int threads;
  private final Series bytes = new Series();
  private final Series products = new Series();

  MachineRates(int threads) {
    this.threads = threads;
  }

  /** Adds a sample of reading, and gives it back. */
  double addBytes(double perSecond) {
    bytes.add(perSecond);
    return perSecond;
  }

  /** Adds a sample of multiplying, and gives it back. */
  double addProducts(double perSecond) {
    products.add(perSecond);
    return perSecond;
  }

  /** A header and a row for each number of threads, for reading. */
  static List<List<String>> rows(List<MachineRates> rates) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of("threads", "memory read GB/s, best", "median", "int8 peak GMAC/s, best", "median"));
    for (MachineRates rate : rates) {
      rows.add(
          List.of(
              Integer.toString(rate.threads),
              Figures.number(rate.bytes.best() * 1e-9),
              Figures.number(rate.bytes.median() * 1e-9),
              Figures.number(rate.products.best() * 1e-9),
              Figures.number(rate.products.median() * 1e-9)));
    }
    return rows;
  }

  /** Sentences on the numbers of threads with which the machine was not steady. */
  static List<String> disturbances(List<MachineRates> rates) {
    return rates.stream()
        .filter(rate -> !rate.isSteady())
        .map(
            rate ->
                "The machine was not steady: with "
                    + Figures.threads(rate.threads)
                    + " its best and its median speed differ by more than 20 %.")
        .toList();
  }

  /** Names and values for a report. */
  Map<String, @Nullable Object> row() {
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    row.put("threads", threads);
    row.putAll(speeds());
    return row;
  }

  /** The same without the number of threads; null what was not measured. */
  Map<String, @Nullable Object> speeds() {
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    row.put("read_bytes_per_second_best", known(bytes.best()));
    row.put("read_bytes_per_second_median", known(bytes.median()));
    row.put("int8_products_per_second_best", known(products.best()));
    row.put("int8_products_per_second_median", known(products.median()));
    return row;
  }

  private static @Nullable Object known(double value) {
    return Double.isNaN(value) ? null : value;
  }

  /** Whether the best and the middle sample are alike, so that the best is a roof for all. */
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
