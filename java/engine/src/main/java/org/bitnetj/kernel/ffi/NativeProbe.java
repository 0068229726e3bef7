package org.bitnetj.kernel.ffi;

import java.lang.foreign.MemorySegment;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.ffi.bindings.BitnetLibrary;

/**
 * What a machine can do at best, for benchmarks to compare kernels with: the two loops to be timed,
 * one that reads memory and one that multiplies in registers. Thread-safe; allocates nothing.
 */
public final class NativeProbe {
  private final int id;

  /**
   * @throws IllegalArgumentException if {@code library} does not support {@code tier} here
   */
  public NativeProbe(NativeLibrary.Loaded library, KernelTier tier) {
    if (!library.supported().contains(tier)) {
      throw new IllegalArgumentException(
          "the native library runs " + library.supported() + " on this machine, not " + tier);
    }
    this.id = tier.nativeId();
  }

  /** Reads all of {@code bytes}; their sum as unsigned numbers. */
  public long read(MemorySegment bytes) {
    return BitnetLibrary.bn_sum_bytes(id, bytes, bytes.byteSize());
  }

  /**
   * Multiplies and adds int8 numbers as fast as the tier's instructions allow.
   *
   * @param rounds how long, at most 2^24
   * @return how many products were summed
   */
  public long multiply(int rounds) {
    return BitnetLibrary.bn_peak_products(id, rounds);
  }
}
