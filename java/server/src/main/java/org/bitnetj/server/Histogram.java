package org.bitnetj.server;

import java.util.concurrent.atomic.LongAdder;

/** How often something took how long, for Prometheus. Thread-safe. */
final class Histogram {
  /** Seconds; those of vLLM's times to first tokens, which suit whole requests too. */
  private static final double[] BOUNDS = {
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40,
    80, 160, 640, 2560
  };

  private final LongAdder[] counts = new LongAdder[BOUNDS.length + 1]; // the last has no bound
  private final LongAdder nanos = new LongAdder();

  Histogram() {
    for (int i = 0; i < counts.length; i++) {
      counts[i] = new LongAdder();
    }
  }

  void add(long time) {
    int bucket = 0;
    while (bucket < BOUNDS.length && time > BOUNDS[bucket] * 1e9) {
      bucket++;
    }
    counts[bucket].increment();
    nanos.add(time);
  }

  /**
   * Writes its lines.
   *
   * @param label as Prometheus has it, without braces
   */
  void write(StringBuilder out, String name, String help, String label) {
    out.append("# HELP ").append(name).append(' ').append(help).append('\n');
    out.append("# TYPE ").append(name).append(" histogram\n");
    long sum = 0;
    for (int i = 0; i < counts.length; i++) {
      sum += counts[i].sum();
      out.append(name).append("_bucket{").append(label).append(",le=\"");
      out.append(i < BOUNDS.length ? String.valueOf(BOUNDS[i]) : "+Inf");
      out.append("\"} ").append(sum).append('\n');
    }
    out.append(name).append("_sum{").append(label).append("} ");
    out.append(nanos.sum() / 1e9).append('\n');
    out.append(name).append("_count{").append(label).append("} ").append(sum).append('\n');
  }
}
