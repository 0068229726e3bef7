package org.bitnetj.bench;

import static org.bitnetj.bench.Figures.UNKNOWN;
import static org.bitnetj.bench.Figures.format;
import static org.bitnetj.bench.Figures.megabytes;
import static org.bitnetj.bench.Figures.percent;

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
import java.util.function.Function;
import org.bitnetj.bench.energy.Energy;
import org.bitnetj.bench.energy.NoEnergy;
import org.bitnetj.source.Printable;
import org.jspecify.annotations.Nullable;

/** A {@link ModelReport} as text. */
public final class ModelReportWriter {
  static final String NO_PROBE =
      "Memory and int8 peak were not measured: that needs the native library, which is not there.";

  /** What the shares of all forms of the report are. */
  static final String SHARES =
      "Shares are of what the machine itself read or multiplied right before and after each"
          + " repetition;\nthe median of the repetitions counts.";

  private static final int BRIEF_WIDTH = 100;
  private static final int LEAST_NAME = 4;

  private final ModelReport report;

  public ModelReportWriter(ModelReport report) {
    this.report = report;
  }

  /**
   * For reading in a terminal: llama-bench's columns, the bandwidth, then what it was measured on.
   */
  public String brief() {
    StringBuilder text = new StringBuilder(briefResults());
    text.append('\n');
    facts()
        .forEach(
            (name, value) -> {
              String line = name + ": " + Printable.of(value, Integer.MAX_VALUE);
              text.append(wrapped(line)).append('\n');
            });
    if (report.probe().isPresent()) {
      for (MachineRates rate : report.rates()) {
        String line =
            format(
                "%s: memory read %.1f GB/s at best, %.1f by the median; int8 peak %.0f and %.0f"
                    + " GMAC/s",
                Figures.threads(rate.threads()),
                rate.bytes().best() * 1e-9,
                rate.bytes().median() * 1e-9,
                rate.products().best() * 1e-9,
                rate.products().median() * 1e-9);
        text.append(wrapped(line)).append('\n');
      }
    } else {
      text.append(wrapped(NO_PROBE)).append('\n');
    }
    return text.append("\n--wide shows more columns.\n").toString();
  }

  /** The model's name is cut where the table would be too wide else. */
  private String briefResults() {
    String name = Printable.of(report.model().spec().name(), Integer.MAX_VALUE);
    String text = briefResults(name);
    int beyond = text.indexOf('\n') - BRIEF_WIDTH;
    if (beyond <= 0) {
      return text;
    }
    int length = name.codePointCount(0, name.length());
    int kept = Math.max(LEAST_NAME, length - beyond);
    return kept < length
        ? briefResults(name.substring(0, name.offsetByCodePoints(0, kept - 1)) + "…")
        : text;
  }

  private String briefResults(String name) {
    Table table =
        new Table("model", "size", "params", "kernels", "threads", "test", "t/s", "bandwidth");
    ModelReport.Model model = report.model();
    for (ModelResult result : report.results()) {
      Series speed = result.tokensPerSecond();
      int digits = speed.mean() < 1000 ? 2 : 0;
      table.row(
          name,
          Figures.scaled(model.fileBytes()) + "B",
          Figures.scaled(model.parameters()),
          result.tier().label(),
          Integer.toString(result.threads()),
          result.name(),
          format("%." + digits + "f ± %." + digits + "f", speed.mean(), speed.deviation()),
          percent(result.bandwidthShare()));
    }
    return table.markdown();
  }

  /** With breaks between words, and further lines to the right of the first. */
  private static String wrapped(String words) {
    StringBuilder text = new StringBuilder();
    int column = 0;
    for (String word : words.split(" ")) {
      if (column > 0 && column + 1 + word.length() > BRIEF_WIDTH) {
        text.append("\n  ");
        column = 2;
      } else if (column > 0) {
        text.append(' ');
        column++;
      }
      text.append(word);
      column += word.length();
    }
    return text.toString();
  }

  /** What it was measured on and with, for reading. */
  Map<String, String> facts() {
    ModelReport.Model model = report.model();
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("CPU", report.machine().cpu() + ", " + report.machine().processors() + " processors");
    facts.put("system", report.machine().system());
    facts.put("Java", report.machine().java());
    facts.put("bitnet.java", report.run().build().toString());
    facts.put("measured", report.run().when() + ", " + report.run().rounds() + " repetitions");
    facts.put("command", report.run().command());
    facts.put("model", model.spec().name() + " (" + model.path() + ")");
    facts.put(
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
    facts.put(
        "memory",
        report.residentBytes().isPresent() && report.peakResidentBytes().isPresent()
            ? format(
                "%s resident, %s at most",
                megabytes(report.residentBytes().getAsLong()),
                megabytes(report.peakResidentBytes().getAsLong()))
            : "not known on this system");
    facts.put("loading", format("%.2f s", model.loadSeconds()));
    facts.put("prefill", "steps of " + report.plan().stepRows() + " tokens");
    facts.put(
        "head",
        model.lowBitHeadBytes() == 0
            ? "all of it read for each choice of a token"
            : "screened: what it takes to choose the most probable token of each sequence");
    report.probe().ifPresent(p -> facts.put("memory read", p.memory()));
    facts.put("energy", energy());
    return facts;
  }

  /** For reading, with all columns: what it was measured on, the machine's speed, the results. */
  public String markdown() {
    Table facts = new Table("measured on", "");
    facts().forEach(facts::row);
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
            report.probe().get().tier() + " instructions");
      }
      text.append(rates.markdown());
    } else {
      text.append(NO_PROBE).append('\n');
    }
    text.append('\n').append(results().markdown());
    if (report.probe().isPresent()) {
      text.append('\n').append(SHARES).append('\n');
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
      row.putAll(report.origin());
      rows.add(row);
    }
    return Table.csv(rows);
  }

  /**
   * One object: {@code schema} and {@code schema_version}, what is common, {@code machine_speed} by
   * threads, {@code results}.
   */
  public String json() throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.useDefaultPrettyPrinter();
      json.writeStartObject();
      Schema.MODEL.write(json);
      Table.json(json, report.common());
      Table.json(json, report.origin());
      Table.json(
          json,
          "machine_speed",
          report.rates().stream()
              .filter(rates -> rates.bytes().count() > 0)
              .map(MachineRates::row)
              .toList());
      Table.json(json, "results", report.results().stream().map(report::row).toList());
      json.writeEndObject();
    }
    return text + "\n";
  }
}
