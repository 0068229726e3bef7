package org.bitnetj.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Predicate;
import org.bitnetj.kernel.KernelTier;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link KernelBenchmark} measured, and on what.
 *
 * @param run when it was measured and how often
 * @param machine what it was measured on
 * @param probe whose instructions {@code rates} were measured with; empty if they were not
 * @param rates the machine's own speed, for each number of threads
 * @param omitted the tiers that should have been measured and could not be
 */
public record KernelReport(
    BenchmarkRun run,
    Machine machine,
    Optional<KernelTier> probe,
    List<MachineRates> rates,
    List<OmittedTier> omitted,
    List<KernelResult> results) {
  private static final String UNKNOWN = "–";

  /** What the shares of all forms of the report are. */
  static final String SHARES =
      "Shares are of what the machine itself read or multiplied right before each sample of the"
          + " kernel, and after a long one; the median of the rounds counts, so that about 100 % is"
          + " as fast as the plain loop. It multiplies by the instructions of the kernel's own"
          + " tier, and by the best beside kernels in Java.";

  MachineRates rates(int threads) {
    return rates.stream().filter(r -> r.threads() == threads).findFirst().orElseThrow();
  }

  /**
   * How many times faster a result is than the fastest of some tiers at the same, with as many
   * threads; NaN if none of them was measured.
   */
  double speedUp(KernelResult result, Predicate<KernelTier> over) {
    OptionalDouble least =
        results.stream()
            .filter(r -> over.test(r.tier()) && r.threads() == result.threads())
            .filter(r -> r.operation().equals(result.operation()))
            .filter(r -> r.shape().equals(result.shape()))
            .mapToDouble(r -> r.nanos().median())
            .min();
    return least.orElse(Double.NaN) / result.nanos().median();
  }

  /** Sentences on what shows that the machine did other things too, or changed its clock. */
  List<String> disturbances() {
    List<String> found = new ArrayList<>();
    for (MachineRates rate : rates) {
      if (!rate.isSteady()) {
        found.add(
            "The machine was not steady: with "
                + threads(rate.threads())
                + " its best and its median speed differ by more than 20 %.");
      }
    }
    for (KernelResult result : results) {
      if (result.exceeds(rates(result.threads()))) {
        found.add(
            "The machine was not steady: "
                + result.operation()
                + " "
                + result.shape()
                + " of "
                + result.tier()
                + " with "
                + threads(result.threads())
                + " was faster than what the machine gave at best.");
      }
    }
    return found;
  }

  private Map<String, @Nullable Object> common() {
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    row.put("version", run.version());
    row.put("start", run.start().toString());
    row.put("cpu", machine.cpu());
    row.put("processors", machine.processors());
    row.put("system", machine.system());
    row.put("java", machine.java());
    row.put("probe", probe.map(KernelTier::label).orElse(null));
    return row;
  }

  /** For reading. */
  public String markdown() {
    StringBuilder text = new StringBuilder();
    text.append(machine.cpu()).append(", ").append(machine.processors()).append(" processors, ");
    text.append(machine.system()).append(", ").append(machine.java()).append("\n\n");
    if (probe.isPresent()) {
      Table speeds =
          new Table(
              "threads", "memory read GB/s, best", "median", "int8 peak GMAC/s, best", "median");
      for (MachineRates rate : rates) {
        speeds.row(
            Integer.toString(rate.threads()),
            number(rate.bytes().best() * 1e-9),
            number(rate.bytes().median() * 1e-9),
            number(rate.products().best() * 1e-9),
            number(rate.products().median() * 1e-9));
      }
      text.append(speeds.markdown()).append('\n');
    }
    Table table =
        new Table(
            "operation",
            "shape",
            "kernels",
            "threads",
            "µs median",
            "µs least",
            "GB/s",
            "GMAC/s",
            "of bandwidth",
            "of int8 peak");
    for (KernelResult result : results) {
      table.row(
          result.operation(),
          result.shape(),
          result.tier().label(),
          Integer.toString(result.threads()),
          number(result.nanos().median() * 1e-3),
          number(result.nanos().least() * 1e-3),
          number(result.gigabytesPerSecond()),
          number(result.gigaMacsPerSecond()),
          percent(result.bandwidthShares().median()),
          percent(result.int8PeakShares().median()));
    }
    text.append(table.markdown());
    text.append("\nGB/s and GMAC/s are by the median time.");
    text.append(probe.isPresent() ? "\n" + SHARES : "").append('\n');
    disturbances().forEach(sentence -> text.append('\n').append(sentence).append('\n'));
    if (!omitted.isEmpty()) {
      text.append("\nNot measured:\n\n");
      omitted.forEach(o -> text.append("- ").append(o.reason()).append(".\n"));
    }
    return text.toString();
  }

  /** One line a result, with everything in it, the machine's speed too. */
  public String csv() {
    List<Map<String, @Nullable Object>> rows = new ArrayList<>();
    for (KernelResult result : results) {
      Map<String, @Nullable Object> row = new LinkedHashMap<>(common());
      row.putAll(result.row());
      row.putAll(rates(result.threads()).speeds());
      rows.add(row);
    }
    return Table.csv(rows);
  }

  /**
   * One object: what is common, {@code machine_speed} by threads, {@code omitted_kernels} with the
   * reason for each, {@code disturbances} in sentences, {@code results}.
   */
  public String json() throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.useDefaultPrettyPrinter();
      json.writeStartObject();
      Table.json(json, common());
      json.writeArrayFieldStart("machine_speed");
      for (MachineRates rate : rates) {
        if (probe.isPresent()) {
          json.writeStartObject();
          Table.json(json, rate.row());
          json.writeEndObject();
        }
      }
      json.writeEndArray();
      json.writeObjectFieldStart("omitted_kernels");
      for (OmittedTier o : omitted) {
        json.writeStringField(o.tier().label(), o.reason());
      }
      json.writeEndObject();
      json.writeArrayFieldStart("disturbances");
      for (String sentence : disturbances()) {
        json.writeString(sentence);
      }
      json.writeEndArray();
      json.writeArrayFieldStart("results");
      for (KernelResult result : results) {
        json.writeStartObject();
        Table.json(json, result.row());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    return text + "\n";
  }

  static String threads(int count) {
    return count == 1 ? "1 thread" : count + " threads";
  }

  /** Three significant digits, so that nanoseconds and seconds fit one column. */
  static String number(double value) {
    if (Double.isNaN(value)) {
      return UNKNOWN;
    }
    int digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  static String percent(double share) {
    return Double.isNaN(share) ? UNKNOWN : String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}
