package org.bitnetj.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineMemoryTest {
  @TempDir Path root;

  private void write(String name, String text) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  @Test
  void withoutMeminfoNothingIsKnown() {
    assertEquals(OptionalLong.empty(), MachineMemory.bytes(root));
  }

  @Test
  void physicalMemoryAndSwapAreAdded() throws IOException {
    write("proc/meminfo", "MemTotal:       1000 kB\nMemFree:  10 kB\nSwapTotal:      24 kB\n");
    assertEquals(OptionalLong.of(1024 << 10), MachineMemory.bytes(root));
    write("sys/fs/cgroup/memory.max", "max\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    assertEquals(OptionalLong.of(1024 << 10), MachineMemory.bytes(root));
  }

  @Test
  void aContainersLimitCountsInsteadOfTheMachine() throws IOException {
    write("proc/meminfo", "MemTotal:       1000 kB\nSwapTotal:      0 kB\n");
    write("sys/fs/cgroup/memory.max", "102400\n");
    assertEquals(OptionalLong.of(102400), MachineMemory.bytes(root));
  }
}
