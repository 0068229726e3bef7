package org.bitnetj.cli.bench;

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
      rates.add(rate * 1e9, 100e9);
    }
    return rates;
  }

  /** Of 1000 bytes and 4000 products. */
  private static KernelResult result(boolean fromMemory, boolean int8, double nanos) {
    return new KernelResult(
        "GEMV",
        "4 × 1000",
        KernelTier.C,
        1,
        1000,
        4000,
        fromMemory,
        int8,
        new Series().add(nanos * 2).add(nanos).add(nanos / 2));
  }

  private static KernelReport report(MachineRates rates, KernelResult... results) {
    return new KernelReport(
        new BenchmarkRun("1.2.3", Instant.EPOCH, 3),
        Machine.here(),
        Optional.of(KernelTier.C),
        List.of(rates),
        List.of(),
        List.of(results));
  }

  @Test
  void sharesAreOfTheBestSampleByTheMedianTime() {
    MachineRates rates = rates(9, 10, 9.5);
    KernelResult memory = result(true, true, 125);
    assertEquals(0.8, memory.bandwidthShare(rates), 1e-12); // 8 GB/s
    assertEquals(0.32, memory.int8PeakShare(rates), 1e-12); // 32 GMAC/s
    KernelResult cached = result(false, false, 125);
    assertTrue(Double.isNaN(cached.bandwidthShare(rates)));
    assertTrue(Double.isNaN(cached.int8PeakShare(rates)));
    assertEquals(List.of(), report(rates, memory, cached).disturbances());
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
}
