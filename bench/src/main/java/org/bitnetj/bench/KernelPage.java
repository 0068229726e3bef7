package org.bitnetj.bench;

import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bitnetj.kernel.KernelTier;

/** A {@link KernelReport} as one HTML page with charts in SVG, which needs nothing else. */
public final class KernelPage {
  private static final String STYLE =
      """
      :root { color-scheme: light dark; --text: #1d2430; --soft: #667085; --line: #d5dae3; \
      --back: #fff; --scalar: #8a94a6; --c: #2f7fd1; --vector: #d9822b; --avx2: #23875a; \
      --avxvnni: #8f4fc4; --avx512: #c2405b; --avx512vbmi: #a8326e; --amx: #4a53c9; --neon: #7a8b12; \
      --dotprod: #0f8f9c; --i8mm: #8a5a2b; }
      @media (prefers-color-scheme: dark) { :root { --text: #e6e9ef; --soft: #9aa4b5; \
      --line: #3a4252; --back: #151922; --scalar: #a3adbf; --c: #6bb0f5; --vector: #f0a35a; \
      --avx2: #55c391; --avxvnni: #bd8bea; --avx512: #ee7f97; --avx512vbmi: #f28fc0; --amx: #96a0ff; \
      --neon: #c9d65b; --dotprod: #4fd0dc; --i8mm: #c9996b; } }
      body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); \
      max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
      h3 { font-size: .95rem; margin: 1.1rem 0 .2rem; } h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .3rem; }
      p { margin: .3rem 0; } .soft { color: var(--soft); }
      table { border-collapse: collapse; margin: .8rem 0; font-size: .87rem; }
      th, td { padding: .15rem .7rem .15rem 0; text-align: right; \
      border-bottom: 1px solid var(--line); white-space: nowrap; }
      th:first-child, td:first-child, td.text, th.text { text-align: left; }
      .wide { overflow-x: auto; } .wide table { font-size: .78rem; } \
      .wide th, .wide td { padding-right: .7rem; }
      svg { width: 100%; height: auto; display: block; } svg text { fill: var(--text); \
      font: 12px system-ui, sans-serif; paint-order: stroke; \
      stroke: var(--back); stroke-width: 3px; stroke-linejoin: round; }
      svg .soft { fill: var(--soft); } svg .line { stroke: var(--line); }
      svg .roof { stroke: var(--text); stroke-width: 1.6; fill: none; }
      """;

  /** Of every drawing, in its own units. */
  static final int WIDTH = 760;

  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private static final List<String> HEADS =
      List.of(
          "threads",
          "µs median",
          "µs least",
          "GB/s",
          "GMAC/s",
          "of bandwidth",
          "of int8 peak",
          "over Java",
          "over scalar");

  private final KernelReport report;
  private final StringBuilder html = new StringBuilder();

  public KernelPage(KernelReport report) {
    this.report = report;
  }

  /** The whole page. */
  public String html() {
    html.setLength(0);
    html.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.append("<title>bitnet.java kernels</title>\n<style>\n").append(STYLE);
    html.append("</style>\n</head>\n<body>\n<h1>bitnet.java kernels, Java against native</h1>\n");
    paragraph(
        report.machine().cpu()
            + ", "
            + report.machine().processors()
            + " processors · "
            + report.machine().system()
            + " · "
            + report.machine().java());
    paragraph(
        "bitnet.java "
            + report.run().version()
            + " · "
            + DATE.format(report.run().start())
            + " · "
            + report.run().rounds()
            + " rounds, in which all take turns; a slow operation has fewer");
    machineSpeeds();
    report.disturbances().forEach(this::paragraph);
    for (OmittedTier omitted : report.omitted()) {
      paragraph("Not measured: " + omitted.reason() + ".");
    }
    if (report.probe().isPresent()) {
      report.rates().forEach(this::roofline);
    }
    html.append("<h2>By operation and shape</h2>\n");
    paragraph(
        "Medians, in bars whose lengths are logarithms. GB/s are of packed weights, cached values"
            + " or activations read.");
    groups().forEach(this::bars);
    table();
    return html.append("</body>\n</html>\n").toString();
  }

  private void machineSpeeds() {
    if (report.probe().isEmpty()) {
      paragraph("The machine's own speed was not measured: the native library is not there.");
      return;
    }
    paragraph(
        "The machine's own speed, in samples between those of the kernels; int8 products by the"
            + " instructions of tier "
            + report.probe().get()
            + ":");
    html.append(
        "<div class=\"wide\"><table><tr><th>threads</th><th>memory read GB/s,"
            + " best</th><th>median</th>");
    html.append("<th>int8 peak GMAC/s, best</th><th>median</th></tr>\n");
    for (MachineRates rate : report.rates()) {
      html.append("<tr><td>").append(rate.threads()).append("</td>");
      for (Series samples : List.of(rate.bytes(), rate.products())) {
        html.append("<td>").append(KernelReport.number(samples.best() * 1e-9));
        html.append("</td><td>").append(KernelReport.number(samples.median() * 1e-9));
        html.append("</td>");
      }
      html.append("</tr>\n");
    }
    html.append("</table></div>\n");
  }

  private void roofline(MachineRates rate) {
    List<KernelResult> points =
        report.results().stream()
            .filter(r -> r.int8() && r.threads() == rate.threads() && r.products() > 0)
            .toList();
    if (points.isEmpty()) {
      return;
    }
    html.append("<h2>Roofline, ").append(KernelReport.threads(rate.threads())).append("</h2>\n");
    paragraph(
        "What memory (the slope) and int8 arithmetic (the flat roof) allow: the best samples of"
            + " this run. Points are medians, so that all are lower on a machine that is not"
            + " steady. Hollow points read their weights from memory. Full ones read them from a"
            + " cache, so that they may be above the slope; those of one batch are in one column,"
            + " hollow ones beside it.");
    legend(points);
    html.append(Roofline.draw(rate, points));
  }

  private void legend(List<KernelResult> results) {
    html.append("<p>");
    results.stream()
        .map(KernelResult::tier)
        .distinct()
        .forEach(
            tier ->
                html.append(
                    Svg.format(
                        "<span style=\"color:%s\">●</span> %s &nbsp; ", Svg.color(tier), tier)));
    html.append("</p>\n");
  }

  private Map<String, List<KernelResult>> groups() {
    Map<String, List<KernelResult>> groups = new LinkedHashMap<>();
    for (KernelResult result : report.results()) {
      String name = result.name();
      groups.computeIfAbsent(name, key -> new ArrayList<>()).add(result);
    }
    return groups;
  }

  private void bars(String name, List<KernelResult> group) {
    SpeedBars bars = new SpeedBars(group);
    html.append("<h3>").append(Svg.escaped(name)).append(" <span class=\"soft\">in ");
    html.append(bars.unit()).append("</span></h3>\n").append(bars.draw());
  }

  private void table() {
    html.append("<h2>All numbers</h2>\n");
    paragraph("GB/s and GMAC/s are by the median time.");
    if (report.probe().isPresent()) {
      paragraph(KernelReport.SHARES);
    }
    paragraph(
        "The share of the bandwidth is known for what reads from memory, that of the int8 peak for"
            + " ternary products. Speed-ups are those over the best Java tier and over scalar Java"
            + " with as many threads.");
    html.append("<div class=\"wide\"><table>\n<tr>");
    html.append("<th>operation</th><th class=\"text\">shape</th><th class=\"text\">kernels</th>");
    for (String head : HEADS) {
      html.append("<th>").append(head).append("</th>");
    }
    html.append("</tr>\n");
    for (KernelResult result : report.results()) {
      html.append("<tr><td>").append(Svg.escaped(result.operation()));
      html.append("</td><td class=\"text\">").append(Svg.escaped(result.shape()));
      html.append("</td><td class=\"text\">").append(result.tier()).append("</td>");
      for (String cell :
          List.of(
              Integer.toString(result.threads()),
              KernelReport.number(result.nanos().median() * 1e-3),
              KernelReport.number(result.nanos().least() * 1e-3),
              KernelReport.number(result.gigabytesPerSecond()),
              KernelReport.number(result.gigaMacsPerSecond()),
              KernelReport.percent(result.bandwidthShares().median()),
              KernelReport.percent(result.int8PeakShares().median()),
              times(report.speedUp(result, tier -> !tier.isNative())),
              times(report.speedUp(result, tier -> tier == KernelTier.SCALAR)))) {
        html.append("<td>").append(cell).append("</td>");
      }
      html.append("</tr>\n");
    }
    html.append("</table></div>\n");
  }

  private static String times(double factor) {
    return KernelReport.number(factor) + (Double.isNaN(factor) ? "" : " ×");
  }

  private void paragraph(String words) {
    html.append("<p class=\"soft\">").append(Svg.escaped(words)).append("</p>\n");
  }
}
