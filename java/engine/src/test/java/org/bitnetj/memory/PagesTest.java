package org.bitnetj.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PagesTest {
  /** The kernel tells every process in its auxiliary vector, entry AT_PAGESZ. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void thePageSizeIsTheSystems() throws Exception {
    ByteBuffer vector =
        ByteBuffer.wrap(Files.readAllBytes(Path.of("/proc/self/auxv")))
            .order(ByteOrder.nativeOrder());
    long size = 0;
    while (vector.remaining() >= 16) {
      long key = vector.getLong();
      long value = vector.getLong();
      size = key == 6 ? value : size;
    }
    assertEquals(size, Pages.size());
  }

  @ParameterizedTest
  @ValueSource(longs = {4096, 16384, 65536})
  void addressesAreRoundedToPagesOfAnySize(long page) {
    assertEquals(page, Pages.roundUp(page, page));
    assertEquals(2 * page, Pages.roundUp(page + 1, page));
    assertEquals(2 * page, Pages.roundUp(2 * page - 1, page));
    assertEquals(page, Pages.roundDown(2 * page - 1, page));
    assertEquals(2 * page, Pages.roundDown(2 * page, page));
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void replacedPagesAreZeroAndTheirNeighboursAreNot() {
    long page = Pages.size();
    MemorySegment pages = Pages.reserve(4 * page);
    pages.fill((byte) 7);
    Pages.replace(pages.address() + page, 2 * page);
    for (long i = 0; i < 4 * page; i++) {
      int expected = i < page || i >= 3 * page ? 7 : 0;
      assertEquals(expected, pages.get(ValueLayout.JAVA_BYTE, i), "byte " + i);
    }
    Pages.unmap(pages);
  }
}
