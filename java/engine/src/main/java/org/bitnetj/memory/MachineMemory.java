package org.bitnetj.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How much memory this process may use at most. Known on Linux only: what {@code /proc/meminfo}
 * says the machine has, within the limits of the process's control groups; and everywhere what
 * {@value #LIMIT_PROPERTY} says, if that is less.
 */
public final class MachineMemory {
  /**
   * The system property whose bytes count as the machine's memory, if that is more, where it is
   * decided what fits: for sharing a machine, and for trying what a smaller one would do.
   */
  public static final String LIMIT_PROPERTY = "bitnet.memory.limit";

  private static final Pattern MEMINFO =
      Pattern.compile("^(MemTotal|SwapTotal): +(\\d{1,15}) kB$", Pattern.MULTILINE);

  private MachineMemory() {}

  /**
   * Bytes of physical memory and swap that this process may use; empty if not known.
   *
   * @throws IllegalArgumentException if {@value #LIMIT_PROPERTY} is not a number of bytes
   */
  public static OptionalLong bytes() {
    return bytes(Path.of("/"), limit(System.getProperty(LIMIT_PROPERTY)));
  }

  /**
   * Bytes that keys and values may take beside weights: what those leave, less an eighth for
   * everything else, or that eighth if they leave less.
   *
   * @param working bytes of the weights that a step reads
   */
  public static long leftBeside(long working) {
    long room = bytes().orElse(Long.MAX_VALUE >> 20);
    return Math.max(room - room / 8 - working, room / 8);
  }

  /**
   * @param property as it was given; null: it was not
   * @return 0 if there is no limit
   */
  static long limit(@Nullable String property) {
    if (property == null) {
      return 0;
    }
    if (!property.matches("[1-9][0-9]{0,17}")) {
      throw new IllegalArgumentException(
          LIMIT_PROPERTY + " must be a number of bytes, not '" + property + "'");
    }
    return Long.parseLong(property);
  }

  /**
   * @param limit what else limits it; 0 if nothing does
   */
  static OptionalLong bytes(Path root, long limit) {
    OptionalLong bytes = bytes(root);
    return limit <= 0 ? bytes : OptionalLong.of(Math.min(limit, bytes.orElse(Long.MAX_VALUE)));
  }

  static OptionalLong bytes(Path root) {
    long physical = 0;
    long swap = 0;
    Matcher line = MEMINFO.matcher(read(root.resolve("proc/meminfo")));
    while (line.find()) {
      long bytes = Long.parseLong(line.group(2)) << 10;
      if (line.group(1).equals("MemTotal")) {
        physical = bytes;
      } else {
        swap = bytes;
      }
    }
    if (physical == 0) {
      return OptionalLong.empty();
    }
    ControlGroups.Limits limits = ControlGroups.limits(root);
    long within = Math.min(physical, limits.memory()) + Math.min(swap, limits.swap());
    return OptionalLong.of(Math.min(within, limits.both()));
  }

  /** A small text file, empty if it cannot be read. */
  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return ""; // not Linux, or no control group
    }
  }
}
