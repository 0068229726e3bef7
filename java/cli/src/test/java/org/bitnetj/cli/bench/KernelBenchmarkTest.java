package org.bitnetj.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.ffi.NativeLibrary;
import org.junit.jupiter.api.Test;

class KernelBenchmarkTest {
  /** The build's tests are started with the module of the vector kernels. */
  @Test
  void everyTierIsMeasuredOrLeftOutForAReason() {
    List<OmittedTier> omitted = new ArrayList<>();
    List<KernelTier> running = KernelBenchmark.running(omitted);
    assertTrue(running.containsAll(List.of(KernelTier.SCALAR, KernelTier.VECTOR)), running::toString);
    Set<KernelTier> all = EnumSet.copyOf(running);
    for (OmittedTier o : omitted) {
      assertTrue(all.add(o.tier()), o::toString);
      assertTrue(o.reason().startsWith("kernels '" + o.tier() + "' cannot be used, for "), o::reason);
    }
    assertEquals(EnumSet.allOf(KernelTier.class), all);
    if (NativeLibrary.status() instanceof NativeLibrary.Loaded loaded) {
      assertTrue(running.containsAll(loaded.supported()), running::toString);
    }
  }
}
