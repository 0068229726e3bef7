package org.bitnetj.cli;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What the machine has besides a processor; Linux tells most, other systems what Java knows. */
final class Host {
  /** What kernels are, or one day may be, written for. */
  private static final List<String> FEATURES =
      List.of(
          "avx2",
          "fma",
          "f16c",
          "bmi2",
          "avx_vnni",
          "avx512f",
          "avx512bw",
          "avx512dq",
          "avx512vl",
          "avx512_vnni",
          "avx512_bf16",
          "amx_int8",
          "asimddp",
          "i8mm",
          "sve");

  private Host() {}

  /** Those of the processor's instruction sets that matter here; empty if not known. */
  static Optional<List<String>> instructions() {
    String cpu = read("/proc/cpuinfo");
    List<String> all =
        Stream.of("flags", "Features")
            .flatMap(key -> field(cpu, key).stream())
            .flatMap(flags -> Stream.of(flags.split(" ")))
            .toList();
    return all.isEmpty()
        ? Optional.empty()
        : Optional.of(FEATURES.stream().filter(all::contains).toList());
  }

  /** All memory that this process may have, by what the system or its container allows. */
  static long memory() {
    return management().getTotalMemorySize();
  }

  /** Memory that can be had without swapping. */
  static long availableMemory() {
    Optional<Long> kibibytes =
        field(read("/proc/meminfo"), "MemAvailable").map(v -> Long.parseLong(v.split(" ")[0]));
    return Math.min(
        memory(), kibibytes.map(k -> k << 10).orElseGet(() -> management().getFreeMemorySize()));
  }

  private static com.sun.management.OperatingSystemMXBean management() {
    return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class);
  }

  /**
   * When programs get huge pages: {@code always}, {@code madvise} (when they ask, as this one does)
   * or {@code never}; empty if not known.
   */
  static Optional<String> hugePages() {
    Matcher chosen =
        Pattern.compile("\\[(\\w+)]").matcher(read("/sys/kernel/mm/transparent_hugepage/enabled"));
    return chosen.find() ? Optional.of(chosen.group(1)) : Optional.empty();
  }

  static String gibibytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1 << 30));
  }

  /** The first value of {@code key : value} lines. */
  private static Optional<String> field(String lines, String key) {
    return lines
        .lines()
        .filter(line -> line.startsWith(key) && line.contains(":"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst();
  }

  private static String read(String file) {
    try {
      return Files.readString(Path.of(file));
    } catch (IOException | UnsupportedOperationException e) {
      return ""; // another system; it tells less
    }
  }
}
