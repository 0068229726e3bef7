package org.bitnetj.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileBytesTest {
  @TempDir Path folder;

  private Path file(byte[] content) throws IOException {
    return Files.write(folder.resolve("file"), content);
  }

  private static FileBytes open(Path path, boolean mapped) throws IOException {
    return mapped ? FileBytes.map(path) : FileBytes.read(path);
  }

  private static byte first(FileBytes bytes) {
    return bytes.segment().get(ValueLayout.JAVA_BYTE, 0);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4096, 3_000_001})
  void mappedOrReadTheBytesAreTheFiles(int size) throws IOException {
    byte[] content = new byte[size];
    new Random(size).nextBytes(content);
    Path path = file(content);
    for (boolean mapped : new boolean[] {true, false}) {
      try (FileBytes bytes = open(path, mapped)) {
        assertEquals(mapped, bytes.mapped());
        assertArrayEquals(content, bytes.segment().toArray(ValueLayout.JAVA_BYTE));
        assertTrue(bytes.segment().isReadOnly());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void bytesStayUntilTheLastClaimIsClosed(boolean mapped) throws IOException {
    FileBytes one = open(file(new byte[] {5}), mapped);
    FileBytes two = one.share();
    one.close();
    one.close();
    assertEquals(5, first(two));
    assertThrows(IllegalStateException.class, one::share);
    two.close();
    assertFalse(two.segment().scope().isAlive());
    assertThrows(IllegalStateException.class, () -> first(two));
  }

  @Test
  void whatWasReadDoesNotChangeWithTheFile() throws IOException {
    Path path = file(new byte[] {1, 2, 3});
    try (FileBytes bytes = FileBytes.read(path)) {
      Files.write(path, new byte[0]);
      assertArrayEquals(new byte[] {1, 2, 3}, bytes.segment().toArray(ValueLayout.JAVA_BYTE));
    }
  }

  @Test
  void aFileThatEndsBeforeItsSizeIsRefused() throws IOException {
    Path path = file(new byte[10]);
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        Arena arena = Arena.ofConfined()) {
      EOFException e =
          assertThrows(EOFException.class, () -> FileBytes.fill(arena.allocate(12), channel));
      assertEquals("it had 12 bytes and was shortened to 10 while it was read", e.getMessage());
    }
    Path absent = folder.resolve("absent");
    assertThrows(NoSuchFileException.class, () -> FileBytes.map(absent));
    assertThrows(NoSuchFileException.class, () -> FileBytes.read(absent));
  }

  /** The one it is shared with may release parts, which another would read as zeros. */
  @Test
  void aFileThatWasReadIsSharedOnce() throws IOException {
    Path path = file(new byte[] {1});
    try (FileBytes mapped = FileBytes.map(path)) {
      mapped.share().close();
      mapped.share().close();
    }
    try (FileBytes read = FileBytes.read(path)) {
      read.share().close();
      assertThrows(IllegalStateException.class, read::share);
    }
  }

  @Test
  void aReleasedPartOfAMappingComesBackAndTheRestOfAReadFileStays() throws IOException {
    int page = (int) Pages.size();
    byte[] content = new byte[4 * page];
    new Random(1).nextBytes(content);
    Path path = file(content);
    for (boolean mapped : new boolean[] {true, false}) {
      try (FileBytes bytes = open(path, mapped)) {
        MemorySegment all = bytes.segment();
        bytes.release(all.asSlice(page - 1, 2L * page + 1)); // pages 1 and 2
        for (int i = 0; i < content.length; i++) {
          if (mapped || i < page || i >= 3 * page) {
            assertEquals(content[i], all.get(ValueLayout.JAVA_BYTE, i), "byte " + i);
          }
        }
      }
    }
  }

  @Test
  void givenBytesAreNeverFreedOrReleased() {
    FileBytes bytes = FileBytes.of(MemorySegment.ofArray(new byte[] {9}));
    bytes.release(bytes.segment());
    bytes.close();
    assertEquals(9, first(bytes));
    assertFalse(bytes.mapped());
  }
}
