package org.bitnetj.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.bitnetj.kernel.KernelTier;
import org.junit.jupiter.api.Test;

/** Shares and verdicts of rates that are made up: 10 GB/s of memory and 100 GMAC/s. */
class KernelReportTest {
  private static MachineRates rates(double... gigabytesPerSecond) {
    MachineRates rates = new MachineRates(1);
    for (double rate : gigabytesPerSecond) {
      rates.addBytes(rate * 1e9);
      rates.addProducts(100e9);
    }
    return rates;
  }

  /** Of 1000 bytes and 4000 products. */
  private static KernelResult result(boolean fromMemory, boolean int8) {
    return new KernelResult("GEMV", "4 × 1000", KernelTier.C, 1, 1000, 4000, fromMemory, int8);
  }

  /** Three rounds, on a machine that gave as much in each. */
  private static KernelResult result(boolean fromMemory, boolean int8, double nanos) {
    return result(fromMemory, int8)
        .add(nanos * 2, 10e9, 100e9)
        .add(nanos, 10e9, 100e9)
        .add(nanos / 2, 10e9, 100e9);
  }

  private static KernelReport report(MachineRates rates, KernelResult... results) {
    return new KernelReport(
        new BenchmarkRun(
            new Build("1.2.3", "abc123", "gcc 14.2.0"), Instant.EPOCH, 3, "bitnet bench kernels"),
        Machine.here(),
        Optional.of(new Probe(KernelTier.C, 1 << 28, false)),
        List.of(rates),
        List.of(),
        List.of(results));
  }

  @Test
  void sharesAreMediansOfWhatEachRoundReachedOfTheMachineBesideIt() {
    KernelResult memory =
        result(true, true)
            .add(125, 10e9, 100e9) // 8 GB/s of 10, 32 GMAC/s of 100
            .add(250, 4e9, 20e9) // 4 GB/s of 4, 16 GMAC/s of 20
            .add(500, 4e9, 80e9); // 2 GB/s of 4, 8 GMAC/s of 80
    assertEquals(0.8, memory.bandwidthShares().median(), 1e-12);
    assertEquals(0.32, memory.int8PeakShares().median(), 1e-12);
    assertEquals(4, memory.gigabytesPerSecond(), 1e-12);
    KernelResult cached = result(false, false, 125);
    assertEquals(0, cached.bandwidthShares().count());
    assertEquals(0, cached.int8PeakShares().count());
    KernelResult alone = result(true, true).add(125, Double.NaN, Double.NaN);
    assertEquals(8, alone.gigabytesPerSecond(), 1e-12);
    assertEquals(0, alone.bandwidthShares().count());
    assertEquals(0, alone.int8PeakShares().count());
  }

  @Test
  void aKernelAsFastAsTheMachineBesideItHasAllOfIt() throws IOException {
    KernelResult result = result(true, false).add(200, 5e9, 0).add(100, 10e9, 0).add(400, 2.5e9, 0);
    KernelReport report = report(rates(5, 10, 2.5), result);
    JsonNode json = new ObjectMapper().readTree(report.json());
    assertEquals(1, json.get("results").get(0).get("bandwidth_share_median").doubleValue(), 1e-12);
    assertTrue(json.get("results").get(0).get("int8_peak_share_median").isNull());
    assertEquals(100, json.get("results").get(0).get("nanoseconds_min").doubleValue());
    assertEquals(400, json.get("results").get(0).get("nanoseconds_max").doubleValue());
    JsonNode speed = json.get("machine_speed").get(0);
    assertEquals(10e9, speed.get("read_bytes_per_second_best").doubleValue());
    assertEquals(5e9, speed.get("read_bytes_per_second_median").doubleValue());
    assertTrue(report.markdown().contains(" 100.0 % |"), report::markdown);
    String reads = report.markdown().replaceAll(" +", " ");
    assertTrue(reads.contains("| memory read | 256 MiB of a buffer of its own |"), reads);
    assertEquals("buffer", json.get("probe_reads").textValue());
    List<String> csv = report.csv().lines().toList();
    assertTrue(
        csv.getFirst()
            .endsWith(
                ",bandwidth_share_median,int8_peak_share_median,read_bytes_per_second_best"
                    + ",read_bytes_per_second_median,int8_products_per_second_best"
                    + ",int8_products_per_second_median,commit,compiler,command,nanoseconds_max"
                    + ",probe_reads,probe_bytes"),
        csv::getFirst);
    assertTrue(
        csv.getLast()
            .endsWith(
                ",1.0,,1.0E10,5.0E9,1.0E11,1.0E11,abc123,gcc 14.2.0,bitnet bench kernels,400.0"
                    + ",buffer,268435456"),
        csv::getLast);
  }

  @Test
  void aMachineIsSteadyWhileBestAndMedianDifferByAFifthAtMost() {
    assertTrue(rates(10, 10, 12).isSteady());
    assertTrue(!rates(10, 10, 12.1).isSteady());
    assertTrue(rates(1, 10, 10).isSteady());
    assertTrue(new MachineRates(1).isSteady());
  }

  @Test
  void whatCannotBeIsSaidInEveryReport() throws IOException {
    KernelReport fine = report(rates(10), result(true, true, 101));
    assertTrue(!fine.markdown().contains("not steady"));

    KernelReport tooFast = report(rates(10), result(true, true, 99));
    assertTrue(
        tooFast.markdown().contains("not steady: GEMV 4 × 1000 of c with 1 thread was faster than"),
        tooFast::markdown);
    KernelReport uneven = report(rates(10, 10, 15), result(true, true, 200));
    assertTrue(
        uneven.markdown().contains("not steady: with 1 thread its best and its median"),
        uneven::markdown);
    JsonNode json = new ObjectMapper().readTree(uneven.json()).get("disturbances");
    assertEquals(1, json.size());
    assertEquals(uneven.disturbances().getFirst(), json.get(0).textValue());
  }

  private static KernelResult timed(
      String operation, String shape, KernelTier tier, int threads, double nanos) {
    return new KernelResult(operation, shape, tier, threads, 1000, 4000, false, true)
        .add(nanos, 10e9, 100e9);
  }

  /** Twice and eight times as fast at two shapes of GEMM, half as fast at GEMV. */
  private static KernelReport compared() {
    return report(
        rates(10),
        timed("GEMV", "a", KernelTier.SCALAR, 1, 9000),
        timed("GEMV", "a", KernelTier.VECTOR, 1, 100),
        timed("GEMV", "a", KernelTier.AVX2, 1, 200),
        timed("GEMM, 16 tokens", "a", KernelTier.VECTOR, 1, 100),
        timed("GEMM, 16 tokens", "a", KernelTier.AVX2, 1, 50),
        timed("GEMM, 64 tokens", "a", KernelTier.VECTOR, 1, 800),
        timed("GEMM, 64 tokens", "a", KernelTier.AVX2, 1, 100),
        new KernelResult("empty call", "–", KernelTier.VECTOR, 1, 0, 0, false, false)
            .add(1, 10e9, 100e9),
        new KernelResult("empty call", "–", KernelTier.AVX2, 1, 0, 0, false, false)
            .add(1000, 10e9, 100e9));
  }

  @Test
  void theConclusionIsGeometricMeansByOperationAndOfThem() throws IOException {
    KernelConclusion conclusion = new KernelConclusion(compared());
    assertEquals(0.5, conclusion.overJava("GEMV", KernelTier.AVX2), 1e-12);
    assertEquals(4, conclusion.overJava("GEMM", KernelTier.AVX2), 1e-12);
    assertEquals(Math.sqrt(2), conclusion.overJava(KernelTier.AVX2), 1e-12);
    assertEquals(
        List.of(
            List.of("over Java", "avx2"),
            List.of("GEMV", "0.500 ×"),
            List.of("GEMM", "4.00 ×"),
            List.of("all", "1.41 ×")),
        conclusion.rows());
    assertTrue(
        compared()
            .markdown()
            .startsWith("avx2 1.41 × as fast as the fastest Java kernels (scalar, vector).\n"),
        compared().markdown());
    JsonNode all = new ObjectMapper().readTree(compared().json()).get("over_java").get(2);
    assertTrue(all.get("operation").isNull());
    assertEquals(Math.sqrt(2), all.get("speed_over_java_geometric_mean").doubleValue(), 1e-12);
  }

  @Test
  void withoutJavaThereIsNoConclusion() throws IOException {
    KernelReport report = report(rates(10), result(true, true, 101));
    assertTrue(report.markdown().contains("were not both measured"), report::markdown);
    assertEquals(0, new ObjectMapper().readTree(report.json()).get("over_java").size());
  }

  @Test
  void jsonSaysItsSchemaAndWhatMeasured() throws IOException {
    JsonNode json = new ObjectMapper().readTree(report(rates(10)).json());
    assertEquals("bitnet-bench-kernels", json.get("schema").textValue());
    assertEquals(1, json.get("schema_version").intValue());
    assertEquals("1.2.3", json.get("version").textValue());
    assertEquals("abc123", json.get("commit").textValue());
    assertEquals("gcc 14.2.0", json.get("compiler").textValue());
    assertEquals("bitnet bench kernels", json.get("command").textValue());
  }
}
