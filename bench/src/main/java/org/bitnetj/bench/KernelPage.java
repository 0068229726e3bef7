package org.bitnetj.bench;

import static org.bitnetj.bench.Figures.number;
import static org.bitnetj.bench.Figures.percent;
import static org.bitnetj.bench.Figures.times;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitnetj.kernel.KernelTier;

/** A {@link KernelReport} as one HTML page with charts in SVG, which needs nothing else. */
public final class KernelPage {
  private static final List<String> HEADS =
      List.of(
          "operation",
          "shape",
          "kernels",
          "threads",
          "µs median",
          "µs least",
          "GB/s",
          "GMAC/s",
          "of bandwidth",
          "of int8 peak",
          "over Java",
          "over scalar");

  private static final Pattern TOKENS = Pattern.compile("[0-9]+ tokens");

  private final KernelReport report;
  private final KernelConclusion conclusion;

  public KernelPage(KernelReport report) {
    this.report = report;
    this.conclusion = new KernelConclusion(report);
  }

  /** The whole page. */
  public String html() {
    Page page = new Page("bitnet.java kernels", conclusion.sentence());
    if (!conclusion.tiers().isEmpty()) {
      page.paragraph(KernelConclusion.MEANS).table(1, conclusion.rows());
    }
    report.disturbances().forEach(page::paragraph);
    for (OmittedTier omitted : report.omitted()) {
      page.paragraph("Not measured: " + omitted.reason() + ".");
    }
    if (report.probe().isPresent()) {
      rooflines(page);
    }
    bars(page);
    table(page);
    page.section("Measured on").facts(report.facts());
    machineSpeeds(page);
    return page.html();
  }

  private void machineSpeeds(Page page) {
    if (report.probe().isEmpty()) {
      page.paragraph("The machine's own speed was not measured: the native library is not there.");
      return;
    }
    page.paragraph(
        "The machine's own speed, in samples between those of the kernels; int8 products by the"
            + " instructions of tier "
            + report.probe().get().tier()
            + ":");
    page.table(0, MachineRates.rows(report.rates()));
  }

  private void rooflines(Page page) {
    List<KernelResult> all =
        report.results().stream().filter(r -> r.int8() && r.products() > 0).toList();
    if (all.isEmpty()) {
      return;
    }
    page.section("Roofline of the ternary products");
    page.paragraph(
        "What memory (the slope) and int8 arithmetic (the flat roof) allow: the best samples of"
            + " this run. Points are medians, so that all are lower on a machine that is not"
            + " steady. Hollow points read their weights from memory. Full ones read them from a"
            + " cache, so that they may be above the slope; hollow ones are to the right of full"
            + " ones of as many tokens.");
    page.legend(all.stream().map(KernelResult::tier).distinct().toList()).beside();
    for (MachineRates rate : report.rates()) {
      List<Roofline.Point> points =
          all.stream().filter(r -> r.threads() == rate.threads()).map(KernelPage::point).toList();
      if (!points.isEmpty()) {
        page.drawing(Figures.threads(rate.threads()), "", Roofline.draw(rate, "weights", points));
      }
    }
    page.end();
  }

  private static Roofline.Point point(KernelResult result) {
    Matcher tokens = TOKENS.matcher(result.operation());
    return new Roofline.Point(
        // Without the padding: four weights are a byte.
        4.0 * Math.max(1, Math.round((double) result.products() / result.bytes() / 4)),
        result.gigaMacsPerSecond(),
        result.fromMemory(),
        result.tier(),
        tokens.find() ? tokens.group() : "1 token",
        result.name()
            + ", "
            + result.tier()
            + ": "
            + number(result.gigaMacsPerSecond())
            + " GMAC/s");
  }

  private void bars(Page page) {
    Map<String, List<KernelResult>> groups = new LinkedHashMap<>();
    for (KernelResult result : report.results()) {
      groups.computeIfAbsent(result.name(), key -> new ArrayList<>()).add(result);
    }
    page.section("By operation and shape");
    page.paragraph(
        "Medians, in bars from 0 on. GB/s are of packed weights, cached values or activations"
            + " read.");
    page.shades(threads()).beside();
    groups.forEach((name, group) -> bars(page, name, group));
    page.end();
  }

  private List<Integer> threads() {
    return report.results().stream().map(KernelResult::threads).distinct().sorted().toList();
  }

  private void bars(Page page, String name, List<KernelResult> group) {
    KernelResult first = group.getFirst();
    ToDoubleFunction<KernelResult> speed;
    String unit;
    if (first.int8() && first.operation().startsWith("GEMM")) {
      speed = KernelResult::gigaMacsPerSecond;
      unit = "GMAC/s";
    } else if (first.bytes() > 0) {
      speed = KernelResult::gigabytesPerSecond;
      unit = "GB/s";
    } else {
      speed = result -> 1e3 / result.nanos().median();
      unit = "million calls/s";
    }
    List<Bars.Bar> bars =
        group.stream()
            .map(
                r ->
                    new Bars.Bar(
                        r.tier() + ", " + Figures.threads(r.threads()),
                        speed.applyAsDouble(r),
                        speed.applyAsDouble(r),
                        speed.applyAsDouble(r),
                        " (" + number(r.nanos().median() * 1e-3) + " µs)",
                        r.tier(),
                        Svg.shade(threads(), r.threads())))
            .toList();
    double most = group.stream().mapToDouble(speed).max().orElseThrow();
    page.drawing(name, "in " + unit, Bars.draw(name, unit, bars, most));
  }

  private void table(Page page) {
    page.section("All numbers");
    page.paragraph("GB/s and GMAC/s are by the median time.");
    if (report.probe().isPresent()) {
      page.paragraph(KernelReport.SHARES);
    }
    page.paragraph(
        "The share of the bandwidth is known for what reads from memory, that of the int8 peak for"
            + " ternary products. Speed-ups are those over the best Java tier and over scalar Java"
            + " with as many threads.");
    List<List<String>> rows = new ArrayList<>(List.of(HEADS));
    for (KernelResult result : report.results()) {
      rows.add(
          List.of(
              result.operation(),
              result.shape(),
              result.tier().label(),
              Integer.toString(result.threads()),
              number(result.nanos().median() * 1e-3),
              number(result.nanos().least() * 1e-3),
              number(result.gigabytesPerSecond()),
              number(result.gigaMacsPerSecond()),
              percent(result.bandwidthShares().median()),
              percent(result.int8PeakShares().median()),
              times(report.speedUp(result, tier -> !tier.isNative())),
              times(report.speedUp(result, tier -> tier == KernelTier.SCALAR))));
    }
    page.table(3, rows);
  }
}
