package org.bitnetj.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitnetj.kernel.KernelTier;
import org.junit.jupiter.api.Test;

class KernelPageTest {
  private static KernelResult result(KernelTier tier, boolean fromMemory, double micros) {
    return new KernelResult(
            fromMemory ? "GEMV from memory" : "GEMV",
            "4 × 1000",
            tier,
            1,
            1000,
            4000,
            fromMemory,
            true)
        .add(micros * 1e3, 10e9, 100e9);
  }

  private static KernelReport report(KernelResult... results) {
    MachineRates rates = new MachineRates(1);
    rates.addBytes(10e9);
    rates.addProducts(100e9);
    return new KernelReport(
        new BenchmarkRun(
            new Build("1.2.3", "abc123", "gcc 14.2.0"),
            Instant.parse("2026-02-03T04:05:06Z"),
            7,
            "bitnet bench kernels --page '<x>'"),
        Machine.here(),
        Optional.of(new Probe(KernelTier.AVX2, 1 << 28, false)),
        List.of(rates),
        List.of(new OmittedTier(KernelTier.NEON, "cannot use kernels 'neon': <x>")),
        List.of(results));
  }

  private static String page() {
    return new KernelPage(
            report(
                result(KernelTier.SCALAR, false, 1000),
                result(KernelTier.VECTOR, false, 10),
                result(KernelTier.AVX2, false, 2),
                result(KernelTier.AVX2, true, 0.125)))
        .html();
  }

  private static int count(String text, String part) {
    return text.split(Pattern.quote(part), -1).length - 1;
  }

  @Test
  void everyTierHasAColourOfItsOwnInTheLightAndInTheDark() {
    String html = page();
    Set<String> all = new HashSet<>();
    for (KernelTier tier : KernelTier.values()) {
      Matcher matcher = Pattern.compile("--" + tier.label() + ": (#[0-9a-f]{6});").matcher(html);
      int found = 0;
      while (matcher.find()) {
        assertTrue(all.add(matcher.group(1)), tier + " has the colour of another");
        found++;
      }
      assertEquals(2, found, tier.label());
      assertEquals("var(--" + tier.label() + ")", Svg.color(tier));
    }
  }

  @Test
  void itSaysWhatWasMeasuredWhenAndWhatNot() {
    String html = page();
    for (String words :
        List.of(
            "1.2.3, commit abc123, native kernels by gcc 14.2.0",
            "2026-02-03 04:05 UTC, 7 rounds",
            "bitnet bench kernels --page '&lt;x&gt;'",
            "by the instructions of tier avx2",
            "Shares are of what the machine itself read or multiplied right before",
            "Not measured: cannot use kernels 'neon': &lt;x&gt;.")) {
      assertTrue(html.contains(words), words);
    }
  }

  @Test
  void sharesAndSpeedUpsAreInTheTable() {
    String html = page();
    // 2 GMAC/s of 100; 5 times as fast as the vector tier and 500 times as scalar Java.
    assertTrue(
        html.contains(
            "<td>0.500</td><td>2.00</td><td>–</td><td>2.0 %</td><td>5.00 ×</td><td>500 ×</td>"),
        html);
    // 8 GB/s of 10, and no Java tier to compare with.
    assertTrue(
        html.contains(
            "<td>8.00</td><td>32.0</td><td>80.0 %</td><td>32.0 %</td><td>–</td><td>–</td>"),
        html);
  }

  @Test
  void whatHasNoShapeIsNamedByItsOperation() {
    KernelResult call =
        new KernelResult("empty call", KernelResult.NO_SHAPE, KernelTier.C, 1, 0, 0, false, false);
    assertEquals("empty call", call.name());
    assertEquals("GEMV, 4 × 1000", result(KernelTier.C, false, 1).name());
    assertTrue(page().contains("<h3>GEMV, 4 × 1000 <span class=\"soft\">in GB/s</span></h3>"));
  }

  @Test
  void drawingsHaveWordsAndWhatReadsFromMemoryIsHollow() {
    String html = page();
    assertEquals(3, count(html, "<svg "));
    assertEquals(3, count(html, " role=\"img\" aria-label=\""));
    assertTrue(
        html.contains("aria-label=\"Roofline with 1 thread: memory 10.0 GB/s, int8 peak 100"));
    assertEquals(4, count(html, "<circle "));
    assertEquals(1, count(html, "fill=\"none\" stroke=\"var(--avx2)\""));
  }

  /**
   * Of fewer than two products a byte, whose place would be 0, where no logarithmic axis begins.
   */
  @Test
  void aProductOfLittleIsDrawnToo() {
    KernelResult little =
        new KernelResult("GEMV", "1 × 1", KernelTier.AVX2, 1, 16, 1, false, true)
            .add(1e3, 10e9, 100e9);
    String html =
        assertTimeoutPreemptively(
            Duration.ofSeconds(30), () -> new KernelPage(report(little)).html());
    assertEquals(1, count(html, "<circle "));
    assertThrows(IllegalArgumentException.class, () -> Svg.Axis.around(0, 1, 0, 1));
    assertThrows(
        IllegalArgumentException.class, () -> Svg.Axis.around(1, Double.POSITIVE_INFINITY, 0, 1));
  }

  @Test
  void barsAreInProportion() {
    Matcher bars = Pattern.compile("<rect [^>]*width=\"([0-9.]+)\"").matcher(page());
    List<Double> widths = new ArrayList<>();
    while (bars.find()) {
      widths.add(Double.parseDouble(bars.group(1)));
    }
    assertEquals(4, widths.size());
    assertEquals(widths.get(2) / 500, widths.get(0), 0.051); // of the same operation
    assertEquals(widths.get(2) / 5, widths.get(1), 0.051);
    assertEquals(widths.get(2), widths.get(3), 0.051); // alone on its axis
  }

  @Test
  void itBeginsWithItsConclusion() {
    assertTrue(
        page()
            .contains("<h1>avx2 5.00 × as fast as the fastest Java kernels (scalar, vector)</h1>"),
        page());
  }
}
