package org.bitnetj.cli.bench;

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
    Series nanos) {

  /** Bytes read per nanosecond: GB/s; NaN if it reads none. */
  double gigabytesPerSecond() {
    return bytes == 0 ? Double.NaN : bytes / nanos.median();
  }

  /** GMAC/s; NaN if there are none. */
  double gigaMacsPerSecond() {
    return products == 0 ? Double.NaN : products / nanos.median();
  }

  Map<String, @Nullable Object> row(MachineRates machine) {
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    row.put("operation", operation);
    row.put("shape", shape);
    row.put("kernels", tier.label());
    row.put("threads", threads);
    row.put("rounds", nanos.count());
    row.put("nanoseconds_median", nanos.median());
    row.put("nanoseconds_min", nanos.least());
    row.put("nanoseconds_sd", nanos.deviation());
    row.put("bytes", bytes);
    row.put("products", products);
    row.put("gigabytes_per_second", known(gigabytesPerSecond()));
    row.put("gigamacs_per_second", known(gigaMacsPerSecond()));
    row.put("bandwidth_share", known(bandwidthShare(machine)));
    row.put("int8_peak_share", known(int8PeakShare(machine)));
    return row;
  }

  /** The part it reads of what memory gave at best; NaN if it reads from caches or not at all. */
  double bandwidthShare(MachineRates machine) {
    return fromMemory ? gigabytesPerSecond() * 1e9 / machine.bytes().best() : Double.NaN;
  }

  /** The part of the int8 products that the machine gave at best; NaN if it has no such ones. */
  double int8PeakShare(MachineRates machine) {
    return int8 ? gigaMacsPerSecond() * 1e9 / machine.products().best() : Double.NaN;
  }

  private static @Nullable Object known(double value) {
    return Double.isNaN(value) ? null : value;
  }
}
