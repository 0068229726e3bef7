package org.bitnetj.bench;

import static org.bitnetj.bench.Figures.number;
import static org.bitnetj.bench.Figures.percent;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitnetj.bench.ModelResult.Kind;
import org.jspecify.annotations.Nullable;

/** A {@link ModelReport} as one HTML page with charts in SVG, which needs nothing else. */
public final class ModelPage {
  /** How many results are beside one another in the tables, which must not be wider than a page. */
  private static final int BESIDE = 3;

  private final ModelReport report;
  private final List<Integer> threads;

  public ModelPage(ModelReport report) {
    this.report = report;
    this.threads = report.results().stream().map(ModelResult::threads).distinct().sorted().toList();
  }

  /** The whole page. */
  public String html() {
    String name = report.model().spec().name();
    Page page = new Page("bitnet.java: " + name, headline());
    report.best(Kind.DECODE).ifPresent(best -> page.lead(sentence("Decode", best)));
    report
        .bestTogether(Kind.DECODE)
        .filter(best -> best.batch() > report.best(Kind.DECODE).orElseThrow().batch())
        .ifPresent(
            best -> page.lead(sentence("Decode of " + best.batch() + " sequences together", best)));
    report.best(Kind.PREFILL).ifPresent(best -> page.lead(sentence("Prefill", best)));
    report.warnings().forEach(warning -> page.paragraph("Warning: " + warning + "."));
    MachineRates.disturbances(report.rates()).forEach(page::paragraph);
    page.paragraph(
        report.probe().isPresent()
            ? ModelReportWriter.SHARES.replace('\n', ' ')
            : ModelReportWriter.NO_PROBE);
    for (Kind kind : Kind.values()) {
      bars(page, kind);
    }
    rooflines(page);
    table(page);
    page.section("Measured on").facts(new ModelReportWriter(report).facts());
    if (report.probe().isPresent()) {
      page.paragraph(
          "The machine's own speed, in samples before and after each repetition; int8 products by"
              + " the instructions of tier "
              + report.probe().get().tier()
              + ":");
      page.table(0, MachineRates.rows(report.rates()));
    }
    return page.html();
  }

  private String headline() {
    List<String> parts = new ArrayList<>();
    report.best(Kind.DECODE).ifPresent(best -> parts.add("decodes " + speed(best)));
    report.best(Kind.PREFILL).ifPresent(best -> parts.add("prefills " + speed(best)));
    return report.model().spec().name() + " " + String.join(" and ", parts);
  }

  private static String speed(ModelResult result) {
    return number(result.tokensPerSecond().median()) + " tokens/s" + share(result, " at ");
  }

  /** What a kind is limited by: reading or multiplying; nothing if that was not measured. */
  private static String share(ModelResult result, String before) {
    double share = result.kind() == Kind.DECODE ? result.bandwidthShare() : result.peakShare();
    return Double.isNaN(share)
        ? ""
        : before
            + percent(share)
            + (result.kind() == Kind.DECODE ? " of the bandwidth" : " of the int8 peak");
  }

  private static String sentence(String what, ModelResult best) {
    return what
        + ": "
        + number(best.tokensPerSecond().median())
        + " tokens/s ("
        + best.name()
        + ", "
        + best.tier()
        + ", "
        + Figures.threads(best.threads())
        + "), "
        + number(best.bytesPerToken() * 1e-6)
        + " MB read for a token"
        + share(best, ", ")
        + (Double.isNaN(best.bandwidthShare()) ? "" : " measured beside it")
        + ".";
  }

  private void bars(Page page, Kind kind) {
    Map<String, List<ModelResult>> groups = new LinkedHashMap<>();
    for (ModelResult result : report.results()) {
      if (result.kind() == kind) {
        groups.computeIfAbsent(result.name(), key -> new ArrayList<>()).add(result);
      }
    }
    if (groups.isEmpty()) {
      return;
    }
    page.section(kind == Kind.PREFILL ? "Prefill" : "Decode");
    page.paragraph(
        "Tokens per second: the median, from the slowest to the fastest repetition (line), and"
            + (kind == Kind.PREFILL
                ? " the share of the int8 peak."
                : " the share of the memory bandwidth. Tokens of all sequences count."));
    page.shades(threads).beside();
    double most =
        groups.values().stream()
            .flatMap(List::stream)
            .mapToDouble(r -> r.tokensPerSecond().best())
            .max()
            .orElseThrow();
    groups.forEach(
        (name, group) ->
            page.drawing(
                name,
                "in tokens/s",
                Bars.draw(name, "tokens/s", group.stream().map(this::bar).toList(), most)));
    page.end();
  }

  private Bars.Bar bar(ModelResult result) {
    Series speed = result.tokensPerSecond();
    double share = result.kind() == Kind.DECODE ? result.bandwidthShare() : result.peakShare();
    return new Bars.Bar(
        result.tier() + ", " + Figures.threads(result.threads()),
        speed.median(),
        speed.least(),
        speed.best(),
        Double.isNaN(share) ? "" : " (" + percent(share) + ")",
        result.tier(),
        Svg.shade(threads, result.threads()));
  }

  private void rooflines(Page page) {
    if (report.probe().isEmpty()) {
      return;
    }
    page.section("Roofline");
    page.paragraph(
        "Int8 multiply-adds of the ternary layers against the bytes read for them, the head and"
            + " the cache, each on a scale of powers of ten. What memory (the slope) and int8"
            + " arithmetic (the flat roof) allow are the best samples of this run, points are"
            + " medians. Full points are prefill, hollow ones decode. A model that fits the"
            + " processor's caches may be above the slope.");
    page.legend(report.results().stream().map(ModelResult::tier).distinct().toList()).beside();
    for (MachineRates rate : report.rates()) {
      List<Roofline.Point> points =
          report.results().stream()
              .filter(r -> r.threads() == rate.threads())
              .map(ModelPage::point)
              .toList();
      if (!points.isEmpty() && rate.bytes().count() > 0) {
        page.drawing(
            Figures.threads(rate.threads()), "", Roofline.draw(rate, "weights and cache", points));
      }
    }
    page.end();
  }

  private static Roofline.Point point(ModelResult result) {
    return new Roofline.Point(
        result.intensity(),
        result.gigaMacsPerSecond(),
        result.kind() == Kind.DECODE,
        result.tier(),
        result.name(),
        Figures.format(
            "%s, %s: %s GMAC/s at %s multiply-adds per byte",
            result.name(),
            result.tier(),
            number(result.gigaMacsPerSecond()),
            number(result.intensity())));
  }

  /** All columns, under the names that they have in CSV and JSON, as lines. */
  private void table(Page page) {
    page.section("All numbers");
    page.paragraph("Names are those of the columns in CSV and JSON, which have every digit.");
    page.beside();
    List<ModelResult> results = report.results();
    for (int from = 0; from < results.size(); from += BESIDE) {
      List<List<String>> rows = new ArrayList<>();
      for (ModelResult result : results.subList(from, Math.min(from + BESIDE, results.size()))) {
        Map<String, @Nullable Object> row = new LinkedHashMap<>(report.row(result));
        row.put("gigamacs_per_second", result.gigaMacsPerSecond());
        row.put("int8_products_per_byte", result.intensity());
        List<String> names = List.copyOf(row.keySet());
        for (int i = 0; i < names.size(); i++) {
          if (rows.size() == i) {
            rows.add(new ArrayList<>(List.of(names.get(i))));
          }
          rows.get(i).add(cell(names.get(i), row.get(names.get(i))));
        }
      }
      page.block(rows);
    }
    page.end();
  }

  private static String cell(String name, @Nullable Object value) {
    return switch (value) {
      case null -> Figures.UNKNOWN;
      case Double share when name.contains("_share") -> percent(share);
      case Double number -> Figures.scaled(number);
      case Long number -> Figures.scaled(number);
      case Object other -> other.toString();
    };
  }
}
