package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/**
 * Base-3 digits in bytes. A byte is {@code ceil(256 q / 243)}, q a number of five digits: as a
 * fraction of 256 it begins with these digits after the point. Multiplied by 3^n modulo 256, it is
 * a fraction of which a third is digit n.
 */
final class Trits {
  private static final int[] POWERS = {1, 3, 9, 27, 81};

  private Trits() {}

  /**
   * One digit.
   *
   * @param n 0 to 4; 0 is the most significant
   */
  static byte digit(byte number, int n) {
    return (byte) (((number & 0xff) * POWERS[n] & 0xff) * 3 >> 8);
  }

  /** The byte of a number of five digits. */
  static byte number(int q) {
    return (byte) ((256 * q + 242) / 243);
  }

  /** The inverse of {@link #unpack}: digits beyond the last are 0. */
  static void pack(byte[] in, int from, MemorySegment data, long at, int bytes, int digits) {
    for (int i = 0; i < bytes; i++) {
      int q = 0;
      for (int n = 0; n < digits; n++) {
        q = 3 * q + in[from + i + n * bytes];
      }
      data.set(JAVA_BYTE, at + i, number(digits == 5 ? q : 3 * q));
    }
  }

  /** Digit n of byte {@code at + i} is stored at {@code to + i + n * bytes}, for n < digits. */
  static void unpack(MemorySegment data, long at, int bytes, int digits, byte[] out, int to) {
    for (int i = 0; i < bytes; i++) {
      byte number = data.get(JAVA_BYTE, at + i);
      for (int n = 0; n < digits; n++) {
        out[to + i + n * bytes] = digit(number, n);
      }
    }
  }
}
