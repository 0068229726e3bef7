package org.bitnetj.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Writes a stream to a new file, past the system's cache where there is a way: to fill the cache
 * with gigabytes that nobody reads soon takes the processors longer than the disk. What cannot be
 * written so, as what is no whole number of the disk's blocks, goes through the cache. For one
 * thread.
 */
final class BlockChannel implements WritableByteChannel {
  private static final long FLUSHED_BYTES = 1 << 26; // often enough for the disk to keep pace

  private static final Optional<OpenOption> DIRECT = direct();

  private final FileChannel cached;
  private final Runnable flush;
  private final @Nullable FileChannel direct;
  private final long blockBytes;
  private boolean isDirect;
  private long position;

  /**
   * @param cached of the file, without any bytes; it is closed with this
   * @param direct of the same file, past the cache; null if there is no such way
   * @param blockBytes what the file system says of its blocks; some say 0
   * @param flush begins to bring to the disk what is in the cache
   */
  BlockChannel(FileChannel cached, @Nullable FileChannel direct, long blockBytes, Runnable flush) {
    this.cached = cached;
    this.direct = direct;
    this.blockBytes = blockBytes;
    this.flush = flush;
    this.isDirect = direct != null && blockBytes > 0;
  }

  /**
   * Past the cache where the system has a way.
   *
   * @param cached of the same file, without any bytes; it is closed with what is returned
   */
  static BlockChannel open(Path file, FileChannel cached, Runnable flush) {
    try {
      if (DIRECT.isPresent()) {
        long block = Files.getFileStore(file).getBlockSize();
        FileChannel direct = FileChannel.open(file, StandardOpenOption.WRITE, DIRECT.get());
        return new BlockChannel(cached, direct, block, flush);
      }
    } catch (IOException | UnsupportedOperationException e) {
      // The file system knows no such thing.
    }
    return new BlockChannel(cached, null, 0, flush);
  }

  /** The JDK's, by its name: it is in a module that need not be there. */
  private static Optional<OpenOption> direct() {
    try {
      return Stream.of(Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants())
          .filter(option -> option.toString().equals("DIRECT"))
          .map(OpenOption.class::cast)
          .findFirst();
    } catch (ClassNotFoundException e) {
      return Optional.empty();
    }
  }

  @Override
  public int write(ByteBuffer bytes) throws IOException {
    if (direct != null && isDirect && position % blockBytes == 0) {
      long whole = bytes.remaining() / blockBytes * blockBytes;
      try {
        if (whole > 0) {
          return advanced(
              bytes, direct.write(bytes.slice(bytes.position(), (int) whole), position));
        }
      } catch (IOException e) {
        isDirect = false; // were it the disk that fails, the cache would say so
      }
    }
    long before = position / FLUSHED_BYTES;
    int written = advanced(bytes, cached.write(bytes.slice(), position));
    if (position / FLUSHED_BYTES != before) {
      flush.run();
    }
    return written;
  }

  private int advanced(ByteBuffer bytes, int written) {
    bytes.position(bytes.position() + written);
    position += written;
    return written;
  }

  /** Whether whole blocks go past the cache: there is a way, and no write by it has failed. */
  boolean isDirect() {
    return isDirect;
  }

  @Override
  public boolean isOpen() {
    return cached.isOpen();
  }

  /** Closes both channels, whichever of them fails. That ends the file's locks (POSIX, fcntl). */
  @Override
  public void close() throws IOException {
    try (cached;
        FileChannel _ = direct) {}
  }
}
