package org.bitnetj.bench;

import static org.bitnetj.bench.KernelReport.number;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * One operation: a bar for each tier and number of threads. Lengths are logarithms, because the
 * slowest tier is some thousand times slower than the fastest; lines mark the powers of ten.
 */
final class SpeedBars {
  private static final int BAR = 15;
  private static final int STEP = BAR + 4;
  private static final int LEFT = 150;
  private static final int RIGHT = 150;

  private final List<KernelResult> group;
  private final ToDoubleFunction<KernelResult> speed;
  private final String unit;

  /**
   * @param group results of one operation and shape, at least one
   */
  SpeedBars(List<KernelResult> group) {
    this.group = group;
    KernelResult first = group.getFirst();
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
  }

  String unit() {
    return unit;
  }

  Svg draw() {
    double least = group.stream().mapToDouble(speed).min().orElseThrow();
    double most = group.stream().mapToDouble(speed).max().orElseThrow();
    // Half a step below the slowest, so that it has a bar to be seen.
    Svg.Axis x = Svg.Axis.around(least / 1.5, most, LEFT, KernelPage.WIDTH - RIGHT);
    int bottom = group.size() * STEP;
    KernelResult first = group.getFirst();
    Svg svg =
        new Svg(
            KernelPage.WIDTH,
            bottom + 16,
            first.name()
                + ": "
                + number(least)
                + " to "
                + number(most)
                + " "
                + unit
                + "; the table below has the numbers");
    for (double v = x.least(); v <= x.most() * 1.01; v *= 10) {
      svg.line(x.at(v), 0, x.at(v), bottom);
      svg.words(x.at(v), bottom + 12, "middle", "soft", Svg.plain(v));
    }
    for (int i = 0; i < group.size(); i++) {
      KernelResult result = group.get(i);
      double y = i * (double) STEP;
      double end = x.at(speed.applyAsDouble(result));
      String who = result.tier() + ", " + KernelReport.threads(result.threads());
      svg.words(LEFT - 8, y + 12, "end", "", who);
      svg.bar(LEFT, y + 0.5, end - LEFT, BAR, result.tier());
      svg.words(
          end + 6,
          y + 12,
          "start",
          "",
          number(speed.applyAsDouble(result))
              + " ("
              + number(result.nanos().median() * 1e-3)
              + " µs)");
    }
    return svg;
  }
}
