package org.bitnetj.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlockChannelTest {
  @TempDir private Path folder;

  private static FileChannel opened(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  /** Whole blocks and parts of some, in memory that begins at a page and that does not. */
  @Test
  void whatIsWrittenIsInTheFileInItsOrder() throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    int[] sizes = {1 << 16, 1 << 16, 3, 1 << 16, (1 << 16) - 3, 1 << 17, 5 << 12, 100, 0, 1};
    byte[] expected = new byte[IntStream.of(sizes).sum()];
    random.nextBytes(expected);
    for (int shift : new int[] {0, 64}) {
      Path file = folder.resolve("f" + shift);
      try (Arena arena = Arena.ofConfined();
          BlockChannel blocks = BlockChannel.open(file, opened(file), () -> {})) {
        MemorySegment memory = arena.allocate((1 << 17) + 64, 1 << 12).asSlice(shift);
        int at = 0;
        for (int size : sizes) {
          MemorySegment.copy(MemorySegment.ofArray(expected), at, memory, 0, size);
          ByteBuffer bytes = memory.asSlice(0, size).asByteBuffer();
          while (bytes.hasRemaining()) {
            blocks.write(bytes);
          }
          at += size;
        }
      }
      assertArrayEquals(expected, Files.readAllBytes(file));
    }
  }

  @Test
  void whatGoesThroughTheCacheIsFlushedOnTheWay() throws IOException {
    int[] flushes = {0};
    Path file = folder.resolve("f");
    try (BlockChannel blocks = BlockChannel.open(file, opened(file), () -> flushes[0]++)) {
      blocks.write(ByteBuffer.allocate(1)); // so that nothing after it is at a block's start
      for (int i = 0; i < 129; i++) {
        blocks.write(ByteBuffer.allocate(1 << 20));
      }
    }
    assertEquals(2, flushes[0]);
    assertEquals(1 + (129 << 20), Files.size(file));
  }

  @Test
  void wholeBlocksGoPastTheCacheWhereTheFileSystemCanDoIt() throws IOException {
    String system = Files.getFileStore(folder).type();
    assumeTrue(Set.of("ext4", "xfs", "btrfs").contains(system), system);
    Path file = folder.resolve("f");
    try (Arena arena = Arena.ofConfined();
        BlockChannel blocks = BlockChannel.open(file, opened(file), () -> {})) {
      MemorySegment memory = arena.allocate(1 << 16, 1 << 16);
      assertEquals(1 << 16, blocks.write(memory.asByteBuffer()));
      assertTrue(blocks.isDirect());
    }
  }

  /** Both channels of one file as a test will have them, with blocks of 512 bytes. */
  private final class Pair implements AutoCloseable {
    private final Path file = folder.resolve("pair");
    private final WrappedChannel cached = new WrappedChannel(opened(file));
    private final WrappedChannel direct = new WrappedChannel(opened(file));
    private final BlockChannel blocks;

    Pair(long blockBytes) throws IOException {
      blocks = new BlockChannel(cached, direct, blockBytes, () -> {});
    }

    byte[] write(int size) throws IOException {
      byte[] bytes = new byte[size];
      new SplittableRandom(size).nextBytes(bytes);
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        blocks.write(buffer);
      }
      return bytes;
    }

    @Override
    public void close() throws IOException {
      blocks.close();
    }
  }

  @Test
  void whatFillsNoBlockGoesThroughTheCache() throws IOException {
    try (Pair pair = new Pair(512)) {
      byte[] bytes = pair.write(3 * 512 + 100);
      assertEquals(List.of(0L), pair.direct.places);
      assertEquals(List.of(3 * 512L), pair.cached.places);
      assertArrayEquals(bytes, Files.readAllBytes(pair.file));
    }
  }

  @Test
  void aWriteThatTakesLessIsContinuedWhereItEnded() throws IOException {
    try (Pair pair = new Pair(512)) {
      pair.direct.most = 700;
      pair.cached.most = 324;
      byte[] bytes = pair.write(4 * 512);
      assertEquals(List.of(0L, 1024L), pair.direct.places);
      assertEquals(List.of(700L, 1724L), pair.cached.places);
      assertArrayEquals(bytes, Files.readAllBytes(pair.file));
    }
  }

  @Test
  void aFullDiskIsSaid() throws IOException {
    try (Pair pair = new Pair(512)) {
      pair.direct.room = 1024;
      pair.cached.room = 1024;
      ByteBuffer bytes = ByteBuffer.allocate(2048);
      assertEquals(1024, pair.blocks.write(bytes));
      IOException failure = assertThrows(IOException.class, () -> pair.blocks.write(bytes));
      assertEquals("No space left on device", failure.getMessage());
      assertEquals(1024, bytes.remaining(), "only what was written is taken");
      assertEquals(1024, Files.size(pair.file));
    }
  }

  @Test
  void whatTheDirectWayRefusesGoesThroughTheCacheFromThenOn() throws IOException {
    try (Pair pair = new Pair(512)) {
      pair.direct.room = 0;
      byte[] bytes = pair.write(512);
      assertFalse(pair.blocks.isDirect());
      pair.write(512);
      assertEquals(List.of(0L), pair.direct.places);
      assertArrayEquals(bytes, Arrays.copyOf(Files.readAllBytes(pair.file), 512));
      assertEquals(1024, Files.size(pair.file));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, 1L << 31, Long.MAX_VALUE})
  void blocksOfNoUsableSizeLeaveAllToTheCache(long blockBytes) throws IOException {
    try (Pair pair = new Pair(blockBytes)) {
      byte[] bytes = pair.write(1024);
      assertEquals(List.of(), pair.direct.places);
      assertArrayEquals(bytes, Files.readAllBytes(pair.file));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void bothChannelsAreClosedWhicheverFails(boolean cachedFails) throws IOException {
    Pair pair = new Pair(512);
    (cachedFails ? pair.cached : pair.direct).failsToClose = true;
    assertThrows(IOException.class, pair::close);
    assertFalse(pair.cached.isOpen() || pair.direct.isOpen());
    pair.close();
  }
}
