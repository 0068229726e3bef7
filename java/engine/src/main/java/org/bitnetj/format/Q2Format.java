package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.OptionalInt;

/**
 * Two-bit types of one form: blocks of a float16 scale and then the digits of their columns in
 * order, four to a byte from its lowest bits on. Digit 3 means +2. Q2_0 is ggml's with groups of
 * 64; PrismML's fork wrote groups of 128 under the same id, and later under one of its own.
 *
 * @param blockColumns a multiple of 4
 */
record Q2Format(String name, int id, int blockColumns) implements GroupScaled {
  @Override
  public int blockBytes() {
    return Short.BYTES + blockColumns / 4;
  }

  @Override
  public int scaleOffset() {
    return 0;
  }

  @Override
  public int layoutId() {
    return blockColumns == 64 ? 42 : 142;
  }

  @Override
  public int largestDigit() {
    return 3;
  }

  @Override
  public void digits(MemorySegment data, int columns, int row, byte[] out) {
    long at = row * rowBytes(columns) + Short.BYTES;
    for (int c = 0; c < columns; c += blockColumns, at += blockBytes()) {
      for (int j = 0; j < blockColumns / 4; j++) {
        int codes = data.get(JAVA_BYTE, at + j);
        for (int i = 0; i < 4; i++) {
          out[c + 4 * j + i] = (byte) (codes >> 2 * i & 3);
        }
      }
    }
  }

  @Override
  public OptionalInt fileType() {
    return OptionalInt.of(id == 42 ? 41 : 141);
  }

  @Override
  public void encodeBlock(byte[] digits, int from, MemorySegment data, long at) {
    for (int j = 0; j < blockColumns / 4; j++) {
      int first = from + 4 * j;
      int codes =
          digits[first] | digits[first + 1] << 2 | digits[first + 2] << 4 | digits[first + 3] << 6;
      data.set(JAVA_BYTE, at + Short.BYTES + j, (byte) codes);
    }
  }
}
