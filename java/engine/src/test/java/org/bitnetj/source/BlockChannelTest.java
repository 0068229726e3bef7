package org.bitnetj.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlockChannelTest {
  @TempDir private Path folder;

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
          FileChannel cached =
              FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
          BlockChannel blocks = new BlockChannel(file, cached, () -> {})) {
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
    try (FileChannel cached =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        BlockChannel blocks = new BlockChannel(file, cached, () -> flushes[0]++)) {
      blocks.write(ByteBuffer.allocate(1)); // so that nothing after it is at a block's start
      for (int i = 0; i < 129; i++) {
        blocks.write(ByteBuffer.allocate(1 << 20));
      }
    }
    assertEquals(2, flushes[0]);
    assertEquals(1 + (129 << 20), Files.size(file));
  }
}
