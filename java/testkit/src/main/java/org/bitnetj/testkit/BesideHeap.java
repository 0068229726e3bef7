package org.bitnetj.testkit;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LongSummaryStatistics;
import java.util.regex.Pattern;
import javax.management.ObjectName;

/** The memory of this process that is not the Java heap, for tests that it does not grow. */
public final class BesideHeap {
  private BesideHeap() {}

  /** Resident bytes of all that is mapped but the Java heap; 0 where the system does not say. */
  public static long residentBytes() throws Exception {
    Path maps = Path.of("/proc/self/smaps");
    if (!Files.exists(maps)) {
      return 0;
    }
    LongSummaryStatistics heap =
        Pattern.compile("0x([0-9a-f]+)")
            .matcher(
                (String)
                    ManagementFactory.getPlatformMBeanServer()
                        .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "gcHeapInfo",
                            null,
                            null))
            .results()
            .mapToLong(address -> Long.parseLong(address.group(1), 16))
            .summaryStatistics();
    assertTrue(heap.getCount() >= 2, "this collector does not say where its heap is");
    long kilobytes = 0;
    boolean beside = true;
    for (String line : Files.readAllLines(maps)) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        long start = Long.parseUnsignedLong(line.substring(0, line.indexOf('-')), 16);
        beside = start < heap.getMin() || start >= heap.getMax();
      } else if (beside && line.startsWith("Rss:")) {
        kilobytes += Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    return kilobytes << 10;
  }
}
