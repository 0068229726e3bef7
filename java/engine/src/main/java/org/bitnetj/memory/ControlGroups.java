package org.bitnetj.memory;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The memory limits of this process's control groups on Linux. A process is bound by its own group
 * and by all groups above it, as far up as the hierarchy is mounted; a container sees only its part
 * of the hierarchy. Version 2 limits memory and swap each ({@code memory.max}, {@code
 * memory.swap.max}), version 1 memory and the sum of both ({@code memory.limit_in_bytes}, {@code
 * memory.memsw.limit_in_bytes}). A machine may mount both versions; then all limits count.
 *
 * <p>Formats: cgroups(7), proc_pid_mountinfo(5) and the kernel's {@code admin-guide/cgroup-v2.rst}
 * and {@code cgroup-v1/memory.rst}.
 */
final class ControlGroups {
  /**
   * Bytes, each {@link Long#MAX_VALUE} without a limit.
   *
   * @param memory most physical memory
   * @param swap most swap
   * @param both most of the two together
   */
  record Limits(long memory, long swap, long both) {
    static final Limits NONE = new Limits(Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE);

    Limits and(Limits others) {
      return new Limits(
          Math.min(memory, others.memory),
          Math.min(swap, others.swap),
          Math.min(both, others.both));
    }
  }

  private enum Version {
    V1("/sys/fs/cgroup/memory") {
      @Override
      boolean names(String[] line) {
        return List.of(line[1].split(",")).contains("memory");
      }

      @Override
      boolean isMount(String[] system) {
        return system[0].equals("cgroup") && List.of(system[2].split(",")).contains("memory");
      }

      @Override
      Limits read(Path group) {
        return new Limits(
            number(group.resolve("memory.limit_in_bytes")),
            Long.MAX_VALUE,
            number(group.resolve("memory.memsw.limit_in_bytes")));
      }
    },
    V2("/sys/fs/cgroup") {
      @Override
      boolean names(String[] line) {
        return line[0].equals("0") && line[1].isEmpty();
      }

      @Override
      boolean isMount(String[] system) {
        return system[0].equals("cgroup2");
      }

      @Override
      Limits read(Path group) {
        return new Limits(
            number(group.resolve("memory.max")),
            number(group.resolve("memory.swap.max")),
            Long.MAX_VALUE);
      }
    };

    /** Where it is mounted unless the system says otherwise. */
    final String folder;

    Version(String folder) {
      this.folder = folder;
    }

    /** Whether a line of {@code /proc/self/cgroup} names the process's group. */
    abstract boolean names(String[] line);

    /** Whether type, source and options of a mounted file system are those of this hierarchy. */
    abstract boolean isMount(String[] system);

    /** The limits in a group's folder. */
    abstract Limits read(Path group);
  }

  /**
   * A mounted hierarchy.
   *
   * @param top the group whose files are in {@code folder}
   */
  private record Mount(String top, String folder) {
    boolean shows(String group) {
      return top.equals("/") || group.equals(top) || group.startsWith(top + "/");
    }
  }

  // Without a limit the file holds "max", or in version 1 a number beyond all memory.
  private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");
  private static final Pattern OCTAL = Pattern.compile("\\\\([0-3][0-7]{2})");

  private ControlGroups() {}

  /** The limits of the process whose {@code /proc} and {@code /sys} are in {@code root}. */
  static Limits limits(Path root) {
    return limits(root, Version.V1).and(limits(root, Version.V2));
  }

  private static Limits limits(Path root, Version version) {
    String group = group(root, version);
    List<Mount> mounts = mounts(root, version);
    Limits limits = Limits.NONE;
    boolean shown = false;
    for (Mount mount : mounts) {
      if (mount.shows(group)) {
        shown = true;
        String below = group.substring(mount.top.equals("/") ? 0 : mount.top.length());
        limits = limits.and(walk(root, version, mount.folder, below));
      }
    }
    // A group outside of what is mounted: the best known is the container's own.
    return shown ? limits : walk(root, version, mounts.getFirst().folder, "");
  }

  /** The limits of a group below a mounted folder and of all groups from there up to the folder. */
  private static Limits walk(Path root, Version version, String folder, String below) {
    Path top = resolve(root, folder);
    Path group = resolve(top, below).normalize();
    Limits limits = version.read(top);
    for (; group.startsWith(top) && !group.equals(top); group = group.getParent()) {
      limits = limits.and(version.read(group));
    }
    return limits;
  }

  private static Path resolve(Path folder, String absolute) {
    try {
      return folder.resolve(absolute.replaceFirst("^/+", ""));
    } catch (InvalidPathException e) { // a name that this process's locale cannot spell
      return folder;
    }
  }

  private static String group(Path root, Version version) {
    return MachineMemory.read(root.resolve("proc/self/cgroup"))
        .lines()
        .map(line -> line.split(":", 3))
        .filter(line -> line.length == 3 && version.names(line))
        .map(line -> line[2])
        .findFirst()
        .orElse("/");
  }

  private static List<Mount> mounts(Path root, Version version) {
    List<Mount> mounts = new ArrayList<>();
    for (String line : MachineMemory.read(root.resolve("proc/self/mountinfo")).split("\n")) {
      String[] halves = line.split(" - ", 2);
      String[] place = halves[0].split(" ");
      String[] system = halves.length == 2 ? halves[1].split(" ") : new String[0];
      if (place.length > 4 && system.length > 2 && version.isMount(system)) {
        mounts.add(new Mount(unescape(place[3]), unescape(place[4])));
      }
    }
    return mounts.isEmpty() ? List.of(new Mount("/", version.folder)) : mounts;
  }

  /** Mountinfo writes spaces and the like as a backslash and three octal digits. */
  private static String unescape(String field) {
    return OCTAL
        .matcher(field)
        .replaceAll(
            code -> Matcher.quoteReplacement("" + (char) Integer.parseInt(code.group(1), 8)));
  }

  private static long number(Path file) {
    String text = MachineMemory.read(file).strip();
    return NUMBER.matcher(text).matches() ? Long.parseLong(text) : Long.MAX_VALUE;
  }
}
