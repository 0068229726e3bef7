package org.bitnetj.bench;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.LongAdder;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.ffi.NativeLibrary;
import org.bitnetj.kernel.ffi.NativeProbe;
import org.bitnetj.kernel.selection.KernelSelection;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.parallel.ThreadTeam;

/**
 * Measures what memory and arithmetic units give at best: bytes read per second from a buffer far
 * larger than the caches, and int8 products summed per second in registers, by the best
 * instructions of this machine or by those of a tier. For one thread at a time.
 */
public final class MachineSpeed implements AutoCloseable {
  private static final long LEAST_BUFFER = 256L << 20;
  private static final long MOST_BUFFER = 1L << 30;
  private static final int CHUNK = 1 << 20;
  private static final int ROUNDS = 20_000;

  /** Samples that are thrown away at first, while pages, caches and the JIT compiler warm up. */
  private static final int WARM_UP_SAMPLES = 2;

  private static final int LEAST_PARTS = 16;
  private static final int MOST_PARTS = 1 << 24;

  private final NativeMemory memory = new NativeMemory();
  private final long sampleNanos;
  private final KernelTier tier;
  private final Map<KernelTier, NativeProbe> probes = new EnumMap<>(KernelTier.class);
  private final MemorySegment[] chunks;
  private final LongAdder result = new LongAdder();
  private final ThreadTeam.Task read = this::read;
  private final ThreadTeam.Task multiply = this::multiply;

  /** Passes over the buffer in one sample. */
  private int passes = 1;

  /** Parts of the multiplication for each thread in one sample, by tiers. */
  private final int[] parts = new int[KernelTier.values().length];

  /** Multiplies in the sample that is being taken. */
  private NativeProbe multiplier;

  private MachineSpeed(
      NativeLibrary.Loaded library,
      KernelTier tier,
      long bytes,
      ThreadTeam team,
      long sampleNanos) {
    this.sampleNanos = sampleNanos;
    this.tier = tier;
    library
        .supported()
        .forEach(supported -> probes.put(supported, new NativeProbe(library, supported)));
    multiplier = probe(tier);
    Arrays.fill(parts, LEAST_PARTS);
    MemorySegment buffer = memory.allocate(bytes);
    chunks = new MemorySegment[(int) (bytes / CHUNK)];
    for (int i = 0; i < chunks.length; i++) {
      chunks[i] = buffer.asSlice((long) i * CHUNK, CHUNK);
    }
    // Pages that were never written would all be one page of zeros.
    team.run((begin, end) -> fill(begin, end), chunks.length, 1);
    for (int i = 0; i < WARM_UP_SAMPLES; i++) {
      readRate(team);
      productRate(team);
    }
  }

  /**
   * Gets ready to measure; the buffer is four times the largest cache, at least 256 MiB and at most
   * 1 GiB.
   *
   * @param sampleNanos what a sample takes at least; should be long against what a thread team
   *     takes to start and to join, some 10 µs
   * @return empty without a native library, which the loops need
   */
  public static Optional<MachineSpeed> of(
      NativeLibrary.Status status, OptionalLong cacheBytes, ThreadTeam team, long sampleNanos) {
    return switch (status) {
      case NativeLibrary.Missing missing -> Optional.empty();
      case NativeLibrary.Loaded library -> {
        long bytes =
            Math.clamp(4 * cacheBytes.orElse(0), LEAST_BUFFER, MOST_BUFFER) / CHUNK * CHUNK;
        KernelTier best =
            KernelSelection.PREFERENCE.stream()
                .filter(library.supported()::contains)
                .findFirst()
                .orElse(KernelTier.C);
        yield Optional.of(new MachineSpeed(library, best, bytes, team, sampleNanos));
      }
    };
  }

  /** Whose instructions it measures. */
  public KernelTier tier() {
    return tier;
  }

  /** Bytes of the buffer. */
  public long bufferBytes() {
    return (long) chunks.length * CHUNK;
  }

  /** One sample: bytes read per second by all threads of {@code team} together. */
  public double readRate(ThreadTeam team) {
    while (true) {
      result.reset();
      long start = System.nanoTime();
      team.run(read, chunks.length * passes, 1);
      long nanos = System.nanoTime() - start;
      if (result.sum() != bufferBytes() * passes) { // every byte is 1
        throw new IllegalStateException("the read probe summed " + result.sum());
      }
      if (nanos >= sampleNanos || passes >= MOST_PARTS / chunks.length) {
        return bufferBytes() * (double) passes / nanos * 1e9;
      }
      passes *= 2;
    }
  }

  /** One sample: int8 products summed per second by all threads of {@code team} together. */
  public double productRate(ThreadTeam team) {
    return productRate(team, tier);
  }

  /**
   * The same by the instructions of a tier.
   *
   * @throws IllegalArgumentException if it is in Java or does not run here
   */
  public double productRate(ThreadTeam team, KernelTier by) {
    multiplier = probe(by);
    while (true) {
      int each = parts[by.ordinal()];
      result.reset();
      long start = System.nanoTime();
      team.run(multiply, Math.multiplyExact(team.threads(), each), 1);
      long nanos = System.nanoTime() - start;
      if (nanos >= sampleNanos || each >= MOST_PARTS / team.threads()) {
        return result.sum() / (double) nanos * 1e9;
      }
      parts[by.ordinal()] *= 2;
    }
  }

  private NativeProbe probe(KernelTier by) {
    NativeProbe probe = probes.get(by);
    if (probe == null) {
      throw new IllegalArgumentException("the native library does not run " + by + " here");
    }
    return probe;
  }

  private void fill(int begin, int end) {
    for (int i = begin; i < end; i++) {
      chunks[i].fill((byte) 1);
    }
  }

  private void read(int begin, int end) {
    for (int i = begin; i < end; i++) {
      result.add(probe(tier).read(chunks[i % chunks.length]));
    }
  }

  private void multiply(int begin, int end) {
    for (int i = begin; i < end; i++) {
      result.add(multiplier.multiply(ROUNDS));
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
