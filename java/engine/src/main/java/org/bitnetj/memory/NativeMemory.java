package org.bitnetj.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * An owner of off-heap memory. What it hands out is zeroed, starts at a multiple of 64 bytes, ends
 * with at least 64 readable bytes of padding, and lives until {@link #close}.
 *
 * <p>All but small blocks come straight from the operating system: a page takes memory only once it
 * is touched. The system is asked for huge pages; blocks lie side by side in slabs, so that
 * matrices of a megabyte or two get them as well. What grows and shrinks in pieces is better in a
 * {@link Reservation}. The segments are of global scope (where {@link NativeAccess} permits it), so
 * that a kernel call pays no liveness check; in return the owner must not be closed while anyone
 * still computes on them. Thread-safe.
 */
public final class NativeMemory implements AutoCloseable {
  private static final long ALIGNMENT = 64;
  private static final long PADDING = 64;
  private static final long LARGE = 1L << 20;

  /** Blocks from this size on, up to half a slab, are put into slabs. */
  private static final long SLAB_BLOCK = 64L << 10;

  private static final long SLAB = 64L << 20;

  private final Arena small = Arena.ofShared();
  private final List<MemorySegment> large = new ArrayList<>();
  private MemorySegment slab = MemorySegment.NULL; // the rest of the last one
  private long allocated;
  private boolean closed;

  /**
   * Zeroed memory.
   *
   * @param bytes its size, 0 or more
   * @throws OutOfMemoryError with the size asked for, when the operating system refuses
   */
  public synchronized MemorySegment allocate(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("negative size: " + bytes);
    }
    if (closed) {
      throw new IllegalStateException("this memory is closed");
    }
    long size = Math.addExact(bytes, PADDING);
    MemorySegment segment;
    if (size >= SLAB_BLOCK && size <= SLAB / 2 && reserve(size)) {
      segment = slab.asSlice(0, bytes);
      long next = size + ALIGNMENT - 1 & -ALIGNMENT;
      slab = slab.asSlice(Math.min(next, slab.byteSize()));
      allocated += size;
      return segment;
    }
    if (size >= LARGE) {
      segment = Pages.map(size);
      if (segment != null) {
        large.add(segment);
        allocated += size;
        return segment.asSlice(0, bytes);
      }
    }
    segment = small.allocate(size, ALIGNMENT);
    allocated += size;
    return NativeAccess.unscoped(segment.asSlice(0, bytes));
  }

  /** Makes a slab if the last one has no room for that many bytes; false where there are none. */
  private boolean reserve(long size) {
    if (slab.byteSize() < size) {
      MemorySegment pages = Pages.map(SLAB + Pages.HUGE_PAGE);
      if (pages == null) {
        return false;
      }
      large.add(pages);
      slab = pages.asSlice(-pages.address() & Pages.HUGE_PAGE - 1, SLAB);
    }
    return true;
  }

  /** Bytes handed out so far, padding included; address space, not necessarily resident. */
  public synchronized long allocated() {
    return allocated;
  }

  /** Gives everything back. Idempotent. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      large.forEach(Pages::unmap);
      large.clear();
      small.close();
    }
  }
}
