package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.OptionalInt;

/**
 * llama.cpp's sparse ternary type: of every four weights one is 0. Blocks of 256 hold 64 groups of
 * four: 32 bytes with a code of four bits for each group, the first in the lower nibble, 8 bytes
 * with a sign bit for each, and a scale. Lane {@code code >> 2} of a group is 0. Of the other three
 * the first is +1, the second -1 where bit 0 of the code is set, else +1, and the third likewise by
 * bit 1; a sign bit that is set negates all.
 *
 * <p>Two orders of weights were written under two ids, and nothing else tells them apart.
 *
 * @param strided whether lane p of group g is column {@code 64 * (g / 16) + g % 16 + 16 * p} of its
 *     block, as under id 43; else it is column {@code 4 * g + p}, as under id 42
 */
record Stq1Format(boolean strided) implements GroupScaled {
  private static final int GROUPS = 64;

  /** The four digits, a byte each, of each code with its sign in bit 4. */
  private static final long[] LANES = new long[32];

  static {
    for (int i = 0; i < LANES.length; i++) {
      int code = i & 15;
      int minus = (code << 1 ^ -(i >> 4)) & 7; // bit j: whether the j-th lane but the 0 is negative
      for (int p = 0; p < 4; p++) {
        long digit = 1;
        if (p != code >> 2) {
          digit = (minus & 1) == 1 ? 0 : 2;
          minus >>= 1;
        }
        LANES[i] |= digit << 8 * p;
      }
    }
  }

  @Override
  public String name() {
    return "STQ1_0";
  }

  @Override
  public int id() {
    return strided ? 43 : 42;
  }

  @Override
  public int layoutId() {
    return strided ? 43 : 1042;
  }

  @Override
  public int blockColumns() {
    return 256;
  }

  @Override
  public int blockBytes() {
    return 42;
  }

  @Override
  public int scaleOffset() {
    return 40;
  }

  @Override
  public void digits(MemorySegment data, int columns, int row, byte[] out) {
    long at = row * rowBytes(columns);
    for (int c = 0; c < columns; c += blockColumns(), at += blockBytes()) {
      for (int g = 0; g < GROUPS; g += 8) {
        int codes = data.get(JAVA_INT_UNALIGNED, at + g / 2);
        int signs = data.get(JAVA_BYTE, at + 32 + g / 8);
        if (strided) {
          putLanes(codes, signs, out, c + first(g));
        } else {
          for (int i = 0; i < 8; i += 2) {
            EightDigits.put(
                out, c + first(g + i), lanes(codes, signs, i) | lanes(codes, signs, i + 1) << 32);
          }
        }
      }
    }
  }

  /** The four digits of the i-th of eight groups. */
  private static long lanes(int codes, int signs, int i) {
    return LANES[codes >>> 4 * i & 15 | (signs >> i & 1) << 4];
  }

  /** Puts eight groups, whose equal lanes are neighbours. */
  private static void putLanes(int codes, int signs, byte[] out, int at) {
    long first = 0;
    long second = 0;
    long third = 0;
    long fourth = 0;
    for (int i = 0; i < 8; i++) {
      long lanes = lanes(codes, signs, i);
      first |= (lanes & 3) << 8 * i;
      second |= (lanes >>> 8 & 3) << 8 * i;
      third |= (lanes >>> 16 & 3) << 8 * i;
      fourth |= (lanes >>> 24) << 8 * i;
    }
    EightDigits.put(out, at, first);
    EightDigits.put(out, at + 16, second);
    EightDigits.put(out, at + 32, third);
    EightDigits.put(out, at + 48, fourth);
  }

  /** The column of a group's first lane. */
  private int first(int group) {
    return strided ? 64 * (group / 16) + group % 16 : 4 * group;
  }

  /** Columns from a lane to the next. */
  private int step() {
    return strided ? 16 : 1;
  }

  /** None that is known. */
  @Override
  public OptionalInt fileType() {
    return OptionalInt.empty();
  }

  @Override
  public void encodeBlock(byte[] digits, int from, MemorySegment data, long at) {
    data.asSlice(at, scaleOffset()).fill((byte) 0);
    for (int g = 0; g < GROUPS; g++) {
      int zero = -1;
      int minus = 0; // as when reading, from the first lane that is not 0 on
      int others = 0;
      for (int p = 0; p < 4; p++) {
        int digit = digits[from + first(g) + step() * p];
        if (digit == 1) {
          zero = p;
        } else {
          minus |= (digit == 0 ? 1 : 0) << others++;
        }
      }
      if (others != 3) {
        throw new IllegalArgumentException(
            "has four weights of which not exactly one is 0, as STQ1_0 needs it; choose another"
                + " type");
      }
      int sign = minus & 1;
      int code = zero << 2 | (minus ^ -sign) >> 1 & 3;
      or(data, at + g / 2, code << g % 2 * 4);
      or(data, at + 32 + g / 8, sign << g % 8);
    }
  }

  private static void or(MemorySegment data, long at, int bits) {
    data.set(JAVA_BYTE, at, (byte) (data.get(JAVA_BYTE, at) | bits));
  }
}
