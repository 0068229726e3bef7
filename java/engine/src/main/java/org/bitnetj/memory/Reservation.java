package org.bitnetj.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A range of addresses, reserved at once, that takes memory only where it is used: a page becomes
 * memory, zeroed, when it is first touched, and {@link #release} gives any piece back to the
 * system. For what grows and shrinks in pieces, such as a KV cache. Pages are huge (2 MiB) where
 * the system has them: touching as much in single pages takes 10 to 100 times as long. After
 * construction neither taking nor giving back allocates on the heap.
 *
 * <p>The range may be larger than the machine's memory. Touching a page when no memory is left ends
 * the process, so the caller must count the pieces it hands out.
 *
 * <p>Where the system has no {@code mmap} (Windows) or Java may not call it, all of it is allocated
 * at once and {@code release} only fills with zeros.
 *
 * <p>The segment is of global scope, so that a kernel call pays no liveness check; do not touch it
 * after {@link #close}. Thread-safe.
 */
public final class Reservation implements AutoCloseable {
  /** Readable bytes after the end, as {@link NativeMemory} gives. */
  private static final long PADDING = 64;

  private final MemorySegment range;
  private final @Nullable MemorySegment pages;
  private final @Nullable Arena arena;
  private boolean closed;

  /**
   * Reserves a range. It starts at a huge page where there are any, else at a page, and is followed
   * by at least 64 readable bytes.
   *
   * @param bytes its size, 1 or more
   * @throws OutOfMemoryError if the system refuses, as one that never promises more memory than it
   *     has (Linux with {@code vm.overcommit_memory=2})
   */
  public Reservation(long bytes) {
    this(bytes, true);
  }

  /**
   * @param paged false to do as on a system without mmap
   */
  Reservation(long bytes, boolean paged) {
    if (bytes < 1) {
      throw new IllegalArgumentException("a reservation needs at least 1 byte, not " + bytes);
    }
    long size = Math.addExact(bytes, PADDING);
    pages = paged ? Pages.reserve(size + Pages.HUGE_PAGE) : null;
    arena = pages == null ? Arena.ofShared() : null;
    MemorySegment all =
        pages == null
            ? arena.allocate(size, Pages.size())
            : pages.asSlice(-pages.address() & Pages.HUGE_PAGE - 1);
    range = NativeAccess.unscoped(all.asSlice(0, bytes));
  }

  /** Whether memory is taken on touch here, and not for the whole range at once. */
  public static boolean isLazy() {
    return Pages.canMap();
  }

  /** The whole range. */
  public MemorySegment segment() {
    return range;
  }

  /**
   * Gives the memory of bytes {@code [offset, offset + length)} back; they read as zeros afterwards
   * and may be used again. Only whole pages go back to the system, so pieces should be multiples of
   * {@link Pages#size}; parts of pages at the ends are filled with zeros. Nobody may use the piece
   * meanwhile; the bytes around it may be in use.
   *
   * @throws IndexOutOfBoundsException if the piece is not inside the range
   * @throws IllegalStateException if the reservation is closed
   */
  public synchronized void release(long offset, long length) {
    Objects.checkFromIndexSize(offset, length, range.byteSize());
    if (closed) {
      throw new IllegalStateException("this reservation is closed");
    }
    // The range starts at a page.
    long first = Pages.roundUp(offset, Pages.size());
    long last = Pages.roundDown(offset + length, Pages.size());
    if (pages == null || first >= last) {
      zero(offset, offset + length);
    } else {
      zero(offset, first);
      Pages.discard(range.address() + first, last - first);
      zero(last, offset + length);
    }
  }

  /** Byte by byte, because a slice to fill would be an object. */
  private void zero(long begin, long end) {
    for (long i = begin; i < end; i++) {
      range.set(ValueLayout.JAVA_BYTE, i, (byte) 0);
    }
  }

  /** Gives the whole range back. Idempotent. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (pages != null) {
      Pages.unmap(pages);
    }
    if (arena != null) {
      arena.close();
    }
  }
}
