package org.bitnetj.bench.energy;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The energy counters of Linux's power capping framework (Documentation/power/powercap), which
 * Intel's and AMD's processors fill: a folder {@code intel-rapl:N} for each processor package and
 * {@code intel-rapl:N:M} for what is in it or beside it. Packages count with all that is in them,
 * so {@code core} and {@code uncore} are left out; {@code dram} is beside its package; {@code psys}
 * is the whole platform and {@code intel-rapl-mmio} a second way to the same counters, both left
 * out.
 */
final class Powercap {
  /** Reads a file of one line. */
  @FunctionalInterface
  interface LineReader {
    String read(Path file) throws IOException;
  }

  /** No counter can be read; the message is what {@link NoEnergy} has. */
  static final class UnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    UnavailableException(String reason) {
      super(reason);
    }
  }

  /**
   * @param counter a file of microjoules, which begins again at 0 after {@code range}
   */
  private record Domain(Path counter, long range, boolean isDram) {}

  /** Processors with a smaller range would begin again too often to notice. */
  private static final long LEAST_RANGE =
      EnergyMeter.MOST_WATTS * EnergyMeter.SAMPLE_SECONDS * 1_000_000L;

  private final List<Domain> domains = new ArrayList<>();
  private final LineReader reader;

  /**
   * Finds the counters, and reads each once.
   *
   * @throws UnavailableException if there are none, or some cannot be read
   */
  Powercap(Path folder, LineReader reader) throws UnavailableException {
    this.reader = reader;
    for (Path path : folders(folder)) {
      String name = line(path.resolve("name"));
      boolean isDram = name.equals("dram");
      if (isDram || name.startsWith("package")) {
        domains.add(
            new Domain(
                path.resolve("energy_uj"), number(path.resolve("max_energy_range_uj")), isDram));
      }
    }
    if (domains.stream().allMatch(Domain::isDram)) {
      throw new UnavailableException("no processor package counts energy in " + folder);
    }
    for (Domain domain : domains) {
      if (domain.range < LEAST_RANGE) {
        throw new UnavailableException(
            domain.counter + " begins again after " + domain.range + " microjoules, too often");
      }
    }
    read();
  }

  private static List<Path> folders(Path folder) throws UnavailableException {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> all =
        Files.newDirectoryStream(
            folder, path -> path.getFileName().toString().startsWith("intel-rapl:"))) {
      all.forEach(found::add);
    } catch (NoSuchFileException | NotDirectoryException e) {
      throw new UnavailableException("this system has no " + folder);
    } catch (IOException e) {
      throw unreadable(folder, e);
    }
    Collections.sort(found);
    return found;
  }

  int count() {
    return domains.size();
  }

  boolean isDram(int index) {
    return domains.get(index).isDram;
  }

  /** All counters, in microjoules. */
  long[] read() throws UnavailableException {
    long[] values = new long[domains.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = number(domains.get(i).counter);
    }
    return values;
  }

  /** What a counter counted between two readings, if it began again once at most. */
  long difference(int index, long before, long after) {
    return after >= before ? after - before : after - before + domains.get(index).range;
  }

  private long number(Path file) throws UnavailableException {
    String line = line(file);
    try {
      return Long.parseLong(line);
    } catch (NumberFormatException e) {
      throw new UnavailableException(file + " holds no number");
    }
  }

  private String line(Path file) throws UnavailableException {
    try {
      return reader.read(file).strip();
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static UnavailableException unreadable(Path file, IOException e) {
    return new UnavailableException(
        file
            + " cannot be read"
            + switch (e) {
              case AccessDeniedException _ -> "; run as root or 'sudo chmod a+r " + file + "'";
              case NoSuchFileException _ -> ": it is not there, or hidden by a container";
              default -> ": " + e.getMessage();
            });
  }
}
