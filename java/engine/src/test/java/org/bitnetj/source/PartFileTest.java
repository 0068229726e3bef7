package org.bitnetj.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class PartFileTest {
  @TempDir private Path folder;

  /** A process that begins files and never ends them. */
  static final class Holder {
    public static void main(String[] files) throws IOException {
      for (String file : files) {
        put(PartFile.create(Path.of(file)), "held");
      }
      System.out.println("ready");
      System.in.read();
    }
  }

  private static Process hold(Path... files) throws IOException {
    Stream<String> command =
        Stream.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Holder.class.getName());
    Process process =
        new ProcessBuilder(
                Stream.concat(command, Stream.of(files).map(Path::toString)).toArray(String[]::new))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertEquals("ready", process.inputReader().readLine());
    return process;
  }

  private static void kill(Process process) throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  private static void put(PartFile file, String text) throws IOException {
    file.channel().write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static void write(Path path, String text) throws IOException {
    try (PartFile file = PartFile.create(path)) {
      put(file, text);
      file.commit();
    }
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static void assertBusy(Path path) {
    FileSystemException refusal =
        assertThrows(FileSystemException.class, () -> PartFile.create(path).close());
    assertEquals(path.toString(), refusal.getFile());
    assertTrue(
        refusal.getReason().startsWith("it is being written already, to "), refusal::getMessage);
  }

  @Test
  void aFileAppearsWhenItIsCommitted() throws IOException {
    Path path = folder.resolve("file");
    try (PartFile file = PartFile.create(path)) {
      put(file, "new");
      assertFalse(Files.exists(path));
      assertEquals(1, names().size());
      file.commit();
      assertEquals("new", Files.readString(path));
    }
    assertEquals(List.of("file"), names());
  }

  @Test
  void withoutCommitNothingIsLeftAndTheOldFileStays() throws IOException {
    Path path = Files.writeString(folder.resolve("file"), "old");
    PartFile file = PartFile.create(path);
    put(file, "new");
    file.close();
    file.close();
    assertEquals(List.of("file"), names());
    assertEquals("old", Files.readString(path));
  }

  @Test
  void aSecondWriterOfTheSameFileIsRefusedUntilTheFirstHasEnded() throws IOException {
    Path path = folder.resolve("file");
    try (PartFile first = PartFile.create(path)) {
      assertBusy(path);
      assertBusy(folder.resolve("..").resolve(folder.getFileName()).resolve("file"));
      write(folder.resolve("other"), "another");
      put(first, "first");
      first.commit();
    }
    assertEquals("first", Files.readString(path));
    write(path, "second");
    assertEquals("second", Files.readString(path));
    assertEquals(List.of("file", "other"), names());
  }

  @Test
  void aSecondProcessIsRefusedWhileTheFirstLives() throws Exception {
    Path path = folder.resolve("file");
    Process first = hold(path);
    try {
      assertBusy(path);
      write(folder.resolve("other"), "another");
      assertEquals(2, names().size(), "the part of a living process was swept");
    } finally {
      kill(first);
    }
    write(path, "second");
    assertEquals("second", Files.readString(path));
    assertEquals(List.of("file", "other"), names());
  }

  @Test
  void whatAKilledProcessLeftIsSweptByTheNextFileInTheFolder() throws Exception {
    kill(hold(folder.resolve("one"), folder.resolve("two")));
    Files.writeString(folder.resolve(".hidden"), "not ours");
    assertEquals(3, names().size());
    write(folder.resolve("three"), "written");
    assertEquals(List.of(".hidden", "three"), names());
  }

  @Test
  void namesMayBeAsLongAsTheFileSystemAllows() throws IOException {
    for (String name : List.of("n".repeat(255), "é".repeat(127), "\ud83d\ude00".repeat(60))) {
      write(folder.resolve(name), "long");
      assertEquals(List.of(name), names());
      Files.delete(folder.resolve(name));
    }
  }

  @Test
  void filesWhoseNamesBeginAlikeAreNotTheSame() throws IOException {
    try (PartFile one = PartFile.create(folder.resolve("n".repeat(200) + "1"));
        PartFile two = PartFile.create(folder.resolve("n".repeat(200) + "2"))) {
      put(one, "1");
      put(two, "2");
      one.commit();
      two.commit();
    }
    assertEquals("1", Files.readString(folder.resolve("n".repeat(200) + "1")));
    assertEquals("2", Files.readString(folder.resolve("n".repeat(200) + "2")));
  }

  @Test
  void aLinkIsFollowed() throws IOException {
    Path target = Files.writeString(folder.resolve("target"), "old");
    Path link = Files.createSymbolicLink(folder.resolve("link"), target);
    write(link, "new");
    assertTrue(Files.isSymbolicLink(link));
    assertEquals("new", Files.readString(target));
  }

  @Test
  void placesThatCannotBeWrittenAreSaid() {
    assertRefused(folder, "it is a directory; name a file");
    Path absent = folder.resolve("absent");
    assertRefused(absent.resolve("file"), "the folder " + absent + " does not exist");
  }

  private static void assertRefused(Path path, String reason) {
    FileSystemException refusal =
        assertThrows(FileSystemException.class, () -> PartFile.create(path).close());
    assertEquals(path + ": " + reason, refusal.getMessage());
  }

  /** A file's part behind a channel that fails to close. */
  private PartFile failingToClose(Path path, WrappedChannel channel) {
    channel.failsToClose = true;
    return new PartFile(path, folder.resolve("part"), channel);
  }

  private WrappedChannel part() throws IOException {
    return new WrappedChannel(
        FileChannel.open(
            folder.resolve("part"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
  }

  @Test
  void aFileThatHasItsNameIsNoFailure() throws IOException {
    Path path = folder.resolve("file");
    WrappedChannel channel = part();
    try (PartFile file = failingToClose(path, channel)) {
      put(file, "new");
      file.commit();
    }
    assertEquals("new", Files.readString(path));
    assertFalse(channel.isOpen());
    assertEquals(List.of("file"), names());
  }

  @Test
  void aFileThatCannotGetItsNameIsRemovedAndItsChannelsClosed() throws IOException {
    Path path = Files.createDirectories(folder.resolve("file").resolve("below")).getParent();
    WrappedChannel channel = part();
    try (PartFile file = failingToClose(path, channel)) {
      put(file, "new");
      assertThrows(IOException.class, file::commit);
    }
    assertFalse(channel.isOpen());
    assertEquals(List.of("file"), names());
  }

  @Test
  void aSecondWriterIsRefusedUntilTheChannelsOfTheFirstAreClosed() throws IOException {
    Path path = folder.resolve("file");
    try (PartFile _ = PartFile.create(path)) {
      Path part = folder.resolve(names().getFirst());
      WrappedChannel channel = new WrappedChannel(FileChannel.open(part, StandardOpenOption.READ));
      channel.beforeClose = () -> assertBusy(path);
      new PartFile(path, part, channel).close();
      assertFalse(channel.isOpen());
    }
    write(path, "new");
  }

  @Test
  void aPartThatCannotBeRemovedLeavesNoChannelOpen() throws IOException {
    WrappedChannel channel = part();
    Path unremovable = Files.createDirectories(folder.resolve("full").resolve("below")).getParent();
    PartFile file = new PartFile(folder.resolve("file"), unremovable, channel);
    file.close();
    assertFalse(channel.isOpen());
  }

  /** A process that opens a file twice at a time holds its lock for both. */
  @Test
  @Timeout(60)
  void threadsMaySweepAndBeginAtOnce() throws Exception {
    Path target = folder.resolve("model");
    Path left;
    try (PartFile file = PartFile.create(target)) {
      left = file.part();
    }
    AtomicReference<Throwable> failure = new AtomicReference<>();
    for (int round = 0; round < 50; round++) {
      Files.writeString(left, "what a killed process left");
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Thread thread = new Thread(() -> PartFile.sweep(folder));
        thread.setUncaughtExceptionHandler((_, e) -> failure.set(e));
        threads.add(thread);
      }
      threads.forEach(Thread::start);
      try (PartFile file = PartFile.create(target)) {
        for (Thread thread : threads) {
          thread.join();
        }
        assertTrue(Files.exists(file.part()), "what is being written is swept");
      }
    }
    assertNull(failure.get());
  }
}
