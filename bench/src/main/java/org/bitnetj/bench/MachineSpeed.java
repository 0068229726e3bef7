package org.bitnetj.bench;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
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
 * Measures what memory and arithmetic units give at best: bytes read per second from a buffer, or
 * from weights, far larger than the caches, and int8 products summed per second in registers, by
 * the best instructions of this machine or by those of a tier. For one thread at a time.
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
  private final long sum; // of the bytes of all chunks
  private final boolean ofWeights;
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
      List<MemorySegment> weights,
      ThreadTeam team,
      long sampleNanos) {
    this.sampleNanos = sampleNanos;
    this.tier = tier;
    library
        .supported()
        .forEach(supported -> probes.put(supported, new NativeProbe(library, supported)));
    multiplier = probe(tier);
    Arrays.fill(parts, LEAST_PARTS);
    MemorySegment[] given = chunks(weights, (int) (bytes / CHUNK));
    ofWeights = given.length == bytes / CHUNK;
    if (ofWeights) {
      chunks = given;
      team.run(read, chunks.length, 1);
      sum = result.sum();
    } else {
      chunks = chunks(List.of(memory.allocate(bytes)), (int) (bytes / CHUNK));
      // Pages that were never written would all be one page of zeros.
      team.run((begin, end) -> fill(begin, end), chunks.length, 1);
      sum = bytes;
    }
    for (int i = 0; i < WARM_UP_SAMPLES; i++) {
      readRate(team);
      productRate(team);
    }
  }

  /** The first chunks of segments, as many as are wanted and there. */
  private static MemorySegment[] chunks(List<MemorySegment> segments, int most) {
    List<MemorySegment> chunks = new ArrayList<>();
    for (MemorySegment segment : segments) {
      for (long at = 0; at + CHUNK <= segment.byteSize() && chunks.size() < most; at += CHUNK) {
        chunks.add(segment.asSlice(at, CHUNK));
      }
    }
    return chunks.toArray(MemorySegment[]::new);
  }

  /** Bytes of the buffer that is four times the largest cache, from 256 MiB to 1 GiB. */
  static long bufferBytes(OptionalLong cacheBytes) {
    return Math.clamp(4 * cacheBytes.orElse(0), LEAST_BUFFER, MOST_BUFFER) / CHUNK * CHUNK;
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
    return of(status, cacheBytes, List.of(), team, sampleNanos);
  }

  /**
   * The same, reading weights that are in memory anyway, if they have as many bytes as the buffer
   * would.
   *
   * @param weights must stay as they are until this is closed
   */
  static Optional<MachineSpeed> of(
      NativeLibrary.Status status,
      OptionalLong cacheBytes,
      List<MemorySegment> weights,
      ThreadTeam team,
      long sampleNanos) {
    return switch (status) {
      case NativeLibrary.Missing missing -> Optional.empty();
      case NativeLibrary.Loaded library -> {
        long bytes = bufferBytes(cacheBytes);
        KernelTier best =
            KernelSelection.PREFERENCE.stream()
                .filter(library.supported()::contains)
                .findFirst()
                .orElse(KernelTier.C);
        yield Optional.of(new MachineSpeed(library, best, bytes, weights, team, sampleNanos));
      }
    };
  }

  /** Whose instructions it measures. */
  public KernelTier tier() {
    return tier;
  }

  /** What it reads, and by whose instructions. */
  public Probe probe() {
    return new Probe(tier, bytes(), ofWeights);
  }

  private long bytes() {
    return (long) chunks.length * CHUNK;
  }

  /** Bytes of memory that it takes: its buffer, if it has one. */
  public long ownBytes() {
    return memory.allocated();
  }

  /** One sample: bytes read per second by all threads of {@code team} together. */
  public double readRate(ThreadTeam team) {
    while (true) {
      result.reset();
      long start = System.nanoTime();
      team.run(read, chunks.length * passes, 1);
      long nanos = System.nanoTime() - start;
      if (result.sum() != sum * passes) {
        throw new IllegalStateException("the read probe summed " + result.sum());
      }
      if (nanos >= sampleNanos || passes >= MOST_PARTS / chunks.length) {
        return bytes() * (double) passes / nanos * 1e9;
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
