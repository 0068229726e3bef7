package org.bitnetj.bench;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalLong;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.ffi.NativeLibrary;
import org.bitnetj.parallel.ThreadTeam;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class MachineSpeedTest {
  private static final long SAMPLE_NANOS = 20_000_000L;

  /** A shorter one than asked for would measure how threads start and join. */
  @Test
  void aSampleIsLong() {
    Assumptions.assumeTrue(
        NativeLibrary.status() instanceof NativeLibrary.Loaded, "the native library is not there");
    try (ThreadTeam team = new ThreadTeam(2);
        MachineSpeed speed =
            MachineSpeed.of(NativeLibrary.status(), OptionalLong.empty(), team, SAMPLE_NANOS)
                .orElseThrow()) {
      long start = System.nanoTime();
      assertTrue(speed.readRate(team) > 0);
      long middle = System.nanoTime();
      assertTrue(speed.productRate(team) > 0);
      assertTrue(middle - start >= SAMPLE_NANOS);
      assertTrue(System.nanoTime() - middle >= SAMPLE_NANOS);
      middle = System.nanoTime();
      assertTrue(speed.productRate(team, KernelTier.C) > 0);
      assertTrue(System.nanoTime() - middle >= SAMPLE_NANOS);
      assertThrows(
          IllegalArgumentException.class, () -> speed.productRate(team, KernelTier.SCALAR));
    }
  }
}
