package org.bitnetj.memory;

import java.lang.foreign.MemorySegment;

/**
 * Whether Java lets the engine call native code and remove segments from their arenas. It does not
 * if it was started with {@code --illegal-native-access=deny}, which is to become the default, and
 * without {@link #FLAG}. Then kernels in Java compute on memory from the JDK's own arenas: the same
 * results, slower. Thread-safe.
 */
public final class NativeAccess {
  /** What Java must be started with. */
  public static final String FLAG = "--enable-native-access=" + module(NativeAccess.class);

  private static final boolean GRANTED = tryRestrictedMethod();

  private NativeAccess() {}

  private static String module(Class<?> type) {
    return type.getModule().isNamed() ? type.getModule().getName() : "ALL-UNNAMED";
  }

  /** Tried, since a module that may but has not done so yet does not count as enabled. */
  private static boolean tryRestrictedMethod() {
    try {
      MemorySegment.NULL.reinterpret(0);
      return true;
    } catch (IllegalCallerException e) {
      return false;
    }
  }

  public static boolean isGranted() {
    return GRANTED;
  }

  /**
   * The same memory in the global scope, where no access pays a liveness check; {@code segment}
   * itself if access is not granted. Either way it must not be used once its owner is closed.
   */
  public static MemorySegment unscoped(MemorySegment segment) {
    return GRANTED
        ? MemorySegment.ofAddress(segment.address()).reinterpret(segment.byteSize())
        : segment;
  }

  /**
   * A string of C, which ends with a byte of 0.
   *
   * @param symbol where it starts, in the global scope
   * @param most bytes that it has at most, the last one included
   * @throws IllegalCallerException if access is not granted
   * @throws IndexOutOfBoundsException if there is no 0 among them
   */
  public static String string(MemorySegment symbol, int most) {
    return symbol.reinterpret(most).getString(0);
  }
}
