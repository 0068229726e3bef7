package org.bitnetj.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class MemoryNodesTest {
  @TempDir private Path folder;

  /** Two sockets of eight processors, the second with its memory in two nodes. */
  private void twoSockets() throws IOException {
    Files.writeString(folder.resolve("has_memory"), "0-2\n");
    node(0, "0-3,8-11");
    node(1, "4-7,12-15");
    node(2, ""); // memory without processors, such as CXL's
  }

  private void node(int number, String processors) throws IOException {
    Path node = Files.createDirectories(folder.resolve("node" + number));
    Files.writeString(node.resolve("cpulist"), processors + "\n");
  }

  private long nodes(String processors, String memory) throws IOException {
    Path status =
        Files.writeString(
            folder.resolve("status"),
            "Name:\tjava\nCpus_allowed:\tffff\nCpus_allowed_list:\t%s\nMems_allowed_list:\t%s\n"
                .formatted(processors, memory));
    return MemoryNodes.of(folder, status);
  }

  @Test
  void nodesAreThoseWithMemoryAndProcessorsOfTheProcess() throws IOException {
    twoSockets();
    assertEquals(0b011, nodes("0-15", "0-2"));
    assertEquals(0b011, nodes("3,12", "0-2"));
    assertEquals(0b001, nodes("0-3,8-11", "0-2"), "a process on the first socket");
    assertEquals(0b010, nodes("5", "0-2"), "a process on the second");
    assertEquals(0b001, nodes("0-15", "0"), "a container with the memory of the first");
  }

  @Test
  void aMachineWithOneNodeIsNotLookedAtFurther() throws IOException {
    Files.writeString(folder.resolve("has_memory"), "0\n");
    assertEquals(1, MemoryNodes.of(folder, folder.resolve("status")));
  }

  @Test
  void whatIsNotKnownIsNone() throws IOException {
    assertEquals(0, MemoryNodes.of(folder.resolve("none"), folder.resolve("status")));
    Files.writeString(folder.resolve("has_memory"), "0-1\n");
    assertEquals(0, MemoryNodes.of(folder, folder.resolve("status")));
    Files.writeString(folder.resolve("has_memory"), "all\n");
    assertEquals(0, MemoryNodes.of(folder, folder.resolve("status")));
    Files.writeString(folder.resolve("has_memory"), "0-64\n");
    assertEquals(0, MemoryNodes.of(folder, folder.resolve("status")));
  }

  /** On a machine with one node too, the kernel shows how pages are placed. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void pagesAreInterleaved() throws IOException {
    Path maps = Path.of("/proc/self/numa_maps");
    assumeTrue(Files.exists(maps), "the kernel knows no nodes");
    MemorySegment pages = Pages.reserve(4 * Pages.HUGE_PAGE);
    long middle = Pages.roundUp(pages.address() + 1, Pages.HUGE_PAGE);
    assumeTrue(
        MemoryNodes.interleave(middle, Pages.HUGE_PAGE, 1),
        "the system refuses (in a container, without CAP_SYS_NICE), or has a policy");
    try (Stream<String> lines = Files.lines(maps)) {
      assertTrue(
          lines.anyMatch(line -> line.startsWith("%08x interleave:0".formatted(middle))),
          "no pages at %x are interleaved".formatted(middle));
    }
    Pages.unmap(pages);
  }

  /** Whether all of an owner's memory is in pages that were placed since the begin of a test. */
  private static boolean covers(Collection<Range> placed, MemorySegment memory) {
    return placed.stream()
        .anyMatch(
            range ->
                range.address <= memory.address()
                    && memory.address() + memory.byteSize() <= range.address + range.bytes);
  }

  private record Range(long address, long bytes) {}

  @Test
  @EnabledOnOs(OS.LINUX)
  void allLargeAnonymousMemoryIsPlaced() throws IOException {
    long large = 2 * Pages.HUGE_PAGE;
    Path file = Files.write(folder.resolve("file"), new byte[(int) large]);
    Collection<Range> placed = new ConcurrentLinkedQueue<>();
    Pages.Placement real = Pages.placement;
    Pages.placement = (address, bytes) -> placed.add(new Range(address, bytes));
    try (NativeMemory memory = new NativeMemory();
        Reservation reservation = new Reservation(large);
        FileBytes read = FileBytes.read(file)) {
      assertTrue(covers(placed, memory.allocate(64 << 20)), "a block of its own");
      assertTrue(covers(placed, memory.allocate(100_000)), "a block in a slab");
      assertTrue(covers(placed, reservation.segment()), "a reservation");
      assertTrue(covers(placed, read.segment()), "a file that was read");
      MemorySegment pages = Pages.map(large);
      assertTrue(covers(placed, pages), "pages");
      placed.clear();
      Pages.replace(pages.address(), large);
      assertTrue(covers(placed, pages), "replaced pages");
      Pages.unmap(pages);
    } finally {
      Pages.placement = real;
    }
  }
}
