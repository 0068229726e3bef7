package org.bitnetj.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.bitnetj.bench.ModelResult.Kind;
import org.bitnetj.bench.energy.Energy;
import org.bitnetj.bench.energy.NoEnergy;
import org.bitnetj.kernel.KernelTier;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/** On a machine that reads 10 GB/s and multiplies at 100 GMAC/s with any number of threads. */
class ModelPageTest {
  private static final double BANDWIDTH = 10e9;
  private static final double PEAK = 100e9;
  private static final long PRODUCTS = 1_000_000_000;
  private static final NoEnergy NO_ENERGY = new NoEnergy("there are <no> counters");

  private static MachineRates rates(int threads) {
    MachineRates rates = new MachineRates(threads);
    rates.addBytes(BANDWIDTH);
    rates.addProducts(PEAK);
    return rates;
  }

  /** Ten tokens of each sequence, whose repetitions took so long and read so much. */
  private static ModelResult result(
      Kind kind, int batch, int threads, double bytesPerToken, double... tokensPerSecond) {
    long bytes = Math.round(bytesPerToken * 10 * batch);
    ModelResult result =
        new ModelResult(kind, 10, 0, batch, KernelTier.AVX2, threads, bytes, PRODUCTS);
    for (double speed : tokensPerSecond) {
      double seconds = 10 * batch / speed;
      result.add(seconds, seconds, OptionalLong.of(0), rates(threads));
    }
    return result;
  }

  /** 50 % of the bandwidth and 60 % of the peak with two threads. */
  private static ModelReport report(String name) {
    return ModelReports.of(
        NO_ENERGY,
        name,
        Optional.of(new Probe(KernelTier.AVX2, 1 << 28, false)),
        List.of(rates(1), rates(2)),
        result(Kind.PREFILL, 1, 1, 2e6, 30),
        result(Kind.PREFILL, 1, 2, 2e6, 50, 60, 65),
        result(Kind.DECODE, 1, 1, 250e6, 10),
        result(Kind.DECODE, 1, 2, 250e6, 18, 20, 25),
        result(Kind.DECODE, 4, 1, 100e6, 20),
        result(Kind.DECODE, 4, 2, 100e6, 40));
  }

  private static String page() {
    return new ModelPage(report("tiny")).html();
  }

  private static void assertWellFormed(String html)
      throws IOException, ParserConfigurationException, SAXException {
    String xml =
        html.replaceAll("<(meta [^>]*)>", "<$1/>")
            .replace("<!DOCTYPE html>", "")
            .replace("&nbsp;", " ");
    DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(xml)));
    for (String outside : new String[] {"http:", "https:", "src=", "<link", "<script", "url("}) {
      assertFalse(html.contains(outside), outside);
    }
    assertFalse(html.contains("NaN") || html.contains("Infinity"), html);
  }

  private static List<String> found(String pattern, String text) {
    List<String> found = new ArrayList<>();
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    return found;
  }

  @Test
  void itBeginsWithTheBestAndItsShareOfTheMachine() throws Exception {
    String html = page();
    assertWellFormed(html);
    assertTrue(
        html.contains(
            "<h1>tiny decodes 20.0 tokens/s at 50.0 % of the bandwidth and prefills 60.0 tokens/s"
                + " at 60.0 % of the int8 peak</h1>"),
        html);
    assertTrue(
        html.contains(
            "Decode: 20.0 tokens/s (tg10, avx2, 2 threads), 250 MB read for a token, 50.0 % of the"
                + " bandwidth measured beside it."),
        html);
    assertTrue(
        html.contains("Decode of 4 sequences together: 40.0 tokens/s (4×tg10, avx2, 2 threads)"));
  }

  @Test
  void barsAreInProportionToTheResultsAndThreadsAreToldApart() {
    String html = page();
    List<Double> widths =
        found("<rect [^>]*width=\"([0-9.]+)\"", html).stream().map(Double::valueOf).toList();
    double[] prefill = {30, 60};
    double[] decode = {10, 20, 20, 40};
    assertEquals(prefill.length + decode.length, widths.size());
    double prefillScale = widths.get(1) / 60;
    double decodeScale = widths.get(5) / 40;
    for (int i = 0; i < prefill.length; i++) {
      assertEquals(prefill[i] * prefillScale, widths.get(i), 0.051);
    }
    for (int i = 0; i < decode.length; i++) {
      assertEquals(decode[i] * decodeScale, widths.get(prefill.length + i), 0.051);
    }
    assertEquals(
        List.of("0.45", "1.00", "0.45", "1.00", "0.45", "1.00"),
        found("<rect [^>]*fill-opacity=\"([0-9.]+)\"", html));
    assertEquals(3, found("(>avx2, 1 thread<)", html).size());
    assertEquals(3, found("(>avx2, 2 threads<)", html).size());
    assertEquals(2, found("(class=\"range\")", html).size()); // where repetitions differ
    assertTrue(html.contains(">60.0 (60.0 %)</text>"), html);
    assertTrue(html.contains(">20.0 (50.0 %)</text>"), html);
  }

  /** 4 products a byte at 20 GMAC/s are half of what memory gives; places by logarithms. */
  @Test
  void pointsOfTheRooflineAgreeWithTheResults() {
    String html = page();
    assertEquals(
        2,
        found("(aria-label=\"Roofline with [12] threads?: memory 10.0 GB/s, int8 peak 100)", html)
            .size());
    assertTrue(
        html.contains(
            "<title>tg10, avx2: 20.0 GMAC/s at 4.00 multiply-adds per byte</title></circle>"),
        html);
    assertTrue(
        html.contains(
            "<title>pp10, avx2: 60.0 GMAC/s at 500 multiply-adds per byte</title></circle>"),
        html);
    List<Double> x = found("<circle cx=\"([0-9.]+)\"", html).stream().map(Double::valueOf).toList();
    List<Double> y =
        found("<circle [^>]*cy=\"([0-9.]+)\"", html).stream().map(Double::valueOf).toList();
    assertEquals(6, x.size());
    // With one thread: 500 products a byte and 30 GMAC/s, 4 and 10, 10 and 20.
    assertEquals(
        Math.log(500 / 4.0) / Math.log(10 / 4.0),
        (x.get(0) - x.get(1)) / (x.get(2) - x.get(1)),
        0.01);
    assertEquals(Math.log(3) / Math.log(2), (y.get(0) - y.get(1)) / (y.get(2) - y.get(1)), 0.01);
    assertEquals(4, found("(<circle [^>]*fill=\"none\")", html).size()); // decode
  }

  /** Letters of the page's font are seven units wide at least. */
  @Test
  void marksOfTheRooflineAreNotOverOneAnother() {
    ModelReport report =
        ModelReports.of(
            NO_ENERGY,
            "tiny",
            Optional.of(new Probe(KernelTier.AVX2, 1 << 28, false)),
            List.of(rates(1)),
            result(Kind.DECODE, 1, 1, 250e6, 10),
            result(Kind.DECODE, 2, 1, 249e6, 10),
            result(Kind.DECODE, 16, 1, 120e6, 10),
            result(Kind.DECODE, 128, 1, 100e6, 10),
            result(Kind.PREFILL, 1, 1, 90e6, 10));
    String html = new ModelPage(report).html();
    Matcher marks =
        Pattern.compile(
                "<text x=\"([0-9.]+)\" y=\"([0-9.]+)\" text-anchor=\"middle\" class=\"soft\">"
                    + "((?:[0-9]+×)?(?:tg|pp)10)</text>")
            .matcher(html);
    List<double[]> places = new ArrayList<>(); // left, right, height
    while (marks.find()) {
      double half = 7 * marks.group(3).length() / 2.0;
      double x = Double.parseDouble(marks.group(1));
      places.add(new double[] {x - half, x + half, Double.parseDouble(marks.group(2))});
    }
    assertEquals(5, places.size());
    for (double[] a : places) {
      for (double[] b : places) {
        assertTrue(a == b || a[2] != b[2] || a[1] <= b[0] || b[1] <= a[0], html);
      }
    }
  }

  @Test
  void allColumnsAreInTheTables() {
    ModelReport report = report("tiny");
    String html = new ModelPage(report).html();
    String tables = html.substring(html.indexOf("All numbers"), html.indexOf("Measured on"));
    for (String name : report.row(report.results().getFirst()).keySet()) {
      assertEquals(
          2, found("(<t[dh]>" + name + "</t[dh]>)", tables).size(), name); // of three results each
    }
    assertTrue(
        html.contains(
            "<tr><td>tokens_per_second_max</td><td>30.0</td><td>65.0</td><td>10.0</td></tr>"),
        html);
    assertTrue(
        html.contains(
            "<tr><td>bytes_per_token</td><td>2.00 M</td><td>2.00 M</td><td>250 M</td></tr>"),
        html);
  }

  @Test
  void namesDoNotRuleThePage() throws Exception {
    String html = new ModelPage(report("<script>alert(1)</script>&\u001b[2J")).html();
    assertWellFormed(html);
    assertTrue(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;\\u{1b}[2J"), html);
    assertTrue(html.contains("there are &lt;no&gt; counters"), html);
  }

  @Test
  void oneResultIsEnough() throws Exception {
    ModelReport report =
        ModelReports.of(
            NO_ENERGY,
            "tiny",
            Optional.of(new Probe(KernelTier.AVX2, 1 << 28, false)),
            List.of(rates(1)),
            result(Kind.PREFILL, 1, 1, 2e6, 30));
    String html = new ModelPage(report).html();
    assertWellFormed(html);
    assertTrue(
        html.contains("<h1>tiny prefills 30.0 tokens/s at 30.0 % of the int8 peak</h1>"), html);
    assertFalse(html.contains("<h2>Decode</h2>"), html);
    assertEquals(List.of("1.00"), found("<rect [^>]*fill-opacity=\"([0-9.]+)\"", html));
  }

  @Test
  void withoutTheMachinesSpeedThereAreNoSharesAndNoRoofline() throws Exception {
    ModelResult result =
        new ModelResult(Kind.DECODE, 10, 0, 1, KernelTier.SCALAR, 1, 100, PRODUCTS);
    result.add(1, 1, OptionalLong.empty(), new MachineRates(1));
    String html =
        new ModelPage(
                ModelReports.of(
                    NO_ENERGY, "tiny", Optional.empty(), List.of(new MachineRates(1)), result))
            .html();
    assertWellFormed(html);
    assertTrue(html.contains("<h1>tiny decodes 10.0 tokens/s</h1>"), html);
    assertTrue(html.contains("Memory and int8 peak were not measured"), html);
    assertFalse(html.contains("Roofline"), html);
    assertTrue(html.contains("<tr><td>bandwidth_share_median</td><td>–</td></tr>"), html);
    assertTrue(html.contains("<tr><td>package_joules_per_token</td><td>–</td></tr>"), html);
  }

  @Test
  void aMachineThatWasNotSteadyIsSaid() {
    MachineRates uneven = rates(1);
    uneven.addBytes(BANDWIDTH);
    uneven.addBytes(2 * BANDWIDTH);
    String html =
        new ModelPage(
                ModelReports.of(
                    NO_ENERGY,
                    "tiny",
                    Optional.of(new Probe(KernelTier.AVX2, 1 << 28, false)),
                    List.of(uneven, rates(2)),
                    result(Kind.DECODE, 1, 1, 250e6, 10)))
            .html();
    assertEquals(List.of("1 thread"), found("not steady: with ([0-9]+ threads?) its", html));
    assertFalse(page().contains("not steady"));
  }

  @Test
  void energyIsShownWhereItIsKnown() throws Exception {
    ModelResult result = result(Kind.DECODE, 1, 1, 250e6, 10);
    result.add(new Energy(50, OptionalDouble.empty(), 1));
    String html =
        new ModelPage(
                ModelReports.of(
                    new Energy(20, OptionalDouble.empty(), 2),
                    "tiny",
                    Optional.of(new Probe(KernelTier.AVX2, 1 << 28, false)),
                    List.of(rates(1)),
                    result))
            .html();
    assertWellFormed(html);
    assertTrue(html.contains("<tr><td>package_joules_per_token</td><td>5.00</td></tr>"), html);
    assertTrue(html.contains("idle, for 2.0 s before, 10.0 W"), html);
  }
}
