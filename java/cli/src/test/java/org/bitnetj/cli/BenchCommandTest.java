package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.kernel.ffi.NativeLibrary;
import org.bitnetj.source.gguf.GgufFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What bench says is there and adds up; how fast this machine is proves nothing. */
class BenchCommandTest {
  private static final String MODEL = Models.SHIPPED.toString();

  private static ModelSpec spec() throws IOException {
    try (GgufFile file = GgufFile.open(Models.SHIPPED)) {
      return file.spec();
    }
  }

  /** A matrix of two bits a weight; the shipped model's sides are multiples of 16. */
  private static long packed(long rows, long columns) {
    return rows * columns / 4;
  }

  @Test
  void jsonHasEveryCombinationAndItsCosts() throws IOException {
    String[] line = {
      "bench",
      "-m",
      MODEL,
      "-p",
      "10",
      "--step",
      "4",
      "-n",
      "3",
      "-d",
      "5",
      "-b",
      "1,2",
      "-t",
      "2",
      "-r",
      "2",
      "--format",
      "json",
      "--head",
      "full"
    };
    JsonNode report = new ObjectMapper().readTree(Outcome.of(line).succeeds().out());
    ModelSpec spec = spec();
    long ternary =
        spec.layers()
            * (2 * packed(spec.queryWidth(), spec.width())
                + 2 * packed(spec.kvWidth(), spec.width())
                + 3 * packed(spec.feedForward(), spec.width()));
    long head = report.get("head_bytes").longValue();
    long position = 2L * spec.layers() * spec.kvWidth() * Short.BYTES;
    assertEquals(Files.size(Models.SHIPPED), report.get("file_bytes").longValue());
    assertEquals(ternary, report.get("ternary_bytes").longValue());
    assertEquals(2 * 15 * position, report.get("kv_bytes_reserved").longValue());
    assertTrue(head > 0);
    assertEquals(0, report.get("low_bit_head_bytes").longValue());
    assertEquals("full", report.get("head").textValue());
    assertTrue(report.get("load_seconds").doubleValue() > 0);
    assertTrue(report.get("processors").intValue() > 0);
    for (String name : List.of("cpu", "system", "java", "model", "architecture")) {
      assertFalse(report.get(name).textValue().isEmpty(), name);
    }
    if (Files.exists(Path.of("/proc/self/status"))) {
      assertTrue(report.get("resident_bytes").longValue() > 0);
      assertTrue(
          report.get("peak_resident_bytes").longValue()
              >= report.get("resident_bytes").longValue());
    }

    boolean countsHeap =
        ManagementFactory.getThreadMXBean() instanceof com.sun.management.ThreadMXBean threads
            && threads.isThreadAllocatedMemorySupported()
            && threads.isThreadAllocatedMemoryEnabled();
    List<String> tests = new ArrayList<>();
    for (JsonNode result : report.get("results")) {
      tests.add(result.get("test").textValue() + " x" + result.get("batch").intValue());
      assertEquals(2, result.get("threads").intValue());
      assertEquals(5, result.get("depth").intValue());
      assertEquals(2, result.get("repetitions").intValue());
      assertTrue(result.get("tokens_per_second_min").doubleValue() > 0);
      assertTrue(
          result.get("tokens_per_second_max").doubleValue()
              >= result.get("tokens_per_second_median").doubleValue());
      assertEquals(4 * ternary, result.get("int8_products_per_token").longValue());
      JsonNode heap = result.get("heap_bytes_per_token");
      assertTrue(
          countsHeap ? heap.isNumber() && heap.doubleValue() >= 0 : heap.isNull(), "" + heap);
      boolean countsEnergy = report.get("no_energy_because").isNull();
      assertEquals(countsEnergy, result.get("package_joules_per_token").isNumber());
      assertEquals(countsEnergy, result.get("package_joules_per_token_less_idle").isNumber());
      boolean measured = NativeLibrary.status() instanceof NativeLibrary.Loaded;
      for (String share : List.of("bandwidth_share_median", "int8_peak_share_median")) {
        assertEquals(measured, result.get(share).isNumber(), share);
        assertTrue(!measured || result.get(share).doubleValue() > 0, share);
      }
    }
    assertEquals(List.of("pp10 x1", "tg3 x1", "tg3 x2"), tests);

    // Three steps of 4, 4 and 2 tokens, the last one with logits; the others end with the last
    // layer's keys and values.
    JsonNode prefill = report.get("results").get(0);
    long unread =
        packed(spec.queryWidth(), spec.width()) + 3 * packed(spec.feedForward(), spec.width());
    boolean sparse = report.get("sparse").booleanValue();
    long matrix = packed(spec.feedForward(), spec.width());
    assertSkips(
        prefill,
        sparse,
        (3 * ternary - 2 * unread + head + (9 + 13 + 15) * position) / 10.0,
        3 * spec.layers() - 2,
        matrix / 10.0);
    assertEquals(15 * position, prefill.get("kv_bytes").longValue());
    assertTrue(prefill.get("first_token_ms").doubleValue() > 0);
    JsonNode single = report.get("results").get(1);
    assertEquals(
        ternary + head + 7 * position - spec.layers() * matrix * skipped(single, sparse),
        single.get("bytes_per_token").doubleValue(),
        1e-3);
    // Three steps of two tokens; a token sees 6, 7 and 8 positions.
    JsonNode decode = report.get("results").get(2);
    double dense = (ternary + head) / 2.0 + 7 * position;
    assertSkips(decode, sparse, dense, 3 * spec.layers(), matrix / 6.0);
    assertEquals(2 * 8 * position, decode.get("kv_bytes").longValue());
    assertTrue(decode.get("first_token_ms").isNull());
  }

  /**
   * The bytes are those of dense layers, less what is skipped in some: a whole number of times that
   * a layer was computed, in each of which {@code up} and {@code down} are one matrix in size.
   *
   * @param dense bytes a token of dense layers
   * @param layers how often one is computed whole in a repetition
   * @param matrix bytes a token of {@code up}, or {@code down}, each time
   */
  private static void assertSkips(
      JsonNode result, boolean sparse, double dense, int layers, double matrix) {
    double saved = dense - result.get("bytes_per_token").doubleValue();
    double skipped = skipped(result, sparse);
    if (!sparse) {
      assertEquals(0, saved, 1e-3);
      return;
    }
    int repetitions = result.get("repetitions").intValue();
    double times = repetitions * saved / (matrix * skipped);
    assertEquals(Math.rint(times), times, 1e-6, "layers that skip in all repetitions");
    assertTrue(times > 0.5 && times < repetitions * layers + 0.5, times + " of " + layers);
  }

  /**
   * Steps of few tokens skip weights where the kernels can: how much of a layer's {@code up} and
   * {@code down} together, from 0 to 2. More tokens skip less.
   */
  private static double skipped(JsonNode result, boolean sparse) {
    assertEquals(sparse, result.get("active_rows_share").isNumber());
    double active = result.get("active_rows_share").asDouble(1);
    double nonzero = result.get("nonzero_units_share").asDouble(1);
    assertTrue(!sparse || 0 < nonzero && nonzero < active && active < 0.7, nonzero + " " + active);
    return 2 - active - nonzero;
  }

  @Test
  void theBestLogitCostsFewerBytesThanAll() throws IOException {
    String[] line = {
      "bench",
      "-m",
      MODEL,
      "-p",
      "0",
      "-n",
      "4",
      "-b",
      "1,2",
      "-t",
      "1",
      "-r",
      "1",
      "--format",
      "json",
      "--kernels",
      "scalar",
      "--no-sparse",
      "--head",
      "screened"
    };
    JsonNode report = new ObjectMapper().readTree(Outcome.of(line).succeeds().out());
    assertEquals("screened", report.get("head").textValue());
    long ternary = report.get("ternary_bytes").longValue();
    long head = report.get("head_bytes").longValue();
    long lowBit = report.get("low_bit_head_bytes").longValue();
    assertTrue(lowBit > 0 && lowBit < head * 3 / 4);
    double one = report.get("results").get(0).get("bytes_per_token").doubleValue();
    assertTrue(one > ternary + lowBit / 2 && one < ternary + head, "bytes per token: " + one);
    double two = report.get("results").get(1).get("bytes_per_token").doubleValue();
    assertTrue(
        two > (ternary + lowBit / 2.0) / 2 && two < (ternary + head) / 2.0,
        "bytes per token of two sequences: " + two);
  }

  @Test
  void csvIsOneLineAResult() {
    List<String> lines =
        Outcome.of(
                "bench",
                "-m",
                MODEL,
                "-p",
                "0",
                "-n",
                "2",
                "-d",
                "0,3",
                "-r",
                "1",
                "-t",
                "1",
                "--format",
                "csv")
            .succeeds()
            .out()
            .lines()
            .toList();
    assertEquals(3, lines.size());
    List<String> names = List.of(lines.getFirst().split(","));
    assertTrue(names.containsAll(List.of("cpu", "test", "depth", "tokens_per_second_median")));
    int depth = names.indexOf("depth");
    for (int i = 1; i < lines.size(); i++) {
      String[] cells = lines.get(i).split(",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", -1);
      assertEquals(names.size(), cells.length, lines.get(i));
      assertEquals("tg2", cells[names.indexOf("test")]);
      assertEquals(i == 1 ? "0" : "3", cells[depth]);
      assertEquals("", cells[names.indexOf("first_token_ms")]);
    }
  }

  @Test
  void theWideTableSaysWhatItWasMeasuredOnAndWithWhichKernels() {
    String text =
        Outcome.of(
                "bench",
                "--wide",
                "-m",
                MODEL,
                "-p",
                "2",
                "-n",
                "0",
                "-r",
                "1",
                "-t",
                "1",
                "--kernels",
                "scalar")
            .succeeds()
            .out();
    for (String words :
        List.of(
            "CPU",
            "Java",
            "tiny-bitnet-stories",
            "| pp2 ",
            " scalar ",
            " ± ",
            "first token ms",
            "all of it read for each choice of a token")) {
      assertTrue(text.contains(words), () -> words + " is not in\n" + text);
    }
  }

  @Test
  void theTableHasLlamaBenchsColumnsAndFitsATerminal() {
    String text =
        Outcome.of(
                "bench", "-m", MODEL, "-p", "2", "-n", "2", "-b", "1,16", "-d", "300", "-r", "1",
                "-t", "1,2")
            .succeeds()
            .out();
    assertEquals(
        "model|size|params|kernels|threads|test|t/s|bandwidth",
        text.lines().toList().getFirst().replaceAll(" *\\| *", "|").replaceAll("^\\||\\|$", ""));
    String row = "\\| \\w+ +\\| {7}2 \\| 16×tg2 @ d300 \\|";
    assertTrue(Pattern.compile(row).matcher(text).find(), text);
    assertTrue(text.contains("\ncommand: bitnet bench -m " + MODEL + " -p 2 -n 2 -b 1,16"), text);
    text.lines()
        .filter(line -> !line.contains(MODEL)) // as long as it may be
        .forEach(line -> assertTrue(line.length() <= 100, line));
  }

  @Test
  void thePageIsWhole(@TempDir Path folder) throws IOException {
    Path page = folder.resolve("page.html");
    String json =
        Outcome.of(
                "bench",
                "-m",
                MODEL,
                "-p",
                "8",
                "-n",
                "4",
                "-b",
                "1,2",
                "-t",
                "1,2",
                "-r",
                "2",
                "--format",
                "json",
                "--page",
                page.toString())
            .succeeds()
            .out();
    String html = Files.readString(page);
    assertTrue(html.contains("<h1>tiny-bitnet-stories decodes "), html);
    assertTrue(html.endsWith("</html>\n"), html);
    boolean measured = NativeLibrary.status() instanceof NativeLibrary.Loaded;
    assertEquals(measured ? 5 : 3, html.split("<svg ", -1).length - 1);
    assertEquals(measured ? 6 : 0, html.split("<circle ", -1).length - 1);
    assertFalse(html.contains("NaN"), "NaN");
    JsonNode report = new ObjectMapper().readTree(json);
    assertEquals(6, report.get("results").size());
    try (GgufFile file = GgufFile.open(Models.SHIPPED)) {
      assertEquals(
          file.tensors().stream().mapToLong(t -> t.elements()).sum(),
          report.get("parameters").longValue());
    }
  }

  @Test
  void twoResultsAreCompared(@TempDir Path folder) throws IOException {
    String[] line = {
      "bench",
      "-m",
      MODEL,
      "-p",
      "4",
      "-n",
      "2",
      "-t",
      "1",
      "-r",
      "1",
      "--format",
      "json",
      "--kernels",
      "scalar"
    };
    Path a = Files.writeString(folder.resolve("a.json"), Outcome.of(line).succeeds().out());
    String same = Outcome.of("bench", "--compare", a.toString(), a.toString()).succeeds().out();
    assertTrue(same.replaceAll(" +", " ").contains("| pp4 | 0 | 1 | scalar | 1 |"), same);
    assertTrue(same.contains("Geometric mean of B / A: prefill 1.00 ×, decode 1.00 ×."), same);
    Path old = Files.writeString(folder.resolve("old.json"), "{\"results\": [{}]}");
    Outcome.of("bench", "--compare", a.toString(), old.toString())
        .fails(
            old
                + ": it has no field 'schema', which results of 'bitnet bench --format json' have;"
                + " measure again with this version.");
    Path none = folder.resolve("none.json");
    Outcome.of("bench", "--compare", none.toString(), a.toString())
        .fails(none + ": there is no such file.");
    Outcome.of("bench", "--compare", a.toString()).isMisuse("--compare");
    Outcome.of("bench", "--compare", a.toString(), a.toString(), "-t", "2")
        .isMisuse("--compare measures nothing, so that --threads has no meaning with it.");
  }

  @Test
  void aPageThatCannotBeWrittenIsSaidBeforeAnythingIsMeasured(@TempDir Path folder)
      throws IOException {
    Path missing = folder.resolve("missing");
    Path page = missing.resolve("page.html");
    Outcome.of("bench", "-m", MODEL, "--page", page.toString())
        .fails("cannot write " + page + ": the folder " + missing + " does not exist.");
    Path model = Files.copy(Models.SHIPPED, folder.resolve("model.gguf"));
    Outcome.of("bench", "-m", model.toString(), "--page", model.toString(), "--force")
        .fails("cannot write " + model + ": this command reads that file; name another one.");
  }

  @Test
  void whatMakesNoSenseIsMisuse() {
    misuse("nothing to measure", "-p", "0", "-n", "0");
    misuse("prompt's length (-p) must be from 0", "-p", "-1");
    misuse("threads (-t) must be from 1 to 1024, not 0", "-t", "0");
    misuse("threads (-t) must be from 1 to 1024, not 5000", "-t", "1,5000");
    misuse("Give each value of -t once", "-t", "2,2");
    misuse("Give at least one value to -b", "-b", ",");
    misuse("sequences (-b) must be from 1", "-b", "0");
    misuse("depth (-d) must be from 0", "-d", "-5");
    misuse("repetitions (-r) must be from 1", "-r", "0");
    misuse("step (--step) must be from 1", "--step", "0");
    misuse("Unknown kernels 'warp'", "--kernels", "warp");
    misuse("-n must be a whole number, not 'many'.", "-n", "many");
    misuse("--format must be md, csv or json, not 'xml'.", "--format", "xml");
    misuse("--head must be auto, screened or full, not 'some'.", "--head", "some");
  }

  private static void misuse(String words, String... options) {
    List<String> line = new ArrayList<>(List.of("bench", "-m", "no-such-file.gguf"));
    line.addAll(List.of(options));
    Outcome.of(line.toArray(String[]::new)).isMisuse(words);
  }

  @Test
  void aTextLongerThanTheContextIsRefused() {
    Outcome.of("bench", "-m", MODEL, "-d", "500", "-p", "100")
        .fails(
            "a depth of 500 and 100 tokens more do not fit the context of 512 that"
                + " tiny-bitnet-stories was made for; ask for fewer (-p, -n, -d).");
  }

  @Test
  void helpHasExamples() {
    Outcome help = Outcome.of("bench", "--help").succeeds();
    assertEquals("", help.err());
    assertTrue(help.out().contains("Examples:\n  bitnet bench -m model.gguf"), help.out());
    help.out().lines().forEach(line -> assertTrue(line.length() <= 100, line));
  }
}
