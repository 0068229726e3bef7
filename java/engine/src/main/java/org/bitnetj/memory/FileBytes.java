package org.bitnetj.memory;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One holder's claim on the bytes of a file in memory, mapped or read whole. {@link #share} makes
 * further claims; the memory is freed when the last one is closed, and views of it throw {@link
 * IllegalStateException} from then on. Thread-safe.
 *
 * <p>A mapping costs nothing until it is read and its memory can be reclaimed at any time. But its
 * bytes are the file's: if another program shortens the file, reading a page that is gone throws
 * {@link InternalError} in Java and ends the process in native code (SIGBUS). Bytes that were read
 * stay what they were, whatever becomes of the file.
 */
public final class FileBytes implements AutoCloseable {
  /** Where bytes come from; it decides how they can be released. */
  private enum Source {
    MAPPED,
    READ,
    GIVEN
  }

  /** The memory that all claims share. */
  private static final class Memory {
    final Source source;
    final MemorySegment segment;
    final @Nullable Arena arena;
    final @Nullable Path path;
    int claims = 1;
    boolean shared;

    Memory(Source source, MemorySegment segment, @Nullable Arena arena, @Nullable Path path) {
      this.source = source;
      this.segment = segment;
      this.arena = arena;
      this.path = path;
    }
  }

  private static final long PADDING = 64;

  /** Most bytes read by one call. */
  private static final long PIECE = 64L << 20;

  private final Memory memory;
  private boolean closed;

  private FileBytes(Memory memory) {
    this.memory = memory;
  }

  /** Maps a file. */
  public static FileBytes map(Path path) throws IOException {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      return new FileBytes(
          new Memory(
              Source.MAPPED,
              channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena),
              arena,
              path));
    } catch (Throwable e) {
      arena.close();
      throw e;
    }
  }

  /**
   * Reads a whole file into memory, in huge pages where the system has them. Whether there is room
   * is for the caller to check.
   *
   * @throws EOFException if the file became shorter meanwhile
   * @throws OutOfMemoryError if the system refuses the memory
   */
  public static FileBytes read(Path path) throws IOException {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long size = channel.size();
      MemorySegment pages = Pages.map(size + PADDING);
      MemorySegment memory =
          pages == null
              ? arena.allocate(size + PADDING, PADDING)
              : pages.reinterpret(arena, Pages::unmap);
      MemorySegment segment = memory.asSlice(0, size);
      fill(segment, channel);
      return new FileBytes(new Memory(Source.READ, segment.asReadOnly(), arena, path));
    } catch (Throwable e) {
      arena.close();
      throw e;
    }
  }

  /** Reads the file's first bytes, as many as the segment has. */
  static void fill(MemorySegment segment, FileChannel channel) throws IOException {
    long size = segment.byteSize();
    for (long at = 0; at < size; ) {
      ByteBuffer piece = segment.asSlice(at, Math.min(PIECE, size - at)).asByteBuffer();
      int read = channel.read(piece, at);
      if (read < 0) {
        throw new EOFException(
            "it had " + size + " bytes and was shortened to " + at + " while it was read");
      }
      at += read;
    }
  }

  /** Bytes that are in memory already; no close frees them. */
  public static FileBytes of(MemorySegment segment) {
    return new FileBytes(new Memory(Source.GIVEN, segment.asReadOnly(), null, null));
  }

  /** The file that they are of; empty for bytes that were in memory already. */
  public Optional<Path> path() {
    return Optional.ofNullable(memory.path);
  }

  /** All bytes, read-only. */
  public MemorySegment segment() {
    return memory.segment;
  }

  /** Whether they are the file's own, so that their memory can be reclaimed at any time. */
  public boolean mapped() {
    return memory.source == Source.MAPPED;
  }

  /**
   * Another claim on the same bytes. A file that was read can be shared once only: the one it is
   * shared with may {@link #release} parts of it.
   *
   * @throws IllegalStateException if this claim is closed, or the file was read and is shared
   *     already
   */
  public FileBytes share() {
    synchronized (memory) {
      if (closed) {
        throw new IllegalStateException("this file is closed; open it again");
      }
      if (memory.shared && memory.source == Source.READ) {
        throw new IllegalStateException(
            "this file was read into memory for one use, which it has had; open it again");
      }
      memory.shared = true;
      memory.claims++;
      return new FileBytes(memory);
    }
  }

  /**
   * Says that a part of the bytes is not needed for now. Its whole pages leave memory: those of a
   * mapped file come back when they are touched; those of a file that was read lose their content
   * and must not be read again.
   *
   * @param part a slice of {@link #segment}
   */
  public void release(MemorySegment part) {
    synchronized (memory) {
      if (!closed && memory.source != Source.GIVEN) {
        Pages.forget(part);
      }
    }
  }

  /** Whether a part is a slice of these bytes; so none is once they are closed. */
  public boolean holds(MemorySegment part) {
    synchronized (memory) {
      long from = part.address() - memory.segment.address();
      return !closed && from >= 0 && from + part.byteSize() <= memory.segment.byteSize();
    }
  }

  /** Gives this claim up; the last one frees the memory. Idempotent. */
  @Override
  public void close() {
    synchronized (memory) {
      if (!closed) {
        if (memory.claims == 1 && memory.arena != null) {
          memory.arena.close();
        }
        memory.claims--;
        closed = true;
      }
    }
  }
}
