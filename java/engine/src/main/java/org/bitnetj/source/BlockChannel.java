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
  private final int blockBytes;
  private boolean isDirect;
  private long position;

  /**
   * @param cached of the same file, without any bytes
   * @param flush begins to bring to the disk what is in the cache
   */
  BlockChannel(Path file, FileChannel cached, Runnable flush) {
    this.cached = cached;
    this.flush = flush;
    FileChannel opened = null;
    int block = 1;
    try {
      if (DIRECT.isPresent()) {
        block = Math.toIntExact(Files.getFileStore(file).getBlockSize());
        opened = FileChannel.open(file, StandardOpenOption.WRITE, DIRECT.get());
      }
    } catch (IOException | UnsupportedOperationException e) {
      // The file system knows no such thing.
    }
    this.direct = opened;
    this.blockBytes = block;
    this.isDirect = opened != null;
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
    int whole = bytes.remaining() / blockBytes * blockBytes;
    if (direct != null && isDirect && whole > 0 && position % blockBytes == 0) {
      try {
        return advanced(bytes, direct.write(bytes.slice(bytes.position(), whole), position));
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

  @Override
  public boolean isOpen() {
    return cached.isOpen();
  }

  /** To close one channel of a file ends the locks of all (POSIX, fcntl): so last of all. */
  @Override
  public void close() throws IOException {
    if (direct != null) {
      direct.close();
    }
  }
}
