package org.bitnetj.bench;

import java.util.List;
import java.util.Map;
import org.bitnetj.kernel.KernelTier;

/**
 * One HTML page that needs nothing else: words, tables and drawings in SVG. It can be read from 500
 * pixels of width on, in the light, in the dark and printed.
 */
final class Page {
  /** Of every drawing, in its own units, which are pixels where the window is narrow. */
  static final int WIDTH = 480;

  private static final String STYLE =
      """
      :root { color-scheme: light; --text: #1d2430; --soft: #596273; --line: #d5dae3; \
      --back: #fff; --scalar: #8a94a6; --c: #2f7fd1; --vector: #d9822b; --avx2: #23875a; \
      --avxvnni: #8f4fc4; --avx512: #c2405b; --avx512vbmi: #a8326e; --amx: #4a53c9; --neon: #7a8b12; \
      --dotprod: #0f8f9c; --i8mm: #8a5a2b; }
      @media screen and (prefers-color-scheme: dark) { :root { color-scheme: dark; \
      --text: #e6e9ef; --soft: #9aa4b5; \
      --line: #3a4252; --back: #151922; --scalar: #a3adbf; --c: #6bb0f5; --vector: #f0a35a; \
      --avx2: #55c391; --avxvnni: #bd8bea; --avx512: #ee7f97; --avx512vbmi: #f28fc0; --amx: #96a0ff; \
      --neon: #c9d65b; --dotprod: #4fd0dc; --i8mm: #c9996b; } }
      body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); \
      max-width: 64rem; margin: 1.5rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
      h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; }
      h2 { font-size: 1.15rem; margin: 2rem 0 .3rem; } h3 { font-size: .95rem; margin: 1rem 0 .2rem; }
      p { margin: .3rem 0; max-width: 46rem; } .soft { color: var(--soft); } \
      .lead { font-size: 1.05rem; }
      table { border-collapse: collapse; margin: .6rem 0; font-size: .87rem; }
      th, td { padding: .15rem .8rem .15rem 0; text-align: right; vertical-align: top; \
      border-bottom: 1px solid var(--line); }
      th { font-weight: 600; } th:first-child, td:first-child, td.text, th.text { text-align: left; }
      .wide { overflow-x: auto; } .wide table { font-size: .78rem; } \
      .wide th, .wide td { white-space: nowrap; }
      .block td, .block th { font-size: .75rem; line-height: 1.35; padding-right: .5rem; }
      .block td + td, .block th + th { white-space: nowrap; }
      .beside { display: grid; gap: 0 2rem; align-items: start; \
      grid-template-columns: repeat(auto-fill, minmax(min(100%, 28rem), 1fr)); }
      .beside > *, tr, h1, h2, h3 { break-inside: avoid; } h1, h2, h3 { break-after: avoid; }
      svg { width: 100%; max-width: 40rem; height: auto; display: block; } \
      svg text { fill: var(--text); font: 12px system-ui, sans-serif; paint-order: stroke; \
      stroke: var(--back); stroke-width: 3px; stroke-linejoin: round; }
      svg .soft { fill: var(--soft); } svg .line { stroke: var(--line); }
      svg .range { stroke: var(--text); stroke-width: 1.5; }
      svg .roof { stroke: var(--text); stroke-width: 1.6; fill: none; }
      @media print { body { font-size: 11px; margin: 0; } .wide { overflow: visible; } \
      .wide table { font-size: 7px; } }
      """;

  private final StringBuilder html = new StringBuilder();

  /**
   * @param headline what was found, in some words
   */
  Page(String title, String headline) {
    html.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.append("<title>").append(Svg.escaped(title)).append("</title>\n<style>\n").append(STYLE);
    html.append("</style>\n</head>\n<body>\n<h1>").append(Svg.escaped(headline));
    html.append("</h1>\n");
  }

  /** Something that was found, besides the headline. */
  Page lead(String words) {
    html.append("<p class=\"lead\">").append(Svg.escaped(words)).append("</p>\n");
    return this;
  }

  Page paragraph(String words) {
    html.append("<p class=\"soft\">").append(Svg.escaped(words)).append("</p>\n");
    return this;
  }

  Page section(String heading) {
    html.append("<h2>").append(Svg.escaped(heading)).append("</h2>\n");
    return this;
  }

  /** What follows up to {@link #end} has columns beside one another where there is room. */
  Page beside() {
    html.append("<div class=\"beside\">\n");
    return this;
  }

  Page end() {
    html.append("</div>\n");
    return this;
  }

  /** A drawing under a heading, and in what unit it is. */
  Page drawing(String heading, String unit, Svg drawing) {
    html.append("<div><h3>").append(Svg.escaped(heading)).append(" <span class=\"soft\">");
    html.append(Svg.escaped(unit)).append("</span></h3>\n").append(drawing).append("</div>\n");
    return this;
  }

  /** Which colour is which tier. */
  Page legend(List<KernelTier> tiers) {
    html.append("<p>");
    for (KernelTier tier : tiers) {
      html.append(
          Figures.format("<span style=\"color:%s\">■</span> %s &nbsp; ", Svg.color(tier), tier));
    }
    html.append("</p>\n");
    return this;
  }

  /** Which shade is which number of threads. */
  Page shades(List<Integer> threads) {
    if (threads.size() < 2) {
      return this;
    }
    html.append("<p>");
    for (int count : threads) {
      html.append(
          Figures.format(
              "<span style=\"opacity:%.2f\">■</span> %s &nbsp; ",
              Svg.shade(threads, count), Figures.threads(count)));
    }
    html.append("</p>\n");
    return this;
  }

  /** Names and values, one a line. */
  Page facts(Map<String, String> facts) {
    html.append("<table>\n");
    facts.forEach(
        (name, value) -> {
          html.append("<tr><td class=\"soft\">").append(Svg.escaped(name));
          html.append("</td><td class=\"text\">").append(Svg.escaped(value));
          html.append("</td></tr>\n");
        });
    html.append("</table>\n");
    return this;
  }

  /**
   * A table that may be wider than the window.
   *
   * @param words how many columns, from the left, hold words
   * @param rows the first one is the header
   */
  Page table(int words, List<List<String>> rows) {
    html.append("<div class=\"wide\">");
    return rows(words, rows).end();
  }

  /** A table of a narrow part of all columns. */
  Page block(List<List<String>> rows) {
    html.append("<div class=\"block\">");
    return rows(1, rows).end();
  }

  private Page rows(int words, List<List<String>> rows) {
    html.append("<table>\n");
    for (List<String> row : rows) {
      String cell = row == rows.getFirst() ? "th" : "td";
      html.append("<tr>");
      for (int i = 0; i < row.size(); i++) {
        html.append('<').append(cell).append(i < words && i > 0 ? " class=\"text\">" : ">");
        html.append(Svg.escaped(row.get(i))).append("</").append(cell).append('>');
      }
      html.append("</tr>\n");
    }
    html.append("</table>\n");
    return this;
  }

  /** All of it. */
  String html() {
    return html + "</body>\n</html>\n";
  }
}
