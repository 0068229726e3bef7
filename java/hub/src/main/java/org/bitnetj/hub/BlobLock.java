package org.bitnetj.hub;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One download of a blob at a time, among the threads of this process and the processes that use
 * the cache. A file system without locks is no obstacle: the hash is checked in any case.
 */
final class BlobLock implements AutoCloseable {
  /** A file lock is the process's, so threads need another. */
  private static final Map<Path, ReentrantLock> OF_THREADS = new ConcurrentHashMap<>();

  private final ReentrantLock thread;
  private final FileChannel channel;

  private BlobLock(ReentrantLock thread, FileChannel channel) {
    this.thread = thread;
    this.channel = channel;
  }

  /**
   * Waits for the lock.
   *
   * @param waiting is told if another holds it
   */
  static BlobLock take(Path file, Runnable waiting) throws IOException {
    ReentrantLock thread = OF_THREADS.computeIfAbsent(file, f -> new ReentrantLock());
    if (!thread.tryLock()) {
      waiting.run();
      thread.lock();
    }
    try {
      Files.createDirectories(file.getParent());
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        if (channel.tryLock() == null) {
          waiting.run();
          channel.lock();
        }
      } catch (IOException e) {
        // No locks here, as on some network disks.
      }
      return new BlobLock(thread, channel);
    } catch (IOException | RuntimeException | Error e) {
      thread.unlock();
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      thread.unlock();
    }
  }
}
