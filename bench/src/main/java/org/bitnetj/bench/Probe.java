package org.bitnetj.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.bitnetj.kernel.KernelTier;
import org.jspecify.annotations.Nullable;

/**
 * By what the machine's own speed was measured.
 *
 * @param tier whose instructions read and multiply
 * @param bytes of memory that are read
 * @param ofWeights whether these are the model's weights, mapped or in memory, and not a buffer
 */
public record Probe(KernelTier tier, long bytes, boolean ofWeights) {
  /** What is read, for reading. */
  String memory() {
    return Figures.format(
        "%d MiB of %s", bytes >> 20, ofWeights ? "the model's weights" : "a buffer of its own");
  }

  /** Names and values for a report, at whose end they stand; null without a probe. */
  static Map<String, @Nullable Object> row(Optional<Probe> probe) {
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    row.put("probe_reads", probe.map(p -> p.ofWeights ? "weights" : "buffer").orElse(null));
    row.put("probe_bytes", probe.map(Probe::bytes).orElse(null));
    return row;
  }
}
