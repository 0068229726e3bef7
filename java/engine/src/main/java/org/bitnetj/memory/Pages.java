package org.bitnetj.memory;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Anonymous memory and advice about mapped memory, from POSIX {@code mmap}, {@code munmap} and
 * {@code madvise}. Where they are missing (Windows) or Java does not let them be called ({@link
 * NativeAccess}), {@link #map} returns null and the advice does nothing. Constants: Linux and macOS
 * headers.
 */
public final class Pages {
  private static final int PROT_READ_WRITE = 3;
  private static final boolean LINUX = System.getProperty("os.name", "").startsWith("Linux");
  private static final int MAP_PRIVATE_ANONYMOUS = LINUX ? 0x22 : 0x1002;
  private static final int MADV_WILLNEED = 3;
  private static final int MADV_DONTNEED = 4;
  private static final int MADV_HUGEPAGE = 14;
  private static final int MADV_NOHUGEPAGE = 15;
  private static final long PAGE = 4096;
  private static final long HUGE_PAGE = 2L << 20;

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

  private Pages() {}

  private static @Nullable MethodHandle handle(String name, FunctionDescriptor descriptor) {
    if (!NativeAccess.isGranted()) {
      return null;
    }
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> symbol = linker.defaultLookup().find(name);
    return symbol.map(s -> linker.downcallHandle(s, descriptor)).orElse(null);
  }

  /**
   * Zeroed pages of their own, or null where there is no mmap to call.
   *
   * @param huge whether huge pages are wanted, or else never, where the system has them
   */
  static @Nullable MemorySegment map(long bytes, boolean huge) {
    if (MMAP == null || MUNMAP == null) {
      return null;
    }
    long address;
    try {
      address = (long) MMAP.invokeExact(0L, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
    if (address == -1) {
      throw new OutOfMemoryError(
          "the system refused " + (bytes >> 20) + " MiB of memory outside the Java heap");
    }
    if (LINUX && bytes >= HUGE_PAGE) {
      advise(address, bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    }
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  static void unmap(MemorySegment pages) {
    try {
      int unused = (int) MUNMAP.invokeExact(pages.address(), pages.byteSize());
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /** Says that a mapped file's bytes will be read soon. Advice only; never fails. */
  public static void willNeed(MemorySegment mapped) {
    advise(mapped.address(), mapped.byteSize(), MADV_WILLNEED);
  }

  /**
   * Says that a read-only file mapping's bytes are not needed for now: its pages leave resident
   * memory and come back from the file when touched. Never call it on memory that was written.
   */
  public static void release(MemorySegment mapped) {
    advise(mapped.address(), mapped.byteSize(), MADV_DONTNEED);
  }

  private static void advise(long address, long bytes, int advice) {
    if (MADVISE == null) {
      return;
    }
    // Whole pages inside the range only: neighbours may be in use.
    long start = (address + PAGE - 1) & -PAGE;
    long end = (address + bytes) & -PAGE;
    if (end > start) {
      try {
        int unused = (int) MADVISE.invokeExact(start, end - start, advice);
      } catch (Throwable t) {
        throw new AssertionError(t);
      }
    }
  }
}
