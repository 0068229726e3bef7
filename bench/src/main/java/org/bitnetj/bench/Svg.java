package org.bitnetj.bench;

import static org.bitnetj.bench.Figures.format;

import java.util.List;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.source.Printable;

/** One drawing, in SVG; its classes and colours are those of {@link Page}. */
final class Svg {
  private static final double PALEST = 0.45;

  private final StringBuilder text = new StringBuilder();

  /**
   * @param title what the drawing shows, for those who cannot see it
   */
  Svg(int width, int height, String title) {
    text.append(format("<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", width, height));
    text.append(escaped(title)).append("\">\n");
  }

  Svg line(double x1, double y1, double x2, double y2) {
    return line(x1, y1, x2, y2, "line");
  }

  Svg line(double x1, double y1, double x2, double y2, String style) {
    text.append(
        format(
            "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n",
            x1, y1, x2, y2, style));
    return this;
  }

  /** A path by its points, x and y in turn. */
  Svg path(double... points) {
    text.append("<path class=\"roof\" d=\"");
    for (int i = 0; i < points.length; i += 2) {
      text.append(format("%s%.1f %.1f", i == 0 ? "M" : " L", points[i], points[i + 1]));
    }
    text.append("\"/>\n");
    return this;
  }

  Svg words(double x, double y, String anchor, String style, String words) {
    text.append(
        format(
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"%s\">", x, y, anchor, style));
    text.append(escaped(words)).append("</text>\n");
    return this;
  }

  /**
   * @param shade opacity of its colour
   */
  Svg bar(double x, double y, double width, int height, KernelTier tier, double shade) {
    text.append(
        format(
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"%s\""
                + " fill-opacity=\"%.2f\"/>\n",
            x, y, width, height, color(tier), shade));
    return this;
  }

  /** A circle that tells its label where a pointer rests on it. */
  Svg point(double x, double y, boolean hollow, KernelTier tier, String label) {
    String fill = hollow ? "none" : color(tier);
    text.append(
        format(
            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"%s\" stroke=\"%s\" stroke-width=\"2\">",
            x, y, fill, color(tier)));
    text.append("<title>").append(escaped(label)).append("</title></circle>\n");
    return this;
  }

  @Override
  public String toString() {
    return text + "</svg>\n";
  }

  static String color(KernelTier tier) {
    return "var(--" + tier.label() + ")";
  }

  /** The opacity of one of several numbers of threads, in rising order: the most is opaque. */
  static double shade(List<Integer> threads, int count) {
    int last = threads.size() - 1;
    return last == 0 ? 1 : PALEST + (1 - PALEST) * threads.indexOf(count) / last;
  }

  /** Words that mean nothing to HTML, with what is hidden as an escape. */
  static String escaped(String words) {
    return Printable.of(words, Integer.MAX_VALUE)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  /** A logarithmic axis from one place in the drawing to another. */
  record Axis(double least, double most, double from, double to) {
    /**
     * From the power of ten at or below {@code least} to the one at or above {@code most}.
     *
     * @throws IllegalArgumentException if there are no such powers, so that no lines could be drawn
     */
    static Axis around(double least, double most, double from, double to) {
      if (least <= 0 || Double.isInfinite(most)) {
        throw new IllegalArgumentException(
            "no axis by powers of ten from " + least + " to " + most);
      }
      double low = Math.pow(10, Math.floor(Math.log10(least)));
      double high = Math.pow(10, Math.ceil(Math.log10(most)));
      return new Axis(low, high > low ? high : 10 * low, from, to);
    }

    double at(double value) {
      double share = Math.log(value / least) / Math.log(most / least);
      return from + Math.clamp(share, 0, 1) * (to - from);
    }
  }
}
