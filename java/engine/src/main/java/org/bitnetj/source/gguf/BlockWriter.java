package org.bitnetj.source.gguf;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Gathers bytes in large blocks and writes each while the next one is filled. A failure shows in
 * one of the next calls, {@link #finish} at the latest. For one thread.
 */
final class BlockWriter implements AutoCloseable {
  private static final int BLOCK_BYTES = 8 << 20;

  /** That of the pages that a disk is written in without a copy. */
  private static final int ALIGNMENT = 1 << 16;

  private final WritableByteChannel channel;
  private final Arena arena = Arena.ofShared();
  private MemorySegment filled = arena.allocate(BLOCK_BYTES, ALIGNMENT);
  private MemorySegment other = arena.allocate(BLOCK_BYTES, ALIGNMENT);
  private int bytes;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("write").factory());
  private @Nullable Future<?> writing;

  BlockWriter(WritableByteChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes all of some bytes.
   *
   * @throws IOException as the channel; if the thread is interrupted, {@link
   *     ClosedByInterruptException}
   */
  void put(MemorySegment all) throws IOException {
    for (long at = 0; at < all.byteSize(); ) {
      int n = (int) Math.min(BLOCK_BYTES - bytes, all.byteSize() - at);
      MemorySegment.copy(all, at, filled, bytes, n);
      bytes += n;
      at += n;
      if (bytes == BLOCK_BYTES) {
        begin();
      }
    }
    if (Thread.currentThread().isInterrupted()) {
      throw new ClosedByInterruptException();
    }
  }

  /** Begins to write what was filled, once the block before is written. */
  private void begin() throws IOException {
    await();
    ByteBuffer block = filled.asSlice(0, bytes).asByteBuffer();
    writing =
        thread.submit(
            () -> {
              while (block.hasRemaining()) {
                channel.write(block);
              }
              return null;
            });
    MemorySegment next = other;
    other = filled;
    filled = next;
    bytes = 0;
  }

  private void await() throws IOException {
    try {
      if (writing != null) {
        writing.get();
      }
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException failure -> throw failure;
        case RuntimeException failure -> throw failure;
        case Error failure -> throw failure;
        default -> throw new IllegalStateException(e.getCause());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ClosedByInterruptException();
    }
  }

  /** Writes what is left. */
  void finish() throws IOException {
    begin();
    await();
  }

  /** Waits for what is being written and frees the blocks. Idempotent. */
  @Override
  public void close() {
    thread.close();
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
