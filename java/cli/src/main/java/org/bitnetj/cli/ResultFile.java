package org.bitnetj.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.bitnetj.source.PartFile;
import org.jspecify.annotations.Nullable;

/**
 * A file that appears under its name when it is complete (see {@link PartFile}). A pipe or device
 * is written directly.
 */
final class ResultFile implements AutoCloseable {
  private final Path path;
  private final FileChannel channel;

  /** Null for a pipe or device. */
  private final @Nullable PartFile part;

  private ResultFile(Path path, FileChannel channel, @Nullable PartFile part) {
    this.path = path;
    this.channel = channel;
    this.part = part;
  }

  /**
   * @throws Failures.Failure if nothing can be written there
   */
  static ResultFile create(Path path) {
    try {
      // By its own name: /dev/stdout links to a pipe that has no name in any folder.
      if (Files.exists(path) && !Files.isRegularFile(path) && !Files.isDirectory(path)) {
        return new ResultFile(path, FileChannel.open(path, StandardOpenOption.WRITE), null);
      }
      PartFile part = PartFile.create(path);
      return new ResultFile(path, part.channel(), part);
    } catch (IOException e) {
      throw failure(path, e);
    }
  }

  /** Whether it appears under its name when it is complete; a pipe or device does not. */
  boolean isRegular() {
    return part != null;
  }

  /** Whether what is written shows on a terminal. */
  boolean isTerminal() {
    return part == null && Streams.isTerminal(path);
  }

  /**
   * @throws Failures.Failure if that failed
   */
  void write(ByteBuffer bytes) {
    try {
      writeAll(bytes);
    } catch (IOException e) {
      throw failure(path, e);
    }
  }

  private void writeAll(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** The same as a stream, which leaves failures to its user; closing it does nothing. */
  OutputStream stream() {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        writeAll(ByteBuffer.wrap(new byte[] {(byte) b}));
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        writeAll(ByteBuffer.wrap(bytes, offset, length));
      }
    };
  }

  /** Its path. */
  @Override
  public String toString() {
    return path.toString();
  }

  /** Gives the file its name. */
  void commit() {
    try {
      if (part != null) {
        part.commit();
      } else {
        channel.close();
      }
    } catch (IOException e) {
      throw failure(path, e);
    }
  }

  /** Removes what was written unless it was committed. Idempotent. */
  @Override
  public void close() {
    if (part != null) {
      part.close();
      return;
    }
    try {
      channel.close();
    } catch (IOException e) {
      // A device that was written to; there is nothing to remove.
    }
  }

  private static Failures.Failure failure(Path path, IOException e) {
    return new Failures.Failure("cannot write " + path + ": " + Failures.reason(e) + ".");
  }
}
