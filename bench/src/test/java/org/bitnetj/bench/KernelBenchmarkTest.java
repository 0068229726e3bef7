package org.bitnetj.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.ffi.NativeLibrary;
import org.bitnetj.parallel.ThreadTeam;
import org.junit.jupiter.api.Test;

class KernelBenchmarkTest {
  @Test
  void everyMatrixHasItsTurnInARound() {
    KernelResult result = new KernelResult("GEMV", "", KernelTier.SCALAR, 1, 1, 1, true, true);
    try (ThreadTeam team = new ThreadTeam(1);
        Operation operation = new TernaryProduct(KernelTier.SCALAR, 16, 16, 1, 5)) {
      KernelBenchmark.Entry entry =
          new KernelBenchmark.Entry(operation, team, new MachineRates(1), result);
      assertEquals(5, entry.timesInRound()); // without them it would be once, before the warm-up
      entry.measure(Optional.empty());
      assertEquals(1, result.nanos().count());
      assertEquals(0, result.bandwidthShares().count());
    }
  }

  @Test
  void theMachineIsSampledBesideWhatHasAShareOfIt() {
    assumeTrue(NativeLibrary.status() instanceof NativeLibrary.Loaded, "nothing to sample with");
    MachineRates rates = new MachineRates(1);
    try (ThreadTeam team = new ThreadTeam(1);
        Operation operation = new TernaryProduct(KernelTier.SCALAR, 16, 16, 1, 5);
        MachineSpeed speed =
            MachineSpeed.of(NativeLibrary.status(), OptionalLong.empty(), team, 1).orElseThrow()) {
      for (boolean fromMemory : new boolean[] {false, true}) {
        for (boolean int8 : new boolean[] {false, true}) {
          int reads = rates.bytes().count();
          int multiplications = rates.products().count();
          KernelResult result =
              new KernelResult("GEMV", "", KernelTier.SCALAR, 1, 64, 256, fromMemory, int8);
          new KernelBenchmark.Entry(operation, team, rates, result).measure(Optional.of(speed));
          assertEquals(fromMemory ? 1 : 0, rates.bytes().count() - reads);
          assertEquals(fromMemory ? 1 : 0, result.bandwidthShares().count());
          assertEquals(int8 ? 1 : 0, rates.products().count() - multiplications);
          assertEquals(int8 ? 1 : 0, result.int8PeakShares().count());
        }
      }
    }
  }

  /** Portable code multiplies many times slower than the instructions of any CPU. */
  @Test
  void aNativeTierHasAShareOfWhatItsOwnInstructionsMultiply() {
    assumeTrue(NativeLibrary.status() instanceof NativeLibrary.Loaded, "nothing to sample with");
    MachineRates rates = new MachineRates(1);
    KernelResult result = new KernelResult("GEMV", "", KernelTier.C, 1, 64, 256, false, true);
    try (ThreadTeam team = new ThreadTeam(1);
        Operation operation = new TernaryProduct(KernelTier.C, 16, 16, 1, 5);
        MachineSpeed speed =
            MachineSpeed.of(NativeLibrary.status(), OptionalLong.empty(), team, 1).orElseThrow()) {
      assumeTrue(speed.tier() != KernelTier.C, "the portable tier is the best here");
      new KernelBenchmark.Entry(operation, team, rates, result).measure(Optional.of(speed));
    }
    int samples = rates.products().count();
    assertTrue(samples == 1 || samples == 2); // a second one where the process was stopped
    double ofBest = result.gigaMacsPerSecond() * 1e9 / rates.products().best();
    assertTrue(result.int8PeakShares().median() > 1.5 * ofBest, "it has a share of the best peak");
  }

  @Test
  void theMachineIsSampledAfterALongSampleToo() {
    assumeTrue(NativeLibrary.status() instanceof NativeLibrary.Loaded, "nothing to sample with");
    MachineRates rates = new MachineRates(1);
    int batch = 1 << 14; // 2^30 products, which scalar Java takes far longer for than that
    KernelResult result =
        new KernelResult("GEMM", "", KernelTier.SCALAR, 1, 1 << 14, batch << 16, true, true);
    try (ThreadTeam team = new ThreadTeam(1);
        Operation operation = new TernaryProduct(KernelTier.SCALAR, 256, 256, batch, 1);
        MachineSpeed speed =
            MachineSpeed.of(NativeLibrary.status(), OptionalLong.empty(), team, 1).orElseThrow()) {
      new KernelBenchmark.Entry(operation, team, rates, result).measure(Optional.of(speed));
    }
    double nanos = result.nanos().median();
    assertTrue(nanos >= KernelBenchmark.LONG_NANOS, nanos + " ns");
    assertEquals(2, rates.bytes().count());
    assertEquals(2, rates.products().count());
    assertEquals(
        (batch << 16) / nanos * 1e9 / rates.products().mean(),
        result.int8PeakShares().median(),
        1e-12);
  }

  /** The build's tests are started with the module of the vector kernels. */
  @Test
  void everyTierIsMeasuredOrLeftOutForAReason() {
    List<OmittedTier> omitted = new ArrayList<>();
    List<KernelTier> running = KernelBenchmark.running(omitted);
    assertTrue(
        running.containsAll(List.of(KernelTier.SCALAR, KernelTier.VECTOR)), running::toString);
    Set<KernelTier> all = EnumSet.copyOf(running);
    for (OmittedTier o : omitted) {
      assertTrue(all.add(o.tier()), o::toString);
      assertTrue(o.reason().startsWith("cannot use kernels '" + o.tier() + "': "), o::reason);
    }
    assertEquals(EnumSet.allOf(KernelTier.class), all);
    if (NativeLibrary.status() instanceof NativeLibrary.Loaded loaded) {
      assertTrue(running.containsAll(loaded.supported()), running::toString);
    }
  }
}
