package org.bitnetj.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.bitnetj.bench.ModelResult.Kind;
import org.bitnetj.bench.energy.NoEnergy;
import org.bitnetj.kernel.KernelTier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparisonTest {
  @TempDir private Path folder;
  private Path a;
  private Path b;

  @BeforeEach
  void nameFiles() {
    a = folder.resolve("a.json");
    b = folder.resolve("b.json");
  }

  private static ModelResult result(
      Kind kind, KernelTier tier, int threads, double... tokensPerSecond) {
    ModelResult result = new ModelResult(kind, 10, 0, 1, tier, threads, 100, 1000);
    for (double speed : tokensPerSecond) {
      result.add(10 / speed, 10 / speed, OptionalLong.of(0), new MachineRates(threads));
    }
    return result;
  }

  private static void write(Path file, String model, ModelResult... results) throws IOException {
    ModelReport report =
        ModelReports.of(
            new NoEnergy("none"),
            model,
            Optional.empty(),
            List.of(new MachineRates(1), new MachineRates(2)),
            results);
    Files.writeString(file, new ModelReportWriter(report).json());
  }

  private String refusal() {
    FileSystemException e = assertThrows(FileSystemException.class, () -> Comparison.of(a, b));
    return e.getFile() + ": " + e.getReason();
  }

  @Test
  void ratiosAreOfTheSecondOverTheFirst() throws IOException {
    write(
        a,
        "tiny",
        result(Kind.PREFILL, KernelTier.AVX2, 1, 90, 100, 110),
        result(Kind.PREFILL, KernelTier.AVX2, 2, 201),
        result(Kind.DECODE, KernelTier.AVX2, 1, 9, 10, 11));
    write(
        b,
        "tiny",
        result(Kind.PREFILL, KernelTier.AVX2, 1, 380, 400, 420),
        result(Kind.PREFILL, KernelTier.AVX2, 2, 200, 202),
        result(Kind.DECODE, KernelTier.AVX2, 1, 10.5, 11, 12));
    Comparison comparison = Comparison.of(a, b);
    String text = comparison.markdown().replaceAll(" +", " ");
    assertTrue(
        text.contains("| pp10 | 0 | 1 | avx2 | 1 | 100 | 400 | 4.00 × |"), comparison::markdown);
    assertTrue(
        text.contains("| tg10 | 0 | 1 | avx2 | 1 | 10.0 | 11.0 | 1.10 × ~ |"),
        comparison::markdown);
    assertTrue(
        text.contains("Geometric mean of B / A: prefill 2.00 ×, decode 1.10 ×."),
        comparison::markdown);
    assertTrue(
        text.contains("| pp10 | 0 | 1 | avx2 | 2 | 201 | 201 | 1.00 × |"), comparison::markdown);
    assertTrue(
        text.contains("Where one was not timed twice, whether they overlap is not known."),
        comparison::markdown);
    assertTrue(text.contains("Machine, build and model are the same."), comparison::markdown);
    JsonNode json = new ObjectMapper().readTree(comparison.json());
    assertEquals("bitnet-bench-comparison", json.get("schema").textValue());
    assertEquals(1, json.get("schema_version").intValue());
    assertEquals(4, json.get("results").get(0).get("b_over_a").doubleValue(), 1e-12);
    assertFalse(json.get("results").get(0).get("repetitions_overlap").booleanValue());
    assertTrue(json.get("results").get(1).get("repetitions_overlap").isNull());
    assertTrue(json.get("results").get(2).get("repetitions_overlap").booleanValue());
    assertEquals(0, json.get("undecided").size());
    assertEquals(2, json.get("b_over_a_geometric_mean").get("prefill").doubleValue(), 1e-12);
    List<String> csv = comparison.csv().lines().toList();
    assertEquals(
        "test,depth,batch,kernels,threads,a_per_second,b_per_second,b_over_a,repetitions_overlap",
        csv.getFirst());
    assertTrue(csv.get(1).endsWith(",false"), csv::toString);
    assertTrue(csv.get(2).endsWith(",1.0,"), csv::toString);
    assertTrue(csv.get(3).endsWith(",true"), csv::toString);
    assertEquals(4, csv.size());
  }

  @Test
  void whatIsDifferentIsSaid() throws IOException {
    write(a, "tiny", result(Kind.DECODE, KernelTier.AVX512, 1, 10));
    write(b, "other|\u001b[2J", result(Kind.DECODE, KernelTier.AVX2, 1, 20));
    Files.writeString(
        b,
        Files.readString(b)
            .replaceAll("\"cpu\" : \"[^\"]*\"", "\"cpu\" : \"Z80\"")
            .replace("\"commit\" : \"abc123\"", "\"commit\" : \"def456\""));
    Comparison comparison = Comparison.of(a, b);
    String text = comparison.markdown();
    assertTrue(text.contains("- cpu: " + Machine.here().cpu() + " in A, Z80 in B\n"), text);
    assertTrue(text.contains("- commit: abc123 in A, def456 in B\n"), text);
    assertTrue(text.contains("- model: tiny in A, other\\|\\u{1b}\\[2J in B\n"), text);
    // Each has one tier, so that they are compared.
    assertTrue(text.contains("- kernels: avx512 in A, avx2 in B\n"), text);
    assertTrue(text.replaceAll(" +", " ").contains("| 10.0 | 20.0 | 2.00 × |"), text);
    assertFalse(text.contains("\u001b"), text);
    JsonNode differences = new ObjectMapper().readTree(comparison.json()).get("differences");
    assertEquals("Z80", differences.get("cpu").get("b").textValue());
    assertFalse(differences.has("system"));
  }

  @Test
  void whatOnlyOneMeasuredIsListed() throws IOException {
    write(
        a,
        "tiny",
        result(Kind.DECODE, KernelTier.AVX2, 1, 10),
        result(Kind.DECODE, KernelTier.AVX2, 2, 10));
    write(
        b,
        "tiny",
        result(Kind.DECODE, KernelTier.AVX2, 1, 10),
        result(Kind.PREFILL, KernelTier.AVX2, 2, 10));
    String text = Comparison.of(a, b).markdown();
    assertTrue(text.contains("\nOnly in A:\n\n- tg10, 0, 1, avx2, 2\n"), text);
    assertTrue(text.contains("\nOnly in B:\n\n- pp10, 0, 1, avx2, 2\n"), text);
  }

  @Test
  void resultsWithNothingInCommonAreNoError() throws IOException {
    write(a, "tiny", result(Kind.DECODE, KernelTier.AVX2, 1, 10));
    write(b, "tiny", result(Kind.PREFILL, KernelTier.AVX2, 1, 10));
    Comparison comparison = Comparison.of(a, b);
    assertTrue(comparison.markdown().contains("Nothing was measured in both."));
    assertEquals(1, comparison.csv().lines().count());
    assertEquals(0, new ObjectMapper().readTree(comparison.json()).get("results").size());
  }

  private static void writeKernels(Path file, double... nanos) throws IOException {
    KernelResult result =
        new KernelResult("GEMM, 2 tokens", "4 × 4", KernelTier.C, 1, 4, 4, false, true);
    for (double each : nanos) {
      result.add(each, Double.NaN, Double.NaN);
    }
    KernelReport report =
        new KernelReport(
            new BenchmarkRun(new Build("1", "c", "gcc 14"), Instant.EPOCH, 1, "bitnet"),
            Machine.here(),
            Optional.empty(),
            List.of(new MachineRates(1)),
            List.of(),
            List.of(result));
    Files.writeString(file, report.json());
  }

  private JsonNode overlap() throws IOException {
    return new ObjectMapper()
        .readTree(Comparison.of(a, b).json())
        .get("results")
        .get(0)
        .get("repetitions_overlap");
  }

  @Test
  void kernelsAreComparedByTheirTimes() throws IOException {
    writeKernels(a, 3000, 3000, 2000);
    writeKernels(b, 1000, 1000, 1900);
    String text = Comparison.of(a, b).markdown().replaceAll(" +", " ");
    assertTrue(text.contains("| GEMM, 2 tokens | 4 × 4 | c | 1 | 3.00 | 1.00 | 3.00 × |"), text);
    assertTrue(text.contains("Geometric mean of B / A: GEMM 3.00 ×."), text);
    assertTrue(text.contains("\nMachine and build are the same.\n"), text);
    assertFalse(overlap().booleanValue());
    assertTrue(overlap().isBoolean());
    writeKernels(b, 1000, 1000, 2100);
    assertTrue(overlap().booleanValue());
    text = Comparison.of(a, b).markdown().replaceAll(" +", " ");
    assertTrue(text.contains("| 3.00 × ~ |"), text);
    writeKernels(b, 1000);
    assertTrue(overlap().isNull());
    // Written before the longest time was.
    writeKernels(b, 1000, 1000);
    Files.writeString(b, Files.readString(b).replaceAll("\"nanoseconds_max\" : [0-9.]+,", ""));
    assertTrue(overlap().isNull());
  }

  @Test
  void buildsThatCannotBeToldApartAreNotCalledTheSame() throws IOException {
    write(a, "tiny", result(Kind.DECODE, KernelTier.AVX2, 1, 10));
    String good = Files.readString(a);
    for (String commit : List.of("", "unknown", "abc123-dirty")) {
      String text = good.replace("\"commit\" : \"abc123\"", "\"commit\" : \"" + commit + "\"");
      Files.writeString(a, text);
      Files.writeString(b, text);
      Comparison comparison = Comparison.of(a, b);
      String shown = commit.isEmpty() ? "unknown" : commit;
      assertTrue(
          comparison
              .markdown()
              .endsWith(
                  "\nNo difference of machine, build or model is known.\n\n"
                      + "The commit does not tell the builds apart: "
                      + shown
                      + " in A, "
                      + shown
                      + " in B.\n"),
          comparison::markdown);
      assertEquals(
          "[\"commit\"]",
          new ObjectMapper().readTree(comparison.json()).get("undecided").toString());
    }
    Files.writeString(b, good);
    String text = Comparison.of(a, b).markdown();
    assertTrue(text.contains("- commit: abc123-dirty in A, abc123 in B\n"), text);
    assertFalse(text.contains("tell the builds apart"), text);
    Files.writeString(a, good.replace("gcc 14.2.0", "unknown"));
    text = Comparison.of(a, a).markdown();
    assertTrue(text.contains("No difference of machine, build or model is known."), text);
    assertTrue(text.endsWith("\nNot known of both: compiler.\n"), text);
    writeKernels(a, 1000);
    Files.writeString(a, Files.readString(a).replace("gcc 14", "unknown"));
    text = Comparison.of(a, a).markdown();
    assertTrue(text.contains("No difference of machine or build is known."), text);
  }

  @Test
  void whatCannotBeComparedIsRefusedWithTheReason() throws IOException {
    write(a, "tiny", result(Kind.DECODE, KernelTier.AVX2, 1, 10));
    String good = Files.readString(a);
    Files.writeString(b, "no JSON");
    assertEquals(b + ": this is not JSON, as 'bitnet bench --format json' writes it", refusal());
    Files.writeString(b, "");
    assertEquals(b + ": this is no result of 'bitnet bench --format json'", refusal());
    Files.writeString(b, "[1]");
    assertEquals(b + ": this is no result of 'bitnet bench --format json'", refusal());
    Files.writeString(b, "{\"results\": []}");
    assertTrue(refusal().startsWith(b + ": it has no field 'schema'"), refusal());
    Files.writeString(b, good.replace("bitnet-bench-model", "bitnet-bench-comparison"));
    assertTrue(
        refusal().startsWith(b + ": its schema is 'bitnet-bench-comparison', and only"), refusal());
    Files.writeString(b, good.replace("\"schema_version\" : 1", "\"schema_version\" : 2"));
    assertEquals(b + ": its schema has version 2, and this bitnet.java reads version 1", refusal());
    Files.writeString(b, good.replace("bitnet-bench-model", "bitnet-bench-kernels"));
    assertTrue(refusal().contains("have nothing in common"), refusal());
    Files.writeString(b, good.replace("\"tokens_per_second_median\" : 10.0", "\"x\" : 1"));
    assertEquals(b + ": a result has no 'tokens_per_second_median' above 0", refusal());
    for (String big : List.of("1e999", "9".repeat(400), "1e-320")) {
      Files.writeString(b, good.replace("_median\" : 10.0", "_median\" : " + big));
      assertEquals(
          b + ": the 'tokens_per_second_median' of a result is too big or too small to be true",
          refusal());
    }
    Files.writeString(b, good.replace("_median\" : 10.0", "_median\" : 1e300"));
    Files.writeString(a, good.replace("_median\" : 10.0", "_median\" : 1e-290"));
    assertEquals(
        b + ": its speeds and those of " + a + " are too far apart for a ratio of them", refusal());
    Files.writeString(a, good);
    Files.writeString(b, good.replace("\"test\" : \"tg10\",", ""));
    assertEquals(b + ": a result has no 'test'", refusal());
    Files.writeString(b, good + "{}");
    assertEquals(b + ": something follows its JSON object", refusal());
    Files.writeString(b, good + "x");
    assertEquals(b + ": this is not JSON, as 'bitnet bench --format json' writes it", refusal());
    Files.writeString(b, good.replace("\"results\" : [", "\"results\" : [ 7, "));
    assertEquals(b + ": one of its results is no object", refusal());
    int start = good.indexOf("{", good.indexOf("\"results\""));
    int end = good.lastIndexOf("]");
    String result = good.substring(start, end);
    Files.writeString(b, good.substring(0, end) + "," + result + good.substring(end));
    assertEquals(b + ": it has two results for tg10, 0, 1, avx2, 1", refusal());
  }

  @Test
  void aResultThatBreaksOffIsRefused() throws IOException {
    write(a, "tiny", result(Kind.DECODE, KernelTier.AVX2, 1, 10));
    String good = Files.readString(a).strip();
    for (int length = 1; length < good.length(); length += 37) {
      Files.writeString(b, good.substring(0, length));
      assertEquals(b + ": this is not JSON, as 'bitnet bench --format json' writes it", refusal());
    }
  }

  @Test
  void kernelResultsWithoutAnOperationAreRefused() throws IOException {
    writeKernels(a, 1000);
    Files.writeString(
        b,
        Files.readString(a).replace("\"operation\" : \"GEMM, 2 tokens\"", "\"operation\" : null"));
    assertEquals(b + ": a result has no 'operation'", refusal());
    Files.writeString(b, Files.readString(a).replace("_median\" : 1000.0", "_median\" : 1e-310"));
    assertEquals(
        b + ": the 'nanoseconds_median' of a result is too big or too small to be true", refusal());
  }

  @Test
  void whatCannotBeReadIsNamed() throws IOException {
    write(a, "tiny", result(Kind.DECODE, KernelTier.AVX2, 1, 10));
    Files.createDirectory(b);
    assertTrue(refusal().startsWith(b + ": "), refusal());
    Files.delete(b);
    // In UTF-32, with a character beyond the last.
    Files.write(b, new byte[] {0, 0, 0, '{', 0x7f, 0, 0, 0});
    assertEquals(b + ": this is not JSON, as 'bitnet bench --format json' writes it", refusal());
  }

  @Test
  void aFileThatIsNotThereIsTheReadersError() throws IOException {
    write(a, "tiny", result(Kind.DECODE, KernelTier.AVX2, 1, 10));
    assertThrows(java.nio.file.NoSuchFileException.class, () -> Comparison.of(a, b));
  }
}
