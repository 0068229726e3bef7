package org.bitnetj.memory;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The memory nodes of a machine with several (NUMA) on Linux. Which thread reads which weights
 * changes from step to step, since threads claim them as they become free; so no node is the right
 * one for a page, and pages are interleaved over the nodes of all processors that this process may
 * use: each thread then reads from all nodes alike, and the nodes' bandwidths add up.
 *
 * <p>Only new anonymous pages are placed, by {@code mbind}. A mapped file's pages lie where the
 * first process that read them got them. A policy that the user chose ({@code numactl}) stays.
 */
final class MemoryNodes {
  private static final Path SYSTEM = Path.of("/sys/devices/system/node");
  private static final Path STATUS = Path.of("/proc/self/status");

  private static final long MPOL_DEFAULT = 0;
  private static final long MPOL_INTERLEAVE = 3;

  /** Numbers of system calls, by the value of os.arch. */
  private record Calls(long mbind, long getMempolicy) {
    static @Nullable Calls of(String architecture) {
      return switch (architecture) {
        case "amd64" -> new Calls(237, 239);
        case "aarch64" -> new Calls(235, 236);
        default -> null;
      };
    }
  }

  /** The C library has no function of its own for these calls. */
  private static final class Kernel {
    private static final @Nullable Calls CALLS = Calls.of(System.getProperty("os.arch"));
    private static final @Nullable MethodHandle SYSCALL = syscall();

    /** Bits of nodes in a word for the kernel; never freed. */
    private static final MemorySegment WORD = Arena.global().allocate(8, 8);

    private static @Nullable MethodHandle syscall() {
      if (CALLS == null || !NativeAccess.isGranted()) {
        return null;
      }
      ValueLayout.OfLong word = ValueLayout.JAVA_LONG;
      return Linker.nativeLinker()
          .defaultLookup()
          .find("syscall")
          .map(
              address ->
                  Linker.nativeLinker()
                      .downcallHandle(
                          address,
                          FunctionDescriptor.of(word, word, word, word, word, word, word, word),
                          Linker.Option.firstVariadicArg(1)))
          .orElse(null);
    }

    private static long call(long number, long a, long b, long c, long d, long e, long f) {
      try {
        return (long) SYSCALL.invokeExact(number, a, b, c, d, e, f);
      } catch (Throwable t) {
        throw new AssertionError(t);
      }
    }
  }

  /** Those of this machine, as bits. */
  private static final long HERE = of(SYSTEM, STATUS);

  /** A refusal is for good, as in containers without CAP_SYS_NICE: then nothing is asked again. */
  private static volatile boolean refused;

  private MemoryNodes() {}

  /** Places the pages of new anonymous memory, where there are several nodes. Allocates nothing. */
  static void interleave(long address, long bytes) {
    if (Long.bitCount(HERE) > 1 && !refused) {
      refused = !interleave(address, bytes, HERE);
    }
  }

  /**
   * Spreads pages, huge ones as a whole, over nodes in turn.
   *
   * @param nodes as bits
   * @return whether the system did so
   */
  static synchronized boolean interleave(long address, long bytes, long nodes) {
    if (Kernel.SYSCALL == null || Kernel.CALLS == null) {
      return false;
    }
    Kernel.WORD.set(ValueLayout.JAVA_LONG, 0, -1);
    long word = Kernel.WORD.address();
    // The process's own policy, as an int.
    if (Kernel.call(Kernel.CALLS.getMempolicy(), word, 0, 0, 0, 0, 0) != 0
        || Kernel.WORD.get(ValueLayout.JAVA_INT, 0) != MPOL_DEFAULT) {
      return false;
    }
    Kernel.WORD.set(ValueLayout.JAVA_LONG, 0, nodes);
    // The kernel takes one bit less than it is told.
    long bits = Long.SIZE + 1;
    return Kernel.call(Kernel.CALLS.mbind(), address, bytes, MPOL_INTERLEAVE, word, bits, 0) == 0;
  }

  /**
   * The nodes that have memory and some processor that the process may run on.
   *
   * @param system a folder like {@code /sys/devices/system/node}
   * @param status a file like {@code /proc/self/status}
   * @return as bits; 0 if that is not known, or there is a node 64 or more
   */
  static long of(Path system, Path status) {
    try {
      BitSet memory = list(Files.readString(system.resolve("has_memory")));
      if (memory.length() > Long.SIZE || memory.cardinality() < 2) {
        return memory.length() > Long.SIZE ? 0 : first(memory);
      }
      BitSet processors = allowed(status, "Cpus_allowed_list:");
      memory.and(allowed(status, "Mems_allowed_list:"));
      for (int node = memory.nextSetBit(0); node >= 0; node = memory.nextSetBit(node + 1)) {
        Path own = system.resolve("node" + node).resolve("cpulist");
        memory.set(node, list(Files.readString(own)).intersects(processors));
      }
      return first(memory);
    } catch (IOException | NumberFormatException e) {
      return 0; // not Linux, or a container that hides it
    }
  }

  private static long first(BitSet bits) {
    return bits.isEmpty() ? 0 : bits.toLongArray()[0];
  }

  private static BitSet allowed(Path status, String key) throws IOException {
    try (Stream<String> lines = Files.lines(status)) {
      return list(
          lines
              .filter(line -> line.startsWith(key))
              .map(line -> line.substring(key.length()))
              .findFirst()
              .orElse(""));
    }
  }

  /** Numbers in the kernel's notation: {@code 0-3,8,10-11}. */
  private static BitSet list(String text) {
    BitSet numbers = new BitSet();
    for (String range : text.strip().split(",")) {
      if (!range.isEmpty()) {
        String[] ends = range.split("-");
        numbers.set(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]) + 1);
      }
    }
    return numbers;
  }
}
