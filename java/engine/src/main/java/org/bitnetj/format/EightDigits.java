package org.bitnetj.format;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Digits of an array eight at a time, as the bytes of a number, the first one the lowest. */
final class EightDigits {
  /** The bits that digits have. */
  static final long MASK = 0x0303030303030303L;

  private static final long LOWEST = 0x0101010101010101L;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private EightDigits() {}

  static long get(byte[] digits, int at) {
    return (long) LONG.get(digits, at);
  }

  static void put(byte[] digits, int at, long eight) {
    LONG.set(digits, at, eight);
  }

  /** Whether one of the first {@code count} digits, each 0 to 3, is 3. */
  static boolean hold3(byte[] digits, int count) {
    long threes = 0;
    int c = 0;
    for (; c <= count - 8; c += 8) {
      long eight = get(digits, c);
      threes |= eight & eight >>> 1;
    }
    for (; c < count; c++) {
      threes |= digits[c] & digits[c] >>> 1;
    }
    return (threes & LOWEST) != 0;
  }

  /** Eight digits in 16 bits, the first one in the lowest. */
  static int packed(long eight) {
    long pairs = (eight | eight >>> 6) & 0x000f000f000f000fL;
    long fours = (pairs | pairs >>> 12) & 0x000000ff000000ffL;
    return (int) (fours | fours >>> 24);
  }

  /** The inverse of {@link #packed}. */
  static long unpacked(int packed) {
    long fours = (packed | (long) packed << 24) & 0x000000ff000000ffL;
    long pairs = (fours | fours << 12) & 0x000f000f000f000fL;
    return (pairs | pairs << 6) & MASK;
  }
}
