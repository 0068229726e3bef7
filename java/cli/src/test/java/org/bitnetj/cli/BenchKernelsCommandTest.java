package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.bitnetj.bench.BenchmarkRun;
import org.bitnetj.bench.Build;
import org.bitnetj.bench.KernelReport;
import org.bitnetj.bench.Machine;
import org.bitnetj.bench.OmittedTier;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.selection.KernelSelection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/** What bench kernels says is there and adds up; how fast this machine is proves nothing. */
class BenchKernelsCommandTest {
  private static final KernelTier BEST = KernelSelection.choose(KernelSelection.AUTO).tier();

  @Test
  void everyOperationIsMeasuredAndDrawn(@TempDir Path folder)
      throws IOException, ParserConfigurationException, SAXException {
    Path page = Files.writeString(folder.resolve("page.html"), "old");
    String out =
        Outcome.of(
                "bench",
                "kernels",
                "-t",
                "1,2",
                "-r",
                "1",
                "--kernels",
                BEST.label(),
                "--format",
                "json",
                "--page",
                page.toString(),
                "--force")
            .succeeds()
            .out();
    JsonNode report = new ObjectMapper().readTree(out);
    Set<String> operations = new HashSet<>();
    for (JsonNode result : report.get("results")) {
      String operation = result.get("operation").textValue();
      operations.add(operation);
      assertEquals(BEST.label(), result.get("kernels").textValue());
      double nanos = result.get("nanoseconds_median").doubleValue();
      assertTrue(nanos > 0, operation);
      assertTrue(nanos >= result.get("nanoseconds_min").doubleValue(), operation);
      long bytes = result.get("bytes").longValue();
      assertEquals(bytes > 0, result.get("gigabytes_per_second").isNumber(), operation);
      if (bytes > 0) {
        assertEquals(
            bytes / nanos, result.get("gigabytes_per_second").doubleValue(), 1e-9, operation);
      }
      if (operation.startsWith("GEMM, 64")) {
        assertEquals(2560L * 2560 * 64, result.get("products").longValue());
        int scales = operation.endsWith("groups of 128") ? 2560 * 20 * 2 : 0;
        assertEquals(2560 * 2560 / 4 + scales, bytes);
      }
    }
    assertTrue(
        operations.containsAll(
            Set.of(
                "GEMV",
                "GEMV from memory",
                "GEMV, groups of 64",
                "GEMM, 64 tokens",
                "GEMM, 64 tokens, groups of 128",
                "quantize",
                "attention")),
        operations::toString);

    String html = Files.readString(page);
    String wellFormed =
        html.replaceAll("<(meta [^>]*)>", "<$1/>")
            .replace("<!DOCTYPE html>", "")
            .replace("&nbsp;", " ");
    DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(wellFormed)));
    for (String operation : operations) {
      assertTrue(html.contains(operation), operation);
    }
    for (String outside : new String[] {"http:", "https:", "src=", "<link", "<script", "url("}) {
      assertFalse(html.contains(outside), outside);
    }
    assertFalse(html.contains("NaN"), "NaN");
  }

  @Test
  void tiersThatCouldNotBeMeasuredAreNamedInEveryReport() throws IOException {
    OmittedTier omitted = new OmittedTier(KernelTier.NEON, "cannot use kernels 'neon': <x>");
    KernelReport report =
        new KernelReport(
            new BenchmarkRun(new Build("1.2.3", "abc", "gcc 14"), Instant.EPOCH, 1, "bitnet"),
            Machine.here(),
            Optional.empty(),
            List.of(),
            List.of(omitted),
            List.of());
    assertTrue(report.markdown().contains("- cannot use kernels 'neon': \\<x>.\n"));
    assertEquals(
        omitted.reason(),
        new ObjectMapper().readTree(report.json()).get("omitted_kernels").get("neon").textValue());
  }

  @Test
  void operationsAreChosenByWordsInTheirNames() throws IOException {
    String out =
        Outcome.of(
                "bench",
                "kernels",
                "-t",
                "1",
                "-r",
                "1",
                "--kernels",
                BEST.label(),
                "--operations",
                "QUANT,empty",
                "--format",
                "json")
            .succeeds()
            .out();
    JsonNode report = new ObjectMapper().readTree(out);
    Set<String> operations = new HashSet<>();
    report.get("results").forEach(r -> operations.add(r.get("operation").textValue()));
    assertEquals(Set.of("quantize", "empty call"), operations);
    assertEquals("bitnet-bench-kernels", report.get("schema").textValue());
    assertTrue(
        report
            .get("command")
            .textValue()
            .endsWith(" --kernels " + BEST.label() + " --operations QUANT,empty --format json"),
        out);
  }

  @Test
  void whatMakesNoSenseIsMisuse() {
    Outcome.of("bench", "kernels", "--operations", "gemm,fft")
        .isMisuse("No operation has 'fft' in its name; there are GEMV; GEMV from memory; ");
    Outcome.of("bench", "kernels", "--operations", "").isMisuse("No operation has ''");
    Outcome.of("bench", "kernels", "-t", "0").isMisuse("Threads (-t) must be");
    Outcome.of("bench", "kernels", "-t", "2,2").isMisuse("Threads (-t) must be");
    Outcome.of("bench", "kernels", "-r", "0").isMisuse("Rounds (-r) must be from 1");
    Outcome.of("bench", "kernels", "--kernels", "warp").isMisuse("Unknown kernels 'warp'");
    Outcome.of("bench", "kernels", "--kernels", "c,c").isMisuse("--kernels once");
    Outcome.of("bench", "kernels", "--kernels", "AVX2,avx2").isMisuse("--kernels once");
    Outcome.of("bench", "--kernels", "C,c").isMisuse("--kernels once");
  }

  @Test
  void optionsOfBenchAreNotIgnored() {
    for (String[] options :
        new String[][] {
          {"--page", "x.html"}, {"--compare", "a", "b"}, {"--model", "m"}, {"--threads", "1"}
        }) {
      List<String> line = new ArrayList<>(List.of("bench"));
      line.addAll(List.of(options));
      line.addAll(List.of("kernels", "--operations", "empty", "-r", "1"));
      Outcome.of(line.toArray(String[]::new))
          .isMisuse(
              options[0]
                  + " before 'kernels' has no meaning; give the options of 'bench kernels' after"
                  + " it.");
    }
  }

  @Test
  void aPageThatCannotBeWrittenIsSaidBeforeAnythingIsMeasured(@TempDir Path folder) {
    Path missing = folder.resolve("missing");
    Path page = missing.resolve("page.html");
    Outcome outcome = Outcome.of("bench", "kernels", "--page", page.toString());
    outcome.fails("cannot write " + page + ": the folder " + missing + " does not exist.");
    assertEquals("", outcome.out());
  }

  @Test
  void aPageThatExistsIsNotReplacedUnasked(@TempDir Path folder) throws IOException {
    Path page = Files.writeString(folder.resolve("page.html"), "precious");
    Outcome.of("bench", "kernels", "--page", page.toString())
        .fails(page + " exists; --force replaces it.");
    assertEquals("precious", Files.readString(page));
  }

  @Test
  void helpHasExamples() {
    String help = Outcome.of("bench", "kernels", "--help").succeeds().out();
    assertTrue(help.contains("Examples:\n  bitnet bench kernels"), help);
    help.lines().forEach(line -> assertTrue(line.length() <= 100, line));
  }
}
