package org.bitnetj.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * What something was measured on.
 *
 * @param cpu the processor's name as the system gives it
 * @param processors how many this process may use
 * @param cacheBytes the largest cache, or empty if the system does not say
 * @param system operating system and architecture
 * @param java the JDK
 */
public record Machine(
    String cpu, int processors, OptionalLong cacheBytes, String system, String java) {
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
  private static final Path CACHES = Path.of("/sys/devices/system/cpu/cpu0/cache");
  private static final Path STATUS = Path.of("/proc/self/status");

  /** This one. */
  public static Machine here() {
    String architecture = System.getProperty("os.arch");
    return new Machine(
        valueOf(CPU_INFO, "model name", "unnamed " + architecture + " processor"),
        Runtime.getRuntime().availableProcessors(),
        largestCache(),
        System.getProperty("os.name") + " " + System.getProperty("os.version") + " " + architecture,
        System.getProperty("java.vm.name") + " " + Runtime.version());
  }

  /** Bytes of memory this process holds; empty where the system does not say. */
  public static OptionalLong residentBytes() {
    return statusBytes("VmRSS");
  }

  /** The most it ever held. */
  public static OptionalLong peakResidentBytes() {
    return statusBytes("VmHWM");
  }

  private static OptionalLong statusBytes(String key) {
    String value = valueOf(STATUS, key, "");
    return value.endsWith(" kB")
        ? OptionalLong.of(1024 * Long.parseLong(value.replaceAll("\\D", "")))
        : OptionalLong.empty();
  }

  /** What follows {@code key} and a colon in a file of the kernel. */
  private static String valueOf(Path file, String key, String otherwise) {
    try (Stream<String> lines = Files.lines(file, StandardCharsets.UTF_8)) {
      return lines
          .filter(line -> line.startsWith(key))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(otherwise);
    } catch (IOException e) {
      return otherwise; // not Linux
    }
  }

  private static OptionalLong largestCache() {
    long largest = 0;
    for (int index = 0; Files.exists(CACHES.resolve("index" + index)); index++) {
      try {
        String size = Files.readString(CACHES.resolve("index" + index + "/size")).strip();
        largest = Math.max(largest, cacheBytes(size));
      } catch (IOException | NumberFormatException e) {
        return OptionalLong.empty();
      }
    }
    return largest > 0 ? OptionalLong.of(largest) : OptionalLong.empty();
  }

  /** Bytes of a size such as {@code 32768K}. */
  private static long cacheBytes(String size) {
    long unit =
        switch (size.toUpperCase(Locale.ROOT).charAt(size.length() - 1)) {
          case 'K' -> 1L << 10;
          case 'M' -> 1L << 20;
          default -> 1;
        };
    return unit * Long.parseLong(size.replaceAll("\\D", ""));
  }
}
