package org.bitnetj.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Machines and containers as {@code /proc} and {@code /sys} show them, in a folder. */
class MachineMemoryTest {
  private static final String V2_MOUNT =
      "40 30 0:37 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
  private static final String V1_MOUNTS =
      "31 30 0:28 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
          + "34 30 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n";
  private static final String NO_LIMIT_V1 = "9223372036854771712\n";

  @TempDir Path root;

  private void write(String name, String text) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  /** A machine of 1000 kB with 200 kB of swap. */
  private void machine() throws IOException {
    write("proc/meminfo", "MemTotal:       1000 kB\nMemFree:  10 kB\nSwapTotal:      200 kB\n");
  }

  private void assertKilobytes(long expected) {
    assertEquals(OptionalLong.of(expected << 10), MachineMemory.bytes(root));
  }

  /** Sets a limit of a group of version 2, in kB. */
  private void limit(String group, String file, int kilobytes) throws IOException {
    write("sys/fs/cgroup/" + group + file, (kilobytes << 10) + "\n");
  }

  /** Sets a limit of a group of version 1, in kB. */
  private void limit1(String group, String file, int kilobytes) throws IOException {
    write("sys/fs/cgroup/memory/" + group + file, (kilobytes << 10) + "\n");
  }

  @Test
  void withoutMeminfoNothingIsKnown() {
    assertEquals(OptionalLong.empty(), MachineMemory.bytes(root));
  }

  @Test
  void theUsersLimitCountsIfItIsLower() throws IOException {
    assertEquals(OptionalLong.of(7), MachineMemory.bytes(root, 7));
    machine();
    assertEquals(OptionalLong.of(7), MachineMemory.bytes(root, 7));
    assertEquals(OptionalLong.of(1200 << 10), MachineMemory.bytes(root, 2000 << 10));
    assertEquals(OptionalLong.of(1200 << 10), MachineMemory.bytes(root, 0));
  }

  @Test
  void physicalMemoryAndSwapAreAdded() throws IOException {
    machine();
    assertKilobytes(1200);
    write("sys/fs/cgroup/memory.max", "max\n");
    write("sys/fs/cgroup/memory.swap.max", "max\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", NO_LIMIT_V1);
    write("sys/fs/cgroup/memory/memory.memsw.limit_in_bytes", NO_LIMIT_V1);
    assertKilobytes(1200);
  }

  @Test
  void aContainersLimitCountsInsteadOfTheMachinesMemory() throws IOException {
    machine();
    write("proc/self/cgroup", "0::/\n");
    write("proc/self/mountinfo", V2_MOUNT);
    limit("", "memory.max", 100);
    limit("", "memory.swap.max", 0);
    assertKilobytes(100);
    limit("", "memory.swap.max", 50);
    assertKilobytes(150);
    write("sys/fs/cgroup/memory.swap.max", "max\n");
    assertKilobytes(300);
    limit("", "memory.max", 5000);
    limit("", "memory.swap.max", 5000);
    assertKilobytes(1200);
  }

  @Test
  void theLeastLimitOfAGroupAndThoseAboveItCounts() throws IOException {
    machine();
    write("proc/self/cgroup", "0::/user.slice/session/app\n");
    write("proc/self/mountinfo", V2_MOUNT);
    write("sys/fs/cgroup/user.slice/session/app/memory.max", "max\n");
    limit("user.slice/session/app/", "memory.swap.max", 100);
    assertKilobytes(1100);
    limit("user.slice/session/", "memory.max", 400);
    assertKilobytes(500);
    limit("user.slice/", "memory.max", 700);
    limit("user.slice/", "memory.swap.max", 30);
    assertKilobytes(430);
    limit("user.slice/session/app/", "memory.max", 300);
    assertKilobytes(330);
    limit("other/", "memory.max", 1);
    limit("user.slice/session/app/child/", "memory.max", 1);
    assertKilobytes(330);
  }

  @Test
  void versionOneLimitsMemoryAndTheSumWithSwap() throws IOException {
    machine();
    write("proc/self/cgroup", "5:cpu,memory:/pod/app\n2:cpuset:/elsewhere\n0::/\n");
    write("proc/self/mountinfo", V1_MOUNTS);
    limit1("pod/app/", "memory.limit_in_bytes", 300);
    write("sys/fs/cgroup/memory/pod/app/memory.memsw.limit_in_bytes", NO_LIMIT_V1);
    assertKilobytes(500);
    limit1("pod/app/", "memory.memsw.limit_in_bytes", 350);
    assertKilobytes(350);
    limit1("pod/", "memory.memsw.limit_in_bytes", 320);
    assertKilobytes(320);
    limit1("pod/", "memory.limit_in_bytes", 10);
    assertKilobytes(210);
    limit1("elsewhere/", "memory.limit_in_bytes", 1);
    assertKilobytes(210);
  }

  /** Docker without a cgroup namespace: the path is the host's, the mount begins at the group. */
  @Test
  void aGroupIsFoundBelowTheTopOfWhatIsMounted() throws IOException {
    machine();
    write("proc/self/cgroup", "4:memory:/docker/abc/inner\n");
    write(
        "proc/self/mountinfo",
        "9 8 0:31 /docker/other /mnt/other ro - cgroup cgroup rw,memory\n"
            + "9 8 0:31 /docker/abc /mnt/a\\040b ro - cgroup cgroup rw,memory\n");
    write("mnt/a b/inner/memory.limit_in_bytes", "102400\n");
    write("mnt/other/memory.limit_in_bytes", "1024\n");
    assertKilobytes(300);
    write("mnt/a b/memory.limit_in_bytes", "51200\n");
    assertKilobytes(250);
  }

  @Test
  void whereTheOwnGroupIsNotMountedTheTopOfTheMountCounts() throws IOException {
    machine();
    write("sys/fs/cgroup/memory.max", "102400\n");
    write("sys/memory.max", "1024\n");
    write("proc/self/mountinfo", V2_MOUNT);
    for (String group : new String[] {"0::/../..\n", "0::/not/there\n", "0::/é\n", "x\n"}) {
      write("proc/self/cgroup", group);
      assertKilobytes(300);
    }
    write("proc/self/cgroup", "0::/host/group\n");
    write("proc/self/mountinfo", V2_MOUNT.replace("0:37 / ", "0:37 /host/other "));
    assertKilobytes(300);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void theRealMachineHasMemory() {
    long bytes = MachineMemory.bytes().orElseThrow();
    assertTrue(bytes >= 64 << 20, () -> bytes + " bytes");
  }

  @Test
  void aLimitThatIsNoNumberOfBytesIsRefused() {
    assertEquals(0, MachineMemory.limit(null));
    assertEquals(8_000_000_000L, MachineMemory.limit("8000000000"));
    for (String wrong : new String[] {"8G", "-1", "0", "", "1e9", "9999999999999999999"}) {
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> MachineMemory.limit(wrong));
      assertEquals(
          "bitnet.memory.limit must be a number of bytes, not '" + wrong + "'", e.getMessage());
    }
  }
}
