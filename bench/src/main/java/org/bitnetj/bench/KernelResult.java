package org.bitnetj.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import org.bitnetj.kernel.KernelTier;
import org.jspecify.annotations.Nullable;

/**
 * The timings of one operation on one tier.
 *
 * @param operation what was done: {@code GEMV}, {@code attention}, …
 * @param shape of its operands
 * @param bytes that one operation reads
 * @param products that it multiplies and adds, 0 where that is not what it does
 * @param fromMemory whether what it reads is in no cache
 * @param int8 whether the products are those that the int8 peak counts
 * @param nanos per operation, one value for each round
 * @param bandwidthShares what of the rate of plain reading beside it each round reached; none if it
 *     reads from caches or that is not known
 * @param int8PeakShares what of the int8 products per second beside it each round reached, by the
 *     instructions of its own tier or, in Java, by the best; none if it has no such products or
 *     that is not known
 */
public record KernelResult(
    String operation,
    String shape,
    KernelTier tier,
    int threads,
    long bytes,
    long products,
    boolean fromMemory,
    boolean int8,
    Series nanos,
    Series bandwidthShares,
    Series int8PeakShares) {
  /** In place of the shape of what has no operands. */
  static final String NO_SHAPE = "–";

  static final String MOST_NANOS = "nanoseconds_max";

  /** One that was not measured yet. */
  KernelResult(
      String operation,
      String shape,
      KernelTier tier,
      int threads,
      long bytes,
      long products,
      boolean fromMemory,
      boolean int8) {
    this(
        operation,
        shape,
        tier,
        threads,
        bytes,
        products,
        fromMemory,
        int8,
        new Series(),
        new Series(),
        new Series());
  }

  /**
   * Adds a round.
   *
   * @param nanosEach of one operation
   * @param readRate bytes that the machine read per second beside it; NaN if not measured
   * @param productRate int8 products per second beside it, as said above; NaN if not measured
   */
  KernelResult add(double nanosEach, double readRate, double productRate) {
    nanos.add(nanosEach);
    if (fromMemory && !Double.isNaN(readRate)) {
      bandwidthShares.add(bytes / nanosEach * 1e9 / readRate);
    }
    if (int8 && !Double.isNaN(productRate)) {
      int8PeakShares.add(products / nanosEach * 1e9 / productRate);
    }
    return this;
  }

  /** Operation and shape, for headings. */
  String name() {
    return shape.equals(NO_SHAPE) ? operation : operation + ", " + shape;
  }

  /** Bytes read per nanosecond: GB/s; NaN if it reads none. */
  double gigabytesPerSecond() {
    return bytes == 0 ? Double.NaN : bytes / nanos.median();
  }

  /** GMAC/s; NaN if there are none. */
  double gigaMacsPerSecond() {
    return products == 0 ? Double.NaN : products / nanos.median();
  }

  Map<String, @Nullable Object> row() {
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    row.put("operation", operation);
    row.put("shape", shape);
    row.put("kernels", tier.label());
    row.put("threads", threads);
    row.put("rounds", nanos.count());
    row.put("nanoseconds_median", nanos.median());
    row.put("nanoseconds_min", nanos.least());
    row.put(MOST_NANOS, nanos.best());
    row.put("nanoseconds_sd", nanos.deviation());
    row.put("bytes", bytes);
    row.put("products", products);
    row.put("gigabytes_per_second", known(gigabytesPerSecond()));
    row.put("gigamacs_per_second", known(gigaMacsPerSecond()));
    row.put("bandwidth_share_median", known(bandwidthShares.median()));
    row.put("int8_peak_share_median", known(int8PeakShares.median()));
    return row;
  }

  /** Whether its median is above the best that the machine gave, which cannot be. */
  boolean exceeds(MachineRates machine) {
    return fromMemory && gigabytesPerSecond() * 1e9 > machine.bytes().best()
        || int8 && gigaMacsPerSecond() * 1e9 > machine.products().best();
  }

  private static @Nullable Object known(double value) {
    return Double.isNaN(value) ? null : value;
  }
}
