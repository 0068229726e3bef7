package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.OptionalInt;

/**
 * ggml's binary type: blocks of 128 in a float16 scale and 16 bytes. Bit {@code j % 8} of byte
 * {@code j / 8} is that of weight j: set for +1, clear for -1, so that no digit is 1.
 */
record Q1Format() implements GroupScaled {
  /** The eight digits of each byte. */
  private static final long[] DIGITS = new long[256];

  static {
    for (int bits = 0; bits < 256; bits++) {
      for (int j = 0; j < 8; j++) {
        DIGITS[bits] |= (long) (bits >> j & 1) << 8 * j + 1;
      }
    }
  }

  @Override
  public String name() {
    return "Q1_0";
  }

  @Override
  public int id() {
    return 41;
  }

  @Override
  public int blockColumns() {
    return 128;
  }

  @Override
  public int blockBytes() {
    return 18;
  }

  @Override
  public int scaleOffset() {
    return 0;
  }

  @Override
  public void digits(MemorySegment data, int columns, int row, byte[] out) {
    long at = row * rowBytes(columns) + Short.BYTES;
    for (int c = 0; c < columns; c += blockColumns(), at += blockBytes()) {
      for (int j = 0; j < blockColumns() / 8; j++) {
        EightDigits.put(out, c + 8 * j, DIGITS[data.get(JAVA_BYTE, at + j) & 0xff]);
      }
    }
  }

  @Override
  public OptionalInt fileType() {
    return OptionalInt.of(40);
  }

  @Override
  public void encodeBlock(byte[] digits, int from, MemorySegment data, long at) {
    for (int i = 0; i < blockColumns() / 8; i++) {
      int bits = 0;
      for (int j = 0; j < 8; j++) {
        int digit = digits[from + 8 * i + j];
        if (digit == 1) {
          throw new IllegalArgumentException(
              "has weights of 0, of which Q1_0 has none; choose a ternary type");
        }
        bits |= digit >> 1 << j;
      }
      data.set(JAVA_BYTE, at + Short.BYTES + i, (byte) bits);
    }
  }
}
