package org.bitnetj.bench;

import static org.bitnetj.bench.KernelReport.number;

import java.util.List;
import java.util.stream.Collectors;

/**
 * GMAC/s over multiplications per byte of weights, both by powers of ten: what memory (the slope)
 * and int8 arithmetic (the flat roof) allow at best, and what the ternary products reach by their
 * medians. What reads its weights from memory is hollow.
 */
final class Roofline {
  private static final int LEFT = 60;
  private static final int TOP = 20;
  private static final int BOTTOM = 290;
  private static final double MOST_INTENSITY = 1000;

  /** How far to the right of their column hollow points are, so that full ones do not hide them. */
  private static final int BESIDE = 12;

  private Roofline() {}

  /**
   * @param points ternary products, at least one
   */
  static Svg draw(MachineRates rate, List<KernelResult> points) {
    double bandwidth = rate.bytes().best() * 1e-9;
    double peak = rate.products().best() * 1e-9;
    int right = KernelPage.WIDTH - 20;
    Svg.Axis x = new Svg.Axis(1, MOST_INTENSITY, LEFT, right);
    Svg.Axis y = Svg.Axis.around(least(points, peak / 100) / 2, most(points, peak), BOTTOM, TOP);
    Svg svg =
        new Svg(
            KernelPage.WIDTH,
            330,
            "Roofline with "
                + KernelReport.threads(rate.threads())
                + ": memory "
                + number(bandwidth)
                + " GB/s, int8 peak "
                + number(peak)
                + " GMAC/s; the table below has the points");
    for (double v = y.least(); v <= y.most() * 1.01; v *= 10) {
      svg.line(LEFT, y.at(v), right, y.at(v));
      svg.words(LEFT - 6, y.at(v) + 4, "end", "soft", Svg.plain(v));
    }
    for (double v = 1; v <= MOST_INTENSITY; v *= 10) {
      svg.line(x.at(v), TOP, x.at(v), BOTTOM);
      svg.words(x.at(v), BOTTOM + 16, "middle", "soft", Svg.plain(v));
    }
    svg.words(right, BOTTOM + 34, "end", "soft", "multiplications per byte of weights");
    svg.words(LEFT, TOP - 7, "start", "soft", "GMAC/s");
    double ridge = peak / bandwidth;
    double from = Math.max(1, y.least() / bandwidth);
    svg.path(
        x.at(from),
        y.at(bandwidth * from),
        x.at(ridge),
        y.at(peak),
        x.at(MOST_INTENSITY),
        y.at(peak));
    svg.words(right - 6, y.at(peak) - 6, "end", "", "int8 peak " + number(peak) + " GMAC/s");
    svg.words(
        x.at(from) + 14,
        y.at(bandwidth * from) + 18,
        "start",
        "",
        "memory " + number(bandwidth) + " GB/s");
    points.stream()
        .collect(Collectors.toMap(Roofline::intensity, Roofline::tokens, (a, b) -> a))
        .forEach((at, tokens) -> svg.words(x.at(at), BOTTOM - 8, "middle", "soft", tokens));
    for (KernelResult point : points) {
      svg.point(
          x.at(intensity(point)) + (point.fromMemory() ? BESIDE : 0),
          y.at(point.gigaMacsPerSecond()),
          point.fromMemory(),
          point.tier(),
          label(point));
    }
    return svg;
  }

  /** Multiplications per byte of weights, four of which are a byte, without the padding. */
  private static double intensity(KernelResult point) {
    return 4 * Math.round((double) point.products() / point.bytes() / 4);
  }

  private static String tokens(KernelResult point) {
    long tokens = Math.round(intensity(point) / 4);
    return tokens == 1 ? "1 token" : tokens + " tokens";
  }

  private static double most(List<KernelResult> points, double start) {
    return points.stream().mapToDouble(KernelResult::gigaMacsPerSecond).reduce(start, Math::max);
  }

  private static double least(List<KernelResult> points, double start) {
    return points.stream().mapToDouble(KernelResult::gigaMacsPerSecond).reduce(start, Math::min);
  }

  private static String label(KernelResult result) {
    return result.name()
        + ", "
        + result.tier()
        + ": "
        + number(result.gigaMacsPerSecond())
        + " GMAC/s";
  }
}
