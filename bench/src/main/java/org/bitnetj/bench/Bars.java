package org.bitnetj.bench;

import static org.bitnetj.bench.Figures.number;

import java.util.List;
import org.bitnetj.kernel.KernelTier;

/** Speeds as bars from 0 on, whose lengths are in proportion. */
final class Bars {
  private static final int BAR = 15;
  private static final int STEP = BAR + 4;
  private static final int LEFT = 122;
  private static final int RIGHT = 112;

  /** The most parts that lines divide the axis into. */
  private static final int PARTS = 4;

  /**
   * One bar.
   *
   * @param least,best the ends of a line over it, of the worst and the best repetition; the value
   *     itself for no line
   * @param note goes behind the value
   * @param shade opacity of its colour
   */
  record Bar(
      String name,
      double value,
      double least,
      double best,
      String note,
      KernelTier tier,
      double shade) {}

  private Bars() {}

  /**
   * @param what is measured
   * @param most the end of the axis at least
   */
  static Svg draw(String what, String unit, List<Bar> bars, double most) {
    double scale = (Page.WIDTH - LEFT - RIGHT) / most;
    int bottom = bars.size() * STEP;
    StringBuilder title = new StringBuilder(what).append(" in ").append(unit);
    bars.forEach(bar -> title.append("; ").append(bar.name).append(": ").append(number(bar.value)));
    Svg svg = new Svg(Page.WIDTH, bottom + 16, title.toString());
    double tick = tick(most);
    for (int i = 0; i * tick <= most; i++) {
      double x = LEFT + i * tick * scale;
      svg.line(x, 0, x, bottom);
      svg.words(x, bottom + 12, "middle", "soft", Figures.plain(i * tick));
    }
    for (int i = 0; i < bars.size(); i++) {
      Bar bar = bars.get(i);
      double y = i * (double) STEP;
      svg.words(LEFT - 6, y + 12, "end", "", bar.name);
      svg.bar(LEFT, y + 0.5, bar.value * scale, BAR, bar.tier, bar.shade);
      if (bar.best > bar.least) {
        double middle = y + 0.5 + BAR / 2.0;
        svg.line(LEFT + bar.least * scale, middle, LEFT + bar.best * scale, middle, "range");
      }
      double end = LEFT + Math.max(bar.value, bar.best) * scale;
      svg.words(end + 6, y + 12, "start", "", number(bar.value) + bar.note);
    }
    return svg;
  }

  /** A round number that divides the axis into some parts. */
  static double tick(double most) {
    double power = Math.pow(10, Math.floor(Math.log10(most / PARTS)));
    double rest = most / PARTS / power;
    return power * (rest <= 1 ? 1 : rest <= 2 ? 2 : rest <= 5 ? 5 : 10);
  }
}
