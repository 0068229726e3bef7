package org.bitnetj.memory;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The operating system's pages: anonymous mappings and advice, from POSIX {@code mmap}, {@code
 * munmap}, {@code madvise} and {@code getpagesize}. Where they are missing (Windows) or Java does
 * not let them be called ({@link NativeAccess}), {@link #map} and {@link #reserve} return null and
 * advice does nothing. Constants: Linux and macOS headers.
 */
public final class Pages {
  private static final int PROT_READ_WRITE = 3;
  private static final boolean LINUX = System.getProperty("os.name", "").startsWith("Linux");
  private static final int MAP_PRIVATE_ANONYMOUS = LINUX ? 0x22 : 0x1002;
  private static final int MAP_NORESERVE = LINUX ? 0x4000 : 0x40;
  private static final int MAP_FIXED = 0x10;
  private static final int MADV_DONTNEED = 4;
  private static final int MADV_HUGEPAGE = 14;
  static final long HUGE_PAGE = 2L << 20;

  private static final @Nullable MethodHandle MMAP =
      handle(
          "mmap",
          FunctionDescriptor.of(
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG));
  private static final @Nullable MethodHandle MUNMAP =
      handle(
          "munmap",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
  private static final @Nullable MethodHandle MADVISE =
      handle(
          "madvise",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT));

  private static final long SIZE = askSize();

  /** Spreads new pages over memory nodes. */
  interface Placement {
    void place(long address, long bytes);
  }

  /** Tests watch it. */
  static volatile Placement placement = MemoryNodes::interleave;

  private Pages() {}

  private static @Nullable MethodHandle handle(String name, FunctionDescriptor descriptor) {
    if (!NativeAccess.isGranted()) {
      return null;
    }
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> symbol = linker.defaultLookup().find(name);
    return symbol.map(s -> linker.downcallHandle(s, descriptor)).orElse(null);
  }

  private static long askSize() {
    MethodHandle handle = handle("getpagesize", FunctionDescriptor.of(ValueLayout.JAVA_INT));
    if (handle == null) {
      return 4096; // nothing here depends on it without mmap
    }
    try {
      return (int) handle.invokeExact();
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** Bytes of a page, a power of two; asked of the system once. */
  public static long size() {
    return SIZE;
  }

  /**
   * Zeroed pages, huge ones where the system has them; null where it has no mmap.
   *
   * @throws OutOfMemoryError if the system refuses
   */
  static @Nullable MemorySegment map(long bytes) {
    return map(bytes, MAP_PRIVATE_ANONYMOUS);
  }

  /** Whether there is an mmap to call. */
  static boolean canMap() {
    return MMAP != null && MUNMAP != null;
  }

  /**
   * Like {@link #map}, but the system sets no memory aside: it need not have as much as is
   * reserved.
   */
  static @Nullable MemorySegment reserve(long bytes) {
    return map(bytes, MAP_PRIVATE_ANONYMOUS | MAP_NORESERVE);
  }

  private static @Nullable MemorySegment map(long bytes, int flags) {
    if (!canMap()) {
      return null;
    }
    long address = mmap(0, bytes, flags);
    place(address, bytes);
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  private static long mmap(long address, long bytes, int flags) {
    long result;
    try {
      result = (long) MMAP.invokeExact(address, bytes, PROT_READ_WRITE, flags, -1, 0L);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
    if (result == -1) {
      throw new OutOfMemoryError(
          "the system refused " + (bytes >> 20) + " MiB of memory outside the Java heap");
    }
    return result;
  }

  static void unmap(MemorySegment pages) {
    try {
      int unused = (int) MUNMAP.invokeExact(pages.address(), pages.byteSize());
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /**
   * Gives the memory of whole pages from {@link #reserve} back: they read as zeros, and take memory
   * again once touched. Allocates nothing.
   */
  static void discard(long address, long bytes) {
    // Elsewhere, and on Linux for locked pages, the advice does not make them zero.
    if (!LINUX || !advise(address, bytes, MADV_DONTNEED)) {
      replace(address, bytes);
    }
  }

  /** Like {@link #discard}, by new pages in the place of the old ones. */
  static void replace(long address, long bytes) {
    mmap(address, bytes, MAP_PRIVATE_ANONYMOUS | MAP_NORESERVE | MAP_FIXED);
    place(address, bytes);
  }

  /** Asks for huge pages, and for pages of all memory nodes in turn. */
  private static void place(long address, long bytes) {
    if (LINUX && bytes >= HUGE_PAGE) {
      advise(address, bytes, MADV_HUGEPAGE);
      placement.place(address, bytes);
    }
  }

  /**
   * Says that these bytes are not needed: their pages leave resident memory. Those of a read-only
   * file mapping come back from the file when touched; others lose their content.
   */
  static void forget(MemorySegment part) {
    long begin = roundUp(part.address(), SIZE);
    long end = roundDown(part.address() + part.byteSize(), SIZE);
    if (end > begin) { // whole pages inside only: neighbours may be in use
      advise(begin, end - begin, MADV_DONTNEED);
    }
  }

  /** The first multiple of {@code page}, a power of two, at or after an address. */
  static long roundUp(long address, long page) {
    return address + page - 1 & -page;
  }

  /** The last multiple of {@code page}, a power of two, at or before an address. */
  static long roundDown(long address, long page) {
    return address & -page;
  }

  /** Whether the system took the advice; the address must be a page's. */
  private static boolean advise(long address, long bytes, int advice) {
    if (MADVISE == null) {
      return false;
    }
    try {
      return (int) MADVISE.invokeExact(address, bytes, advice) == 0;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }
}
