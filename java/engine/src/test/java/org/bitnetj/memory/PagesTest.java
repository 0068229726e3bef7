package org.bitnetj.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

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
}
