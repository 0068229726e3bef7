package org.bitnetj.bench;

import static org.bitnetj.bench.Figures.number;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.bitnetj.kernel.KernelTier;

/**
 * GMAC/s over multiply-adds per byte read, both by powers of ten: what memory (the slope) and int8
 * arithmetic (the flat roof) allow at best, and what was reached.
 */
final class Roofline {
  /**
   * Something measured.
   *
   * @param intensity int8 multiply-adds for each byte read
   * @param gigaMacs int8 multiply-adds in a nanosecond
   * @param hollow how it is drawn; beside its column if full ones are in it
   * @param mark stands at the foot of its column
   * @param label tells what it is where a pointer rests on it
   */
  record Point(
      double intensity,
      double gigaMacs,
      boolean hollow,
      KernelTier tier,
      String mark,
      String label) {}

  private static final int LEFT = 50;
  private static final int TOP = 20;
  private static final int BOTTOM = 290;
  private static final int RIGHT = Page.WIDTH - 22;
  private static final double LEAST_INTENSITY = 1;
  private static final double MOST_INTENSITY = 1000;

  /** How far to the right of their column hollow points are where full ones would hide them. */
  private static final int BESIDE = 12;

  /** What a letter takes, for marks that would be over one another. */
  private static final double LETTER = 7.6;

  private static final int LINE = 14;

  private Roofline() {}

  /**
   * @param bytes what the axis of intensity counts: bytes of what
   * @param points at least one
   */
  static Svg draw(MachineRates rate, String bytes, List<Point> points) {
    double bandwidth = rate.bytes().best() * 1e-9;
    double peak = rate.products().best() * 1e-9;
    double ridge = peak / bandwidth;
    double leftmost = points.stream().mapToDouble(Point::intensity).min().orElseThrow();
    double rightmost = points.stream().mapToDouble(Point::intensity).max().orElseThrow();
    Svg.Axis x =
        Svg.Axis.around(
            Math.min(leftmost, LEAST_INTENSITY),
            Math.max(Math.max(rightmost, ridge * 1.5), MOST_INTENSITY),
            LEFT,
            RIGHT);
    double least = points.stream().mapToDouble(Point::gigaMacs).min().orElseThrow();
    double most = points.stream().mapToDouble(Point::gigaMacs).max().orElseThrow();
    Svg.Axis y =
        Svg.Axis.around(Math.min(least, peak / 100) / 2, Math.max(most, peak), BOTTOM, TOP);
    Svg svg =
        new Svg(
            Page.WIDTH,
            330,
            "Roofline with "
                + Figures.threads(rate.threads())
                + ": memory "
                + number(bandwidth)
                + " GB/s, int8 peak "
                + number(peak)
                + " GMAC/s; the table below has the points");
    for (double v = y.least(); v <= y.most() * 1.01; v *= 10) {
      svg.line(LEFT, y.at(v), RIGHT, y.at(v));
      svg.words(LEFT - 6, y.at(v) + 4, "end", "soft", Figures.plain(v));
    }
    for (double v = x.least(); v <= x.most() * 1.01; v *= 10) {
      svg.line(x.at(v), TOP, x.at(v), BOTTOM);
      svg.words(x.at(v), BOTTOM + 16, "middle", "soft", Figures.plain(v));
    }
    svg.words(RIGHT, BOTTOM + 34, "end", "soft", "multiply-adds per byte of " + bytes);
    svg.words(LEFT, TOP - 7, "start", "soft", "GMAC/s");
    double from = Math.max(x.least(), y.least() / bandwidth);
    svg.path(
        x.at(from), y.at(bandwidth * from), x.at(ridge), y.at(peak), x.at(x.most()), y.at(peak));
    svg.words(RIGHT - 4, y.at(peak) - 6, "end", "", "int8 peak " + number(peak) + " GMAC/s");
    // Beside the upper part of the slope, on the side where no point is that reads from memory.
    double upper = Math.cbrt(from * ridge * ridge);
    svg.words(
        x.at(upper) - 8,
        y.at(bandwidth * upper) - 4,
        "end",
        "",
        "memory " + number(bandwidth) + " GB/s");
    marks(svg, x, points);
    Set<String> filled =
        points.stream().filter(p -> !p.hollow).map(Point::mark).collect(Collectors.toSet());
    for (Point point : points) {
      int beside = point.hollow && filled.contains(point.mark) ? BESIDE : 0;
      svg.point(
          x.at(point.intensity) + beside,
          y.at(point.gigaMacs),
          point.hollow,
          point.tier,
          point.label);
    }
    return svg;
  }

  /** The marks of all columns at the foot of the drawing, higher where they would overlap. */
  private static void marks(Svg svg, Svg.Axis x, List<Point> points) {
    Map<String, Double> places = new TreeMap<>();
    points.forEach(point -> places.putIfAbsent(point.mark, x.at(point.intensity)));
    List<Double> ends = new ArrayList<>(); // of each line of marks
    places.entrySet().stream()
        .sorted(Comparator.comparing(Map.Entry::getValue))
        .forEach(
            entry -> {
              double half = entry.getKey().length() * LETTER / 2;
              double at = Math.min(Math.max(entry.getValue(), LEFT + half), RIGHT - half);
              int line = 0;
              while (line < ends.size() && ends.get(line) > at - half) {
                line++;
              }
              if (line == ends.size()) {
                ends.add(0.0);
              }
              ends.set(line, at + half);
              svg.words(at, BOTTOM - 6 - line * LINE, "middle", "soft", entry.getKey());
            });
  }
}
