package org.bitnetj.cli.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.bitnetj.kernel.KernelTier;

/** A {@link KernelReport} as one HTML page with charts in SVG, which needs nothing else. */
public final class KernelPage {
  private static final String STYLE =
      """
      :root { color-scheme: light dark; --text: #1d2430; --soft: #667085; --line: #d5dae3; \
      --back: #fff; --c0: #8a94a6; --c1: #d9822b; --c2: #2f7fd1; --c3: #23875a; --c4: #8f4fc4; \
      --c5: #c2405b; --c6: #6b7a1f; }
      @media (prefers-color-scheme: dark) { :root { --text: #e6e9ef; --soft: #9aa4b5; \
      --line: #3a4252; --back: #151922; --c0: #a3adbf; --c1: #f0a35a; --c2: #6bb0f5; \
      --c3: #55c391; --c4: #bd8bea; --c5: #ee7f97; --c6: #b8c95b; } }
      body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); \
      max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
      h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .3rem; }
      p { margin: .3rem 0; } .soft { color: var(--soft); }
      table { border-collapse: collapse; margin: .8rem 0; font-size: .87rem; }
      th, td { padding: .15rem .7rem .15rem 0; text-align: right; \
      border-bottom: 1px solid var(--line); white-space: nowrap; }
      th:first-child, td:first-child, td.text, th.text { text-align: left; }
      .wide { overflow-x: auto; }
      svg { width: 100%; height: auto; display: block; } svg text { fill: var(--text); \
      font: 12px system-ui, sans-serif; paint-order: stroke; \
      stroke: var(--back); stroke-width: 3px; stroke-linejoin: round; }
      svg .soft { fill: var(--soft); } svg .line { stroke: var(--line); }
      svg .roof { stroke: var(--text); stroke-width: 1.6; fill: none; }
      """;

  private static final int WIDTH = 760;
  private static final int BAR = 15;
  private static final int LEFT = 150;
  private static final int RIGHT = 150;

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
    machineSpeeds();
    for (MachineRates rate : report.rates()) {
      if (report.probe().isPresent()) {
        roofline(rate);
      }
    }
    html.append("<h2>By operation and shape</h2>\n");
    paragraph(
        "Medians of rounds in which all take turns. GB/s are of packed weights, cached values or"
            + " activations read.");
    groups().forEach(this::bars);
    table();
    return html.append("</body>\n</html>\n").toString();
  }

  private void machineSpeeds() {
    if (report.probe().isEmpty()) {
      paragraph("The machine's own speed was not measured: the native library is not there.");
      return;
    }
    html.append("<table><tr><th>threads</th><th>memory read GB/s</th><th>int8 peak GMAC/s</th>");
    html.append("</tr>\n");
    for (MachineRates rate : report.rates()) {
      html.append("<tr><td>").append(rate.threads()).append("</td><td>");
      html.append(KernelReport.number(rate.bytes().best() * 1e-9)).append("</td><td>");
      html.append(KernelReport.number(rate.products().best() * 1e-9)).append("</td></tr>\n");
    }
    html.append("</table>\n");
  }

  /** GMAC/s over multiplications per byte of weights, both by powers of ten. */
  private void roofline(MachineRates rate) {
    List<KernelResult> points =
        report.results().stream()
            .filter(r -> r.int8() && r.threads() == rate.threads() && r.products() > 0)
            .toList();
    if (points.isEmpty()) {
      return;
    }
    double bandwidth = rate.bytes().best() * 1e-9;
    double peak = rate.products().best() * 1e-9;
    double top = Math.pow(10, Math.ceil(Math.log10(most(points, peak))));
    double bottom = Math.pow(10, Math.floor(Math.log10(least(points, peak / 100))));
    Axis x = new Axis(1, 1000, 60, WIDTH - 20);
    Axis y = new Axis(bottom, top, 290, 20);
    html.append("<h2>Roofline, ").append(KernelReport.threads(rate.threads())).append("</h2>\n");
    paragraph(
        "What memory (the slope) and int8 arithmetic (the flat roof) allow, measured in this run."
            + " Points above the slope read their weights from a cache; those of one batch stand in"
            + " one column.");
    legend(points);
    svg(330);
    for (double v = bottom; v <= top * 1.01; v *= 10) {
      line(60, y.at(v), WIDTH - 20, y.at(v), "line");
      text(54, y.at(v) + 4, "end", "soft", plain(v));
    }
    for (double v = 1; v <= 1000; v *= 10) {
      line(x.at(v), 20, x.at(v), 290, "line");
      text(x.at(v), 306, "middle", "soft", plain(v));
    }
    text(WIDTH - 20, 324, "end", "soft", "multiplications per byte of weights");
    text(60, 13, "start", "soft", "GMAC/s");
    double ridge = peak / bandwidth;
    double from = Math.max(1, bottom / bandwidth);
    html.append(
        format(
            "<path class=\"roof\" d=\"M%.1f %.1f L%.1f %.1f L%.1f %.1f\"/>\n",
            x.at(from), y.at(bandwidth * from), x.at(ridge), y.at(peak), x.at(1000), y.at(peak)));
    text(WIDTH - 26, y.at(peak) - 6, "end", "", "int8 peak " + KernelReport.number(peak));
    text(
        x.at(from) + 10,
        y.at(bandwidth * from) + 18,
        "start",
        "",
        "memory " + KernelReport.number(bandwidth) + " GB/s");
    points.stream()
        .collect(Collectors.toMap(KernelPage::intensity, KernelPage::rows, (a, b) -> a))
        .forEach((at, rows) -> text(x.at(at), 34, "middle", "soft", rows));
    for (KernelResult point : points) {
      html.append(
          format(
              "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"%s\" fill-opacity=\"0.8\">",
              x.at(intensity(point)), y.at(point.gigaMacsPerSecond()), color(point.tier())));
      html.append("<title>").append(escaped(label(point))).append("</title></circle>\n");
    }
    html.append("</svg>\n");
  }

  /** Multiplications per byte of weights, four of which are a byte, without the padding. */
  private static double intensity(KernelResult point) {
    return 4 * Math.round((double) point.products() / point.bytes() / 4);
  }

  private static String rows(KernelResult point) {
    long tokens = Math.round(intensity(point) / 4);
    return tokens == 1 ? "1 token" : tokens + " tokens";
  }

  private void legend(List<KernelResult> results) {
    html.append("<p>");
    results.stream()
        .map(KernelResult::tier)
        .distinct()
        .forEach(
            tier ->
                html.append(
                    format("<span style=\"color:%s\">●</span> %s &nbsp; ", color(tier), tier)));
    html.append("</p>\n");
  }

  private Map<String, List<KernelResult>> groups() {
    Map<String, List<KernelResult>> groups = new LinkedHashMap<>();
    for (KernelResult result : report.results()) {
      String name = result.operation() + ", " + result.shape();
      groups.computeIfAbsent(name, key -> new ArrayList<>()).add(result);
    }
    return groups;
  }

  /** One bar for each tier and number of threads; the longest is the fastest. */
  private void bars(String name, List<KernelResult> group) {
    KernelResult first = group.getFirst();
    boolean macs = first.int8() && first.operation().startsWith("GEMM");
    ToDoubleFunction<KernelResult> speed =
        macs
            ? KernelResult::gigaMacsPerSecond
            : first.bytes() > 0
                ? KernelResult::gigabytesPerSecond
                : result -> 1e3 / result.nanos().median();
    String unit = macs ? "GMAC/s" : first.bytes() > 0 ? "GB/s" : "million calls/s";
    double longest = group.stream().mapToDouble(speed).max().orElseThrow();
    html.append("<h3 style=\"font-size:.95rem;margin:1.1rem 0 .2rem\">");
    html.append(escaped(name)).append(" <span class=\"soft\">").append(unit);
    html.append("</span></h3>\n");
    svg(group.size() * (BAR + 4));
    for (int i = 0; i < group.size(); i++) {
      KernelResult result = group.get(i);
      double y = i * (BAR + 4.0);
      double width = Math.max(1, (WIDTH - LEFT - RIGHT) * speed.applyAsDouble(result) / longest);
      text(LEFT - 8, y + 12, "end", "", result.tier() + ", " + KernelReport.threads(result.threads()));
      html.append(
          format(
              "<rect x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" rx=\"2\" fill=\"%s\"/>\n",
              LEFT, y + 0.5, width, BAR, color(result.tier())));
      text(
          LEFT + width + 6,
          y + 12,
          "start",
          "",
          KernelReport.number(speed.applyAsDouble(result))
              + " ("
              + KernelReport.number(result.nanos().median() * 1e-3)
              + " µs)");
    }
    html.append("</svg>\n");
  }

  private void table() {
    html.append("<h2>All numbers</h2>\n<div class=\"wide\"><table>\n<tr>");
    html.append("<th>operation</th><th class=\"text\">shape</th><th class=\"text\">kernels</th>");
    for (String head : List.of("threads", "µs median", "µs least", "GB/s", "GMAC/s")) {
      html.append("<th>").append(head).append("</th>");
    }
    html.append("</tr>\n");
    for (KernelResult result : report.results()) {
      html.append("<tr><td>")
          .append(escaped(result.operation()))
          .append("</td><td class=\"text\">");
      html.append(escaped(result.shape())).append("</td><td class=\"text\">");
      html.append(result.tier()).append("</td>");
      for (String cell :
          List.of(
              Integer.toString(result.threads()),
              KernelReport.number(result.nanos().median() * 1e-3),
              KernelReport.number(result.nanos().least() * 1e-3),
              KernelReport.number(result.gigabytesPerSecond()),
              KernelReport.number(result.gigaMacsPerSecond()))) {
        html.append("<td>").append(cell).append("</td>");
      }
      html.append("</tr>\n");
    }
    html.append("</table></div>\n");
  }

  /** A logarithmic axis from one place on the page to another. */
  private record Axis(double least, double most, double from, double to) {
    double at(double value) {
      double share = Math.log(value / least) / Math.log(most / least);
      return from + Math.clamp(share, 0, 1) * (to - from);
    }
  }

  private static double most(List<KernelResult> points, double start) {
    return points.stream().mapToDouble(KernelResult::gigaMacsPerSecond).reduce(start, Math::max);
  }

  private static double least(List<KernelResult> points, double start) {
    return points.stream().mapToDouble(KernelResult::gigaMacsPerSecond).reduce(start, Math::min);
  }

  private static String label(KernelResult result) {
    return result.operation()
        + ", "
        + result.shape()
        + ", "
        + result.tier()
        + ": "
        + KernelReport.number(result.gigaMacsPerSecond())
        + " GMAC/s";
  }

  private static String color(KernelTier tier) {
    return "var(--c" + Math.min(6, tier.ordinal()) + ")";
  }

  private static String plain(double power) {
    return power >= 1 ? format("%.0f", power) : Double.toString(power).replaceAll("0*$", "");
  }

  private void svg(int height) {
    html.append(format("<svg viewBox=\"0 0 %d %d\" role=\"img\">\n", WIDTH, height));
  }

  private void line(double x1, double y1, double x2, double y2, String style) {
    html.append(
        format(
            "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n",
            x1, y1, x2, y2, style));
  }

  private void text(double x, double y, String anchor, String style, String words) {
    html.append(
        format(
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"%s\">%s</text>\n",
            x, y, anchor, style, escaped(words)));
  }

  private void paragraph(String words) {
    html.append("<p class=\"soft\">").append(escaped(words)).append("</p>\n");
  }

  private static String escaped(String words) {
    return words.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
