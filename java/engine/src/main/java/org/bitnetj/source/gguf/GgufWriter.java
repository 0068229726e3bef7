package org.bitnetj.source.gguf;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.PartFile;

/**
 * Writes a GGUF file as a stream: the header first, then each tensor's bytes in the declared order,
 * never holding more than what a call passes in.
 *
 * <pre>{@code
 * try (GgufWriter writer = GgufWriter.create(path, header)) {
 *   writer.begin("token_embd.weight");
 *   writer.write(bytes); // as often as needed
 *   …
 *   writer.commit();
 * }
 * }</pre>
 *
 * <p>The bytes go to a {@link PartFile}, so that the file appears when {@link #commit} is called;
 * closed without it, or when the JVM ends first, nothing is left and whatever was at {@code path}
 * is untouched. Failures of the disk are {@link ModelFileException}s; calls out of order are {@link
 * IllegalStateException}s. Not thread-safe.
 */
public final class GgufWriter implements AutoCloseable {
  /** The operations of a disk that the writer uses. */
  interface Disk {
    WritableByteChannel over(PartFile file);
  }

  private final Path path;
  private final PartFile file;
  private final BlockWriter blocks;
  private final GgufHeader header;
  private final List<GgufHeader.Slot> slots;
  private final long size;
  private long written;

  /** Slots begun; the last of them is being filled. */
  private int begun;

  /** Bytes still to come for the slot being filled. */
  private long missing;

  private boolean closed;

  private GgufWriter(
      Path path, PartFile file, WritableByteChannel channel, GgufHeader header, long size) {
    this.path = path;
    this.file = file;
    this.blocks = new BlockWriter(channel);
    this.header = header;
    this.slots = header.slots();
    this.size = size;
  }

  /**
   * Starts a file and writes its header.
   *
   * @throws ModelFileException if the folder does not exist or cannot be written, the name is taken
   *     by something that is not a file, another writer is at work on it, or the disk has less room
   *     than the whole file needs
   */
  public static GgufWriter create(Path path, GgufHeader header) throws ModelFileException {
    return create(path, header, PartFile::blocks);
  }

  static GgufWriter create(Path path, GgufHeader header, Disk disk) throws ModelFileException {
    try {
      return over(PartFile.create(path), path, header, disk);
    } catch (ModelFileException e) {
      throw e;
    } catch (IOException e) {
      throw failure(path, e, ".");
    }
  }

  /**
   * The same for a file that somebody has begun, of which nothing is written yet. What is written
   * stays in the system's cache, for who reads it at once.
   *
   * @param file is closed with the writer, or if this fails
   * @param path its name
   */
  public static GgufWriter over(PartFile file, Path path, GgufHeader header)
      throws ModelFileException {
    try {
      return over(file, path, header, PartFile::cachedBlocks);
    } catch (ModelFileException e) {
      throw e;
    } catch (IOException e) {
      throw failure(path, e, ".");
    }
  }

  private static GgufWriter over(PartFile file, Path path, GgufHeader header, Disk disk)
      throws IOException {
    try {
      byte[] head = header.toByteArray();
      long size = Math.addExact(head.length, header.dataBytes());
      requireRoom(path, size, file.room());
      GgufWriter writer = new GgufWriter(path, file, disk.over(file), header, size);
      try {
        writer.put(MemorySegment.ofArray(head));
        return writer;
      } catch (Throwable e) {
        writer.close();
        throw e;
      }
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  private static void requireRoom(Path path, long size, long room) throws ModelFileException {
    if (room < size) {
      throw new ModelFileException(
          "cannot write "
              + path
              + ": it needs "
              + size
              + " bytes, but its disk has only "
              + room
              + " free.");
    }
  }

  /** Size of the finished file. */
  public long size() {
    return size;
  }

  /** Bytes written so far. */
  public long written() {
    return written;
  }

  /** Ends the tensor before and starts the next one declared, which must have that name. */
  public void begin(String name) throws ModelFileException {
    requireComplete();
    if (begun == slots.size() || !slots.get(begun).name().equals(name)) {
      String next = begun == slots.size() ? "nothing" : "'" + slots.get(begun).name() + "'";
      throw new IllegalStateException("'" + name + "' begun, but " + next + " comes next");
    }
    missing = slots.get(begun).bytes();
    begun++;
  }

  /** Appends to the tensor begun last. */
  public void write(MemorySegment bytes) throws ModelFileException {
    take(bytes.byteSize());
    put(bytes);
    pad();
  }

  /** Appends what remains in {@code bytes} to the tensor begun last. */
  public void write(ByteBuffer bytes) throws ModelFileException {
    take(bytes.remaining());
    put(MemorySegment.ofBuffer(bytes));
    bytes.position(bytes.limit());
    pad();
  }

  private void take(long bytes) {
    if (bytes > missing) {
      String name = begun == 0 ? "no tensor" : "'" + slots.get(begun - 1).name() + "'";
      throw new IllegalStateException(name + " takes " + missing + " bytes more, not " + bytes);
    }
    missing -= bytes;
  }

  /** Zeros up to the alignment once a tensor is complete. */
  private void pad() throws ModelFileException {
    if (missing == 0) {
      put(MemorySegment.ofArray(new byte[(int) (header.padded(written) - written)]));
    }
  }

  private void put(MemorySegment bytes) throws ModelFileException {
    if (closed) {
      throw new IllegalStateException(path + " is closed");
    }
    try {
      blocks.put(bytes);
      written += bytes.byteSize();
    } catch (IOException e) {
      throw failure(path, e, "; no part of it is left.");
    }
  }

  private void requireComplete() {
    if (missing > 0) {
      throw new IllegalStateException(
          "'" + slots.get(begun - 1).name() + "' lacks " + missing + " bytes");
    }
  }

  /** Gives the complete file its name. */
  public void commit() throws ModelFileException {
    requireComplete();
    if (closed || begun < slots.size()) {
      throw new IllegalStateException(
          closed ? path + " is closed" : "'" + slots.get(begun).name() + "' is not written");
    }
    try {
      blocks.finish();
      file.commit();
    } catch (IOException e) {
      throw failure(path, e, "; no part of it is left.");
    } finally {
      close();
    }
  }

  /** Removes what was written unless it was committed. */
  @Override
  public void close() {
    closed = true;
    try (file) {
      blocks.close();
    }
  }

  private static ModelFileException failure(Path path, IOException cause, String end) {
    String reason =
        switch (cause) {
          case ClosedChannelException e -> "writing was interrupted";
          case AccessDeniedException e -> "permission denied";
          case FileSystemException e when e.getReason() != null -> e.getReason();
          default -> String.valueOf(cause.getMessage());
        };
    return new ModelFileException("cannot write " + path + ": " + reason + end, cause);
  }
}
