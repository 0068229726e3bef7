package org.bitnetj.source.gguf;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;
import org.bitnetj.source.ModelFileException;

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
 * <p>The bytes go to a hidden file beside {@code path}, which {@link #commit} moves into place in
 * one step; closed without it, or when the JVM ends first, that file is removed and whatever was at
 * {@code path} is untouched. Failures of the disk are {@link ModelFileException}s; calls out of
 * order are {@link IllegalStateException}s. Not thread-safe.
 */
public final class GgufWriter implements AutoCloseable {
  /** Opens the file that is written to. */
  interface Opener {
    WritableByteChannel open(Path path) throws IOException;
  }

  private static final int CHUNK_BYTES = 1 << 24;

  private final Path path;
  private final Path part;
  private final WritableByteChannel channel;
  private final Thread removal;
  private final List<GgufHeader.Slot> slots;
  private final long size;
  private long written;

  /** Slots begun; the last of them is being filled. */
  private int begun;

  /** Bytes still to come for the slot being filled. */
  private long missing;

  private boolean closed;

  private GgufWriter(
      Path path, Path part, WritableByteChannel channel, GgufHeader header, long size) {
    this.path = path;
    this.part = part;
    this.channel = channel;
    this.slots = header.slots();
    this.size = size;
    this.removal = new Thread(this::removePart, "remove " + part.getFileName());
  }

  /**
   * Starts a file and writes its header.
   *
   * @throws ModelFileException if the folder does not exist or cannot be written, the name is taken
   *     by something that is no file, or the disk has less room than the whole file needs
   */
  public static GgufWriter create(Path path, GgufHeader header) throws ModelFileException {
    return create(
        path,
        header,
        part -> FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
  }

  static GgufWriter create(Path path, GgufHeader header, Opener opener) throws ModelFileException {
    byte[] head = header.toByteArray();
    long size = Math.addExact(head.length, header.dataBytes());
    try {
      Path target = target(path);
      requireRoom(target, size);
      Path part = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID());
      GgufWriter writer = new GgufWriter(target, part, opener.open(part), header, size);
      try {
        Runtime.getRuntime().addShutdownHook(writer.removal);
        writer.put(ByteBuffer.wrap(head));
      } catch (Throwable e) {
        writer.close();
        throw e;
      }
      return writer;
    } catch (ModelFileException e) {
      throw e;
    } catch (IOException e) {
      throw failure(path, e);
    }
  }

  /** Where the file will be: the path made absolute, or what it links to. */
  private static Path target(Path path) throws IOException {
    Path target = Files.isSymbolicLink(path) ? path.toRealPath() : path.toAbsolutePath();
    if (target.getFileName() == null || Files.isDirectory(target)) {
      throw new ModelFileException(path + " is a directory; name a file to write.");
    }
    if (Files.exists(target) && !Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new ModelFileException(path + " exists and is not a regular file.");
    }
    Path folder = target.getParent();
    if (folder != null && !Files.isDirectory(folder)) {
      throw new ModelFileException(
          path + ": cannot be written, for the folder " + folder + " does not exist.");
    }
    return target;
  }

  private static void requireRoom(Path target, long size) throws IOException {
    Path folder = target.getParent();
    long room = folder == null ? size : Files.getFileStore(folder).getUsableSpace();
    if (room < size) {
      throw new ModelFileException(
          target + ": the file needs " + size + " bytes, but its disk has only " + room + " free.");
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
    for (long from = 0; from < bytes.byteSize(); from += CHUNK_BYTES) {
      long length = Math.min(CHUNK_BYTES, bytes.byteSize() - from);
      put(bytes.asSlice(from, length).asByteBuffer());
    }
    pad();
  }

  /** Appends what remains in {@code bytes} to the tensor begun last. */
  public void write(ByteBuffer bytes) throws ModelFileException {
    take(bytes.remaining());
    put(bytes);
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
      put(ByteBuffer.allocate((int) (GgufHeader.padded(written) - written)));
    }
  }

  private void put(ByteBuffer bytes) throws ModelFileException {
    if (closed) {
      throw new IllegalStateException(path + " is closed");
    }
    try {
      while (bytes.hasRemaining()) {
        written += channel.write(bytes);
      }
    } catch (IOException e) {
      throw failure(path, e);
    }
  }

  private void requireComplete() {
    if (missing > 0) {
      throw new IllegalStateException(
          "'" + slots.get(begun - 1).name() + "' lacks " + missing + " bytes");
    }
  }

  /** Moves the complete file into place; the data is on the disk before its name is. */
  public void commit() throws ModelFileException {
    requireComplete();
    if (closed || begun < slots.size()) {
      throw new IllegalStateException(
          closed ? path + " is closed" : "'" + slots.get(begun).name() + "' is not written");
    }
    try {
      if (channel instanceof FileChannel file) {
        file.force(true);
      }
      channel.close();
      Files.move(part, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw failure(path, e);
    } finally {
      close();
    }
  }

  /** Removes what was written unless it was committed. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    removePart();
    try {
      Runtime.getRuntime().removeShutdownHook(removal);
    } catch (IllegalStateException e) {
      // The JVM is ending, and the hook removes the same file.
    }
  }

  private void removePart() {
    try {
      channel.close();
    } catch (IOException e) {
      // The file goes away; what its last bytes were does not matter.
    }
    try {
      Files.deleteIfExists(part);
    } catch (IOException e) {
      System.getLogger(GgufWriter.class.getName())
          .log(System.Logger.Level.WARNING, "could not remove " + part + ": " + e.getMessage());
    }
  }

  private static ModelFileException failure(Path path, IOException cause) {
    String reason =
        switch (cause) {
          case ClosedChannelException e -> "writing was interrupted";
          case AccessDeniedException e -> "you may not write there";
          case FileSystemException e when e.getReason() != null -> e.getReason();
          default -> String.valueOf(cause.getMessage());
        };
    return new ModelFileException(
        path + ": cannot be written: " + reason + "; no part of it was left behind.", cause);
  }
}
