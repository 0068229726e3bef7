package org.bitnetj.bench;

import static org.bitnetj.bench.Figures.number;
import static org.bitnetj.bench.Figures.percent;
import static org.bitnetj.bench.Figures.threads;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
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
 * @param probe by what {@code rates} were measured; empty if they were not
 * @param rates the machine's own speed, for each number of threads
 * @param omitted the tiers that should have been measured and could not be
 */
public record KernelReport(
    BenchmarkRun run,
    Machine machine,
    Optional<Probe> probe,
    List<MachineRates> rates,
    List<OmittedTier> omitted,
    List<KernelResult> results) {
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
    List<String> found = new ArrayList<>(MachineRates.disturbances(rates));
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
    row.put("version", run.build().version());
    row.put("start", run.start().toString());
    row.put("cpu", machine.cpu());
    row.put("processors", machine.processors());
    row.put("system", machine.system());
    row.put("java", machine.java());
    row.put("probe", probe.map(p -> p.tier().label()).orElse(null));
    return row;
  }

  /** What it was measured on and with, for reading. */
  Map<String, String> facts() {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("CPU", machine.cpu() + ", " + machine.processors() + " processors");
    facts.put("system", machine.system());
    facts.put("Java", machine.java());
    facts.put("bitnet.java", run.build().toString());
    facts.put("measured", run.when() + ", " + run.rounds() + " rounds; a slow operation has fewer");
    facts.put("command", run.command());
    probe.ifPresent(p -> facts.put("memory read", p.memory()));
    return facts;
  }

  /** For reading. */
  public String markdown() {
    StringBuilder text = new StringBuilder();
    KernelConclusion conclusion = new KernelConclusion(this);
    text.append(conclusion.sentence()).append(".\n\n");
    if (!conclusion.tiers().isEmpty()) {
      text.append(Table.of(conclusion.rows()).markdown());
      text.append('\n').append(KernelConclusion.MEANS).append("\n\n");
    }
    Table known = new Table("measured on", "");
    facts().forEach(known::row);
    text.append(known.markdown()).append('\n');
    if (probe.isPresent()) {
      text.append(Table.of(MachineRates.rows(rates)).markdown()).append('\n');
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
      omitted.forEach(o -> text.append("- ").append(Markdown.escaped(o.reason())).append(".\n"));
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
      row.putAll(run.origin());
      // Came later: columns of CSV stay where they are.
      row.put(KernelResult.MOST_NANOS, row.remove(KernelResult.MOST_NANOS));
      row.putAll(Probe.row(probe));
      rows.add(row);
    }
    return Table.csv(rows);
  }

  /**
   * One object: {@code schema} and {@code schema_version}, what is common, {@code machine_speed} by
   * threads, {@code over_java} with the conclusion, {@code omitted_kernels} with the reason for
   * each, {@code disturbances} in sentences, {@code results}.
   */
  public String json() throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.useDefaultPrettyPrinter();
      json.writeStartObject();
      Schema.KERNELS.write(json);
      Table.json(json, common());
      Table.json(json, run.origin());
      Table.json(json, Probe.row(probe));
      Table.json(
          json,
          "machine_speed",
          probe.isPresent() ? rates.stream().map(MachineRates::row).toList() : List.of());
      Table.json(json, "over_java", new KernelConclusion(this).records());
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
      Table.json(json, "results", results.stream().map(KernelResult::row).toList());
      json.writeEndObject();
    }
    return text + "\n";
  }
}
