package org.bitnetj.kernel.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitnetj.kernel.KernelTier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NativeProbeTest {
  private NativeLibrary.Loaded library;

  @BeforeEach
  void needsTheLibrary() {
    assumeTrue(NativeLibrary.status() instanceof NativeLibrary.Loaded, "no native library");
    library = (NativeLibrary.Loaded) NativeLibrary.status();
  }

  @Test
  void everyTierReadsEveryByteAndMakesEveryProduct() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(10_007, 64);
      long sum = 0;
      for (int i = 0; i < bytes.byteSize(); i++) {
        bytes.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31));
        sum += i * 31 & 0xff;
      }
      for (KernelTier tier : library.supported()) {
        NativeProbe probe = new NativeProbe(library, tier);
        assertEquals(sum, probe.read(bytes), tier.label());
        long once = probe.multiply(1);
        assertTrue(once > 0, tier.label());
        assertEquals(100_000 * once, probe.multiply(100_000), tier.label());
      }
    }
  }

  @Test
  void aTierInJavaHasNoProbe() {
    assertThrows(IllegalArgumentException.class, () -> new NativeProbe(library, KernelTier.SCALAR));
  }
}
