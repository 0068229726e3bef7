package org.bitnetj.hub;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

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
   * @throws InterruptedIOException if the thread is interrupted meanwhile
   */
  static BlobLock take(Path file, Runnable waiting) throws IOException {
    ReentrantLock thread = ofThreads(file);
    if (!thread.tryLock()) {
      waiting.run();
      try {
        thread.lockInterruptibly();
      } catch (InterruptedException e) {
        throw interrupted();
      }
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
      } catch (FileLockInterruptionException | ClosedByInterruptException e) {
        channel.close();
        throw interrupted();
      } catch (IOException e) {
        // No locks here, as on some network disks.
      }
      return new BlobLock(thread, channel);
    } catch (IOException | RuntimeException | Error e) {
      thread.unlock();
      throw e;
    }
  }

  /**
   * Creates the lock file if absent; an existing one is not opened, since closing it would release
   * its locks (fcntl).
   */
  static void prepare(Path file) throws IOException {
    Files.createDirectories(file.getParent());
    try {
      Files.createFile(file);
    } catch (FileAlreadyExistsException e) {
      // already there
    }
  }

  /** The lock of a file that is there, unless another holds it. */
  static Optional<BlobLock> tryTake(Path file) throws IOException {
    ReentrantLock thread = ofThreads(file);
    if (!thread.tryLock()) {
      return Optional.empty();
    }
    @Nullable BlobLock taken = null;
    try {
      FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
      BlobLock lock = new BlobLock(thread, channel);
      try {
        taken = channel.tryLock() == null ? null : lock;
      } catch (IOException e) {
        taken = lock; // as above
      }
      if (taken == null) {
        channel.close();
      }
      return Optional.ofNullable(taken);
    } finally {
      if (taken == null) {
        thread.unlock();
      }
    }
  }

  private static ReentrantLock ofThreads(Path file) {
    return OF_THREADS.computeIfAbsent(file, f -> new ReentrantLock());
  }

  private static InterruptedIOException interrupted() {
    Thread.currentThread().interrupt();
    return new InterruptedIOException("interrupted");
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
