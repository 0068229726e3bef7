package org.bitnetj.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A file that appears under its name when it is complete: the bytes go to a hidden file beside it,
 * which {@link #commit} moves into place in one step. Without that nothing is left behind and what
 * was there is untouched. A pipe or device is written directly.
 */
final class ResultFile implements AutoCloseable {
  private final Path path;
  private final Path target;
  private final @Nullable Path part;
  private final FileChannel channel;
  private final Thread removal = new Thread(this::removePart, "remove unfinished file");
  private boolean closed;

  private ResultFile(Path path, Path target, @Nullable Path part, FileChannel channel) {
    this.path = path;
    this.target = target;
    this.part = part;
    this.channel = channel;
  }

  /**
   * @throws Failures.Failure if nothing can be written there
   */
  static ResultFile create(Path path) {
    try {
      if (Files.isDirectory(path)) {
        throw new Failures.Failure(path + " is a directory; name a file to write.");
      }
      // By its own name: /dev/stdout links to a pipe that has no name in any folder.
      if (Files.exists(path) && !Files.isRegularFile(path)) {
        FileChannel device = FileChannel.open(path, StandardOpenOption.WRITE);
        return new ResultFile(path, path, null, device);
      }
      Path target = Files.isSymbolicLink(path) ? path.toRealPath() : path.toAbsolutePath();
      Path folder = target.getParent();
      if (folder == null || !Files.isDirectory(folder)) {
        throw new Failures.Failure(
            path + ": cannot be written, for the folder " + folder + " does not exist.");
      }
      Path part = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID());
      FileChannel channel =
          FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      ResultFile file = new ResultFile(path, target, part, channel);
      Runtime.getRuntime().addShutdownHook(file.removal);
      return file;
    } catch (IOException e) {
      throw failure(path, e);
    }
  }

  void write(ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw failure(path, e);
    }
  }

  /** Gives the file its name. */
  void commit() {
    try {
      channel.close();
      if (part != null) {
        Files.move(
            part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException e) {
      throw failure(path, e);
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    removePart();
    if (part == null) {
      return;
    }
    try {
      Runtime.getRuntime().removeShutdownHook(removal);
    } catch (IllegalStateException e) {
      // The JVM is ending, and the hook removes the same file.
    }
  }

  private void removePart() {
    try {
      channel.close();
      if (part != null) {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      // Nothing more can be done about a file that is no result.
    }
  }

  private static Failures.Failure failure(Path path, IOException e) {
    return new Failures.Failure(path + ": cannot be written: " + Failures.reason(e) + ".");
  }
}
