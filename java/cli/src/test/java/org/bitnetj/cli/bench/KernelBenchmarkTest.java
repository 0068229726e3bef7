package org.bitnetj.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.ThreadTeam;
import org.bitnetj.kernel.ffi.NativeLibrary;
import org.junit.jupiter.api.Test;

class KernelBenchmarkTest {
  @Test
  void everyMatrixHasItsTurnInARound() {
    KernelResult result =
        new KernelResult("GEMV", "", KernelTier.SCALAR, 1, 1, 1, true, true, new Series());
    try (ThreadTeam team = new ThreadTeam(1);
        Operation operation = new TernaryProduct(KernelTier.SCALAR, 16, 16, 1, 5)) {
      KernelBenchmark.Entry entry = new KernelBenchmark.Entry(operation, team, result);
      assertEquals(5, entry.timesInRound()); // without them it would be once, before the warm-up
      entry.measure();
      assertEquals(1, result.nanos().count());
    }
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
      assertTrue(
          o.reason().startsWith("kernels '" + o.tier() + "' cannot be used, for "), o::reason);
    }
    assertEquals(EnumSet.allOf(KernelTier.class), all);
    if (NativeLibrary.status() instanceof NativeLibrary.Loaded loaded) {
      assertTrue(running.containsAll(loaded.supported()), running::toString);
    }
  }
}
