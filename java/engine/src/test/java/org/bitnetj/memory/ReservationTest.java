package org.bitnetj.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReservationTest {
  private static final long MIB = 1L << 20;

  /** Resident bytes of the mapping that an address is in. */
  private static long resident(MemorySegment segment) throws IOException {
    return smaps(segment, "Rss");
  }

  private static long smaps(MemorySegment segment, String field) throws IOException {
    boolean inside = false;
    for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
      String[] words = line.split("[ -]+");
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        long address = segment.address();
        inside =
            Long.parseUnsignedLong(words[0], 16) <= address
                && address < Long.parseUnsignedLong(words[1], 16);
      } else if (inside && line.startsWith(field + ":")) {
        return Long.parseLong(words[1]) << 10;
      }
    }
    throw new AssertionError("no " + field + " for the mapping of " + segment);
  }

  private static void assumeOvercommit() throws IOException {
    String mode = Files.readString(Path.of("/proc/sys/vm/overcommit_memory")).strip();
    assumeFalse(mode.equals("2"), "this system promises no more memory than it has");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aReservationLargerThanTheMachineTakesNoMemory() throws IOException {
    assumeOvercommit();
    long bytes = 2 * MachineMemory.bytes().orElseThrow();
    try (Reservation reservation = new Reservation(bytes)) {
      assertEquals(bytes, reservation.segment().byteSize());
      assertTrue(resident(reservation.segment()) < MIB);
      reservation.segment().set(ValueLayout.JAVA_BYTE, bytes - 1, (byte) 1);
      assertEquals(1, reservation.segment().get(ValueLayout.JAVA_BYTE, bytes - 1));
      assertTrue(resident(reservation.segment()) < 3 * MIB);
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void onlyTouchedPagesTakeMemoryAndReleasedOnesGiveItBack() throws IOException {
    try (Reservation reservation = new Reservation(64 * MIB)) {
      MemorySegment segment = reservation.segment();
      long before = resident(segment);
      segment.asSlice(8 * MIB, 24 * MIB).fill((byte) 1);
      long full = resident(segment) - before;
      assertTrue(full >= 24 * MIB && full < 26 * MIB, full + " bytes");
      reservation.release(16 * MIB, 8 * MIB);
      long rest = resident(segment) - before;
      assertTrue(rest >= 16 * MIB && rest < 18 * MIB, rest + " bytes");
      reservation.release(0, 64 * MIB);
      assertTrue(resident(segment) - before < MIB);
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void pagesAreHugeWhereTheSystemHasThem() throws IOException {
    Path setting = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");
    assumeTrue(Files.exists(setting) && !Files.readString(setting).contains("[never]"));
    try (Reservation reservation = new Reservation(64 * MIB)) {
      MemorySegment segment = reservation.segment();
      segment.asSlice(4 * MIB, 8 * MIB).fill((byte) 1);
      assertEquals(8 * MIB, smaps(segment, "AnonHugePages"));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aReleasedPieceIsZeroAndItsNeighboursStay(boolean paged) {
    long page = Pages.size();
    long size = 8 * page;
    long[][] pieces = {
      {0, size},
      {page, 2 * page},
      {page + 100, 3 * page},
      {2 * page - 1, 2},
      {page + 5, 10},
      {5 * page + 1, 2 * page - 2},
      {size - 1, 1},
      {3 * page, 0}
    };
    try (Reservation reservation = new Reservation(size, paged)) {
      MemorySegment segment = reservation.segment();
      for (long[] piece : pieces) {
        segment.fill((byte) 3);
        reservation.release(piece[0], piece[1]);
        for (long i = 0; i < size; i++) {
          boolean inside = i >= piece[0] && i < piece[0] + piece[1];
          assertEquals(
              inside ? 0 : 3,
              segment.get(ValueLayout.JAVA_BYTE, i),
              "byte " + i + " of a piece of " + piece[1] + " at " + piece[0]);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void itIsZeroFromTheStartAndPaddedAtTheEnd(boolean paged) {
    try (Reservation reservation = new Reservation(3 * Pages.size(), paged)) {
      MemorySegment segment = reservation.segment();
      assertEquals(0, segment.address() % Pages.size());
      MemorySegment padded = segment.reinterpret(segment.byteSize() + 64);
      for (long i = 0; i < padded.byteSize(); i++) {
        assertEquals(0, padded.get(ValueLayout.JAVA_BYTE, i));
      }
    }
  }

  @Test
  void takingAndGivingBackAllocatesNothingOnTheHeap() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Reservation reservation = new Reservation(4 * MIB)) {
      useAndRelease(reservation);
      long before = threads.getCurrentThreadAllocatedBytes();
      useAndRelease(reservation);
      assertEquals(0, threads.getCurrentThreadAllocatedBytes() - before);
    }
  }

  private static void useAndRelease(Reservation reservation) {
    MemorySegment segment = reservation.segment();
    for (int round = 0; round < 1000; round++) {
      segment.set(ValueLayout.JAVA_BYTE, MIB + 77, (byte) 1);
      reservation.release(MIB + 50, MIB);
      if (segment.get(ValueLayout.JAVA_BYTE, MIB + 77) != 0) {
        throw new AssertionError("not zero");
      }
    }
  }

  @Test
  void wrongPiecesAndSizesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Reservation(0));
    Reservation reservation = new Reservation(1000);
    assertThrows(IndexOutOfBoundsException.class, () -> reservation.release(-1, 2));
    assertThrows(IndexOutOfBoundsException.class, () -> reservation.release(1, 1000));
    assertThrows(IndexOutOfBoundsException.class, () -> reservation.release(1, -1));
    reservation.close();
    reservation.close();
    assertThrows(IllegalStateException.class, () -> reservation.release(0, 1000));
  }
}
