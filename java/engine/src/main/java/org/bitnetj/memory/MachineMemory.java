package org.bitnetj.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How much memory there is at all for this process. Known on Linux only: from {@code /proc/meminfo}
 * and, in a container, from the limit of its control group (version 2 or 1).
 */
public final class MachineMemory {
  private static final Pattern MEMINFO =
      Pattern.compile("^(MemTotal|SwapTotal): +(\\d{1,15}) kB$", Pattern.MULTILINE);
  private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");

  private MachineMemory() {}

  /** Physical memory, or the container's share of it, and swap, in bytes; empty if not known. */
  public static OptionalLong bytes() {
    return bytes(Path.of("/"));
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
    for (String limit : new String[] {"memory.max", "memory/memory.limit_in_bytes"}) {
      // Without a limit: "max", or a number beyond all memory.
      String text = read(root.resolve("sys/fs/cgroup").resolve(limit)).strip();
      if (NUMBER.matcher(text).matches()) {
        physical = Math.min(physical, Long.parseLong(text));
      }
    }
    return OptionalLong.of(physical + swap);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return ""; // not Linux, or no control group
    }
  }
}
