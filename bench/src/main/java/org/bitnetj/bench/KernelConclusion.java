package org.bitnetj.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import org.bitnetj.kernel.KernelTier;
import org.jspecify.annotations.Nullable;

/**
 * How the native tiers of a {@link KernelReport} compare with Java: how many times as fast as the
 * fastest Java kernels they do the same with as many threads. For each operation the geometric mean
 * over its shapes and numbers of threads, for a tier the geometric mean over the operations, each
 * of which counts as much.
 */
final class KernelConclusion {
  static final String MEANS =
      "How many times as fast as the fastest Java kernels at the same shape with as many threads,"
          + " geometric means over shapes and threads; the last line is the geometric mean over the"
          + " operations.";

  private final KernelReport report;
  private final List<KernelTier> tiers;
  private final List<String> operations;

  KernelConclusion(KernelReport report) {
    this.report = report;
    List<KernelResult> compared = report.results().stream().filter(this::isCompared).toList();
    this.tiers = compared.stream().map(KernelResult::tier).distinct().toList();
    this.operations = compared.stream().map(KernelConclusion::operation).distinct().toList();
  }

  /** An empty call does nothing that could be faster in one tier than in another. */
  private boolean isCompared(KernelResult result) {
    return result.tier().isNative()
        && result.bytes() > 0
        && !Double.isNaN(report.speedUp(result, tier -> !tier.isNative()));
  }

  /** What is before the details: {@code GEMM} of {@code GEMM, 16 tokens}. */
  private static String operation(KernelResult result) {
    return result.operation().split(",")[0];
  }

  /** The native tiers that were measured beside Java. */
  List<KernelTier> tiers() {
    return tiers;
  }

  /** NaN if that was not measured. */
  double overJava(String operation, KernelTier tier) {
    return mean(
        report.results().stream()
            .filter(this::isCompared)
            .filter(r -> r.tier() == tier && operation(r).equals(operation))
            .mapToDouble(r -> report.speedUp(r, other -> !other.isNative())));
  }

  double overJava(KernelTier tier) {
    return mean(
        operations.stream()
            .mapToDouble(operation -> overJava(operation, tier))
            .filter(ratio -> !Double.isNaN(ratio)));
  }

  private static double mean(DoubleStream ratios) {
    return Math.exp(ratios.map(Math::log).average().orElse(Double.NaN));
  }

  /** The headline. */
  String sentence() {
    if (tiers.isEmpty()) {
      return "bitnet.java's kernels; native and Java kernels were not both measured, so that there"
          + " is nothing to compare";
    }
    String java =
        report.results().stream()
            .map(KernelResult::tier)
            .filter(tier -> !tier.isNative())
            .distinct()
            .map(KernelTier::label)
            .collect(Collectors.joining(", "));
    return tiers.stream()
            .map(tier -> tier + " " + Figures.times(overJava(tier)))
            .collect(Collectors.joining(", "))
        + " as fast as the fastest Java kernels ("
        + java
        + ")";
  }

  /** A header and a row for each operation, then one for all. */
  List<List<String>> rows() {
    List<List<String>> rows = new ArrayList<>();
    List<String> header = new ArrayList<>(List.of("over Java"));
    List<String> last = new ArrayList<>(List.of("all"));
    for (KernelTier tier : tiers) {
      header.add(tier.label());
      last.add(Figures.times(overJava(tier)));
    }
    rows.add(header);
    for (String operation : operations) {
      List<String> row = new ArrayList<>(List.of(operation));
      tiers.forEach(tier -> row.add(Figures.times(overJava(operation, tier))));
      rows.add(row);
    }
    rows.add(last);
    return rows;
  }

  /** Names and values of each operation and tier; the operation is null for all together. */
  List<Map<String, @Nullable Object>> records() {
    List<Map<String, @Nullable Object>> records = new ArrayList<>();
    for (KernelTier tier : tiers) {
      for (String operation : operations) {
        double ratio = overJava(operation, tier);
        if (!Double.isNaN(ratio)) {
          records.add(record(operation, tier, ratio));
        }
      }
      records.add(record(null, tier, overJava(tier)));
    }
    return records;
  }

  private static Map<String, @Nullable Object> record(
      @Nullable String operation, KernelTier tier, double ratio) {
    Map<String, @Nullable Object> record = new LinkedHashMap<>();
    record.put("operation", operation);
    record.put("kernels", tier.label());
    record.put("speed_over_java_geometric_mean", ratio);
    return record;
  }
}
