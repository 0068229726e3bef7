package org.bitnetj.cli.bench;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.LongAdder;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.ThreadTeam;
import org.bitnetj.kernel.ffi.NativeLibrary;
import org.bitnetj.kernel.ffi.NativeProbe;
import org.bitnetj.memory.NativeMemory;

/**
 * Measures what memory and arithmetic units give at best: bytes read per second from a buffer far
 * larger than the caches, and int8 products summed per second in registers, by the best
 * instructions of this machine. Each call is one sample of some tens of milliseconds. For one
 * thread at a time.
 */
public final class MachineSpeed implements AutoCloseable {
  private static final long LEAST_BUFFER = 256L << 20;
  private static final long MOST_BUFFER = 1L << 30;
  private static final int CHUNK = 1 << 20;
  private static final int ROUNDS = 50_000;
  private static final int PARTS_PER_THREAD = 16;

  private final NativeMemory memory = new NativeMemory();
  private final KernelTier tier;
  private final NativeProbe probe;
  private final MemorySegment[] chunks;
  private final LongAdder result = new LongAdder();
  private final ThreadTeam.Task read = this::read;
  private final ThreadTeam.Task multiply = this::multiply;

  private MachineSpeed(NativeLibrary.Loaded library, KernelTier tier, long bytes, ThreadTeam team) {
    this.tier = tier;
    this.probe = new NativeProbe(library, tier);
    MemorySegment buffer = memory.allocate(bytes);
    chunks = new MemorySegment[(int) (bytes / CHUNK)];
    for (int i = 0; i < chunks.length; i++) {
      chunks[i] = buffer.asSlice((long) i * CHUNK, CHUNK);
    }
    // Pages that were never written would all be one page of zeros.
    team.run((begin, end) -> fill(begin, end), chunks.length, 1);
  }

  /**
   * Gets ready to measure; the buffer is four times the largest cache, at least 256 MiB and at most
   * 1 GiB.
   *
   * @return empty without a native library, which the loops need
   */
  public static Optional<MachineSpeed> of(
      NativeLibrary.Status status, OptionalLong cacheBytes, ThreadTeam team) {
    return switch (status) {
      case NativeLibrary.Missing missing -> Optional.empty();
      case NativeLibrary.Loaded library -> {
        long bytes =
            Math.clamp(4 * cacheBytes.orElse(0), LEAST_BUFFER, MOST_BUFFER) / CHUNK * CHUNK;
        KernelTier best =
            library.supported().stream().reduce(KernelTier.C, (a, b) -> a.compareTo(b) > 0 ? a : b);
        yield Optional.of(new MachineSpeed(library, best, bytes, team));
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

  /** Bytes read per second by all threads of {@code team} together. */
  public double readRate(ThreadTeam team) {
    result.reset();
    long start = System.nanoTime();
    team.run(read, chunks.length, 1);
    double seconds = (System.nanoTime() - start) * 1e-9;
    if (result.sum() != bufferBytes()) { // every byte is 1
      throw new IllegalStateException("the read probe summed " + result.sum());
    }
    return bufferBytes() / seconds;
  }

  /** Int8 products summed per second by all threads of {@code team} together. */
  public double productRate(ThreadTeam team) {
    result.reset();
    long start = System.nanoTime();
    team.run(multiply, team.threads() * PARTS_PER_THREAD, 1);
    return result.sum() / ((System.nanoTime() - start) * 1e-9);
  }

  private void fill(int begin, int end) {
    for (int i = begin; i < end; i++) {
      chunks[i].fill((byte) 1);
    }
  }

  private void read(int begin, int end) {
    for (int i = begin; i < end; i++) {
      result.add(probe.read(chunks[i]));
    }
  }

  private void multiply(int begin, int end) {
    for (int i = begin; i < end; i++) {
      result.add(probe.multiply(ROUNDS));
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
