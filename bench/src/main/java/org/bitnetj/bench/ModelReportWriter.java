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
import java.util.function.Function;
import org.bitnetj.bench.energy.Energy;
import org.bitnetj.bench.energy.NoEnergy;
import org.jspecify.annotations.Nullable;

/** A {@link ModelReport} as text. */
public final class ModelReportWriter {
  private static final String UNKNOWN = "–";

  private final ModelReport report;

  public ModelReportWriter(ModelReport report) {
    this.report = report;
  }

  /** For reading: what it was measured on, the machine's speed, the results. */
  public String markdown() {
    ModelReport.Model model = report.model();
    Table facts = new Table("measured on", "");
    facts.row("CPU", report.machine().cpu() + ", " + report.machine().processors() + " processors");
    facts.row("system", report.machine().system());
    facts.row("Java", report.machine().java());
    facts.row("model", model.spec().name() + " (" + model.path() + ")");
    facts.row(
        "sizes",
        format(
            "file %s, ternary weights %s, head %s%s, KV cache %s reserved as %s",
            megabytes(model.fileBytes()),
            megabytes(model.ternaryBytes()),
            megabytes(model.headBytes()),
            model.lowBitHeadBytes() == 0
                ? ""
                : " and a low-bit copy of it " + megabytes(model.lowBitHeadBytes()),
            megabytes(model.cacheBytes()),
            report.plan().cacheType()));
    facts.row(
        "memory",
        report.residentBytes().isPresent() && report.peakResidentBytes().isPresent()
            ? format(
                "%s resident, %s at most",
                megabytes(report.residentBytes().getAsLong()),
                megabytes(report.peakResidentBytes().getAsLong()))
            : "not known on this system");
    facts.row("loading", format("%.2f s", model.loadSeconds()));
    facts.row("prefill", "steps of " + report.plan().stepRows() + " tokens");
    facts.row(
        "head",
        model.lowBitHeadBytes() == 0
            ? "all of it read for each choice of a token"
            : "screened: what it takes to choose the most probable token of each sequence");
    facts.row("energy", energy());
    StringBuilder text = new StringBuilder(facts.markdown()).append('\n');
    if (report.probe().isPresent()) {
      Table rates =
          new Table(
              "threads",
              "memory read GB/s, best (median)",
              "int8 peak GMAC/s, best (median)",
              "by");
      for (MachineRates rate : report.rates()) {
        rates.row(
            Integer.toString(rate.threads()),
            format("%.1f (%.1f)", rate.bytes().best() * 1e-9, rate.bytes().median() * 1e-9),
            format("%.0f (%.0f)", rate.products().best() * 1e-9, rate.products().median() * 1e-9),
            report.probe().get() + " instructions");
      }
      text.append(rates.markdown());
    } else {
      text.append(
          "Memory and int8 peak were not measured: that needs the native library, which is not"
              + " there.\n");
    }
    text.append('\n').append(results().markdown());
    if (report.probe().isPresent()) {
      text.append(
          "\nShares are of what the machine itself read or multiplied right before and after");
      text.append(" each repetition;\nthe median of the repetitions counts.\n");
    }
    return text.toString();
  }

  private String energy() {
    return switch (report.idle()) {
      case Energy idle ->
          format(
              "of the whole machine: processor packages%s; idle, for %.1f s before, %.1f W%s",
              idle.dram().isPresent() ? ", and DRAM beside them" : " (DRAM is not counted)",
              idle.seconds(),
              idle.perSecond().packages(),
              idle.dram().isPresent()
                  ? format(" and %.1f W", idle.perSecond().dram().getAsDouble())
                  : "");
      case NoEnergy none -> "not available: " + none.reason();
    };
  }

  /** A part of the energy for a token, and of that without the idle machine's. */
  private String joules(ModelResult result, Function<Energy, OptionalDouble> part) {
    Optional<Energy> energy = report.energyPerToken(result);
    OptionalDouble whole = energy.map(part).orElse(OptionalDouble.empty());
    OptionalDouble more = report.energyLessIdle(result).map(part).orElse(OptionalDouble.empty());
    return whole.isPresent() && more.isPresent()
        ? format("%.4g, %.4g", whole.getAsDouble(), more.getAsDouble())
        : UNKNOWN;
  }

  private Table results() {
    Table table =
        new Table(
            "test",
            "depth",
            "batch",
            "kernels",
            "threads",
            "tokens/s",
            "median",
            "first token ms",
            "MB/token",
            "active rows, units not 0",
            "of bandwidth",
            "of int8 peak",
            "KV MB",
            "heap B/token",
            "J/token, without idle",
            "DRAM J/token, without idle");
    for (ModelResult result : report.results()) {
      Series speed = result.tokensPerSecond();
      Map<String, @Nullable Object> row = report.row(result);
      table.row(
          result.test(),
          Integer.toString(result.depth()),
          Integer.toString(result.batch()),
          result.tier().label(),
          Integer.toString(result.threads()),
          format("%.2f ± %.2f", speed.mean(), speed.deviation()),
          format("%.2f", speed.median()),
          result.firstTokenSeconds().isPresent()
              ? format("%.1f", result.firstTokenSeconds().getAsDouble() * 1e3)
              : UNKNOWN,
          format("%.3f", result.bytesPerToken() * 1e-6),
          result.activeRows().isPresent() && result.nonzeroUnits().isPresent()
              ? percent(result.activeRows().getAsDouble())
                  + ", "
                  + percent(result.nonzeroUnits().getAsDouble())
              : UNKNOWN,
          percent(result.bandwidthShare()),
          percent(result.peakShare()),
          format("%.2f", ((Number) row.get("kv_bytes")).doubleValue() * 1e-6),
          result.allocatedPerToken().isPresent()
              ? format("%.0f", result.allocatedPerToken().getAsDouble())
              : UNKNOWN,
          joules(result, energy -> OptionalDouble.of(energy.packages())),
          joules(result, Energy::dram));
    }
    return table;
  }

  /** One line a result, with everything in it. */
  public String csv() {
    List<Map<String, @Nullable Object>> rows = new ArrayList<>();
    for (ModelResult result : report.results()) {
      Map<String, @Nullable Object> row = new LinkedHashMap<>(report.common());
      row.putAll(report.row(result));
      rows.add(row);
    }
    return Table.csv(rows);
  }

  /** One object: what is common, {@code machine_speed} by threads, {@code results}. */
  public String json() throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.useDefaultPrettyPrinter();
      json.writeStartObject();
      Table.json(json, report.common());
      json.writeArrayFieldStart("machine_speed");
      for (MachineRates rates : report.rates()) {
        if (rates.bytes().count() > 0) {
          json.writeStartObject();
          Table.json(json, rates.row());
          json.writeEndObject();
        }
      }
      json.writeEndArray();
      json.writeArrayFieldStart("results");
      for (ModelResult result : report.results()) {
        json.writeStartObject();
        Table.json(json, report.row(result));
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    return text + "\n";
  }

  private static String percent(double share) {
    return Double.isNaN(share) ? UNKNOWN : format("%.1f %%", 100 * share);
  }

  private static String megabytes(long bytes) {
    return format("%.1f MB", bytes * 1e-6);
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
