package org.bitnetj.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.OptionalLong;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.ffi.NativeLibrary;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.parallel.ThreadTeam;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class MachineSpeedTest {
  private static final long SAMPLE_NANOS = 20_000_000L;

  /** Beside a model that leaves little memory, no more is taken. */
  @Test
  void weightsAreReadInPlaceIfThereAreEnough() {
    Assumptions.assumeTrue(
        NativeLibrary.status() instanceof NativeLibrary.Loaded, "the native library is not there");
    OptionalLong none = OptionalLong.empty();
    long bytes = MachineSpeed.bufferBytes(none);
    try (NativeMemory memory = new NativeMemory();
        ThreadTeam team = new ThreadTeam(1)) {
      MemorySegment some = memory.allocate(bytes / 2 + 100).fill((byte) 3);
      MemorySegment more = memory.allocate(bytes / 2).fill((byte) 200);
      try (MachineSpeed speed = of(none, List.of(some, more), team)) {
        assertEquals(0, speed.ownBytes());
        assertEquals("256 MiB of the model's weights", speed.probe().memory());
        assertTrue(speed.readRate(team) > 0);
        more.set(ValueLayout.JAVA_BYTE, 5, (byte) 201);
        assertThrows(IllegalStateException.class, () -> speed.readRate(team), "they were read");
      }
      try (MachineSpeed speed = of(none, List.of(some), team)) {
        assertTrue(speed.ownBytes() >= bytes);
        assertEquals("256 MiB of a buffer of its own", speed.probe().memory());
        assertTrue(speed.readRate(team) > 0);
      }
    }
  }

  private static MachineSpeed of(
      OptionalLong cacheBytes, List<MemorySegment> weights, ThreadTeam team) {
    return MachineSpeed.of(NativeLibrary.status(), cacheBytes, weights, team, 1).orElseThrow();
  }

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
