package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.OptionalInt;

/**
 * Two-bit types of one form: blocks of a float16 scale and then the digits of their columns in
 * order, four to a byte from its lowest bits on. Digit 3 means +2. Q2_0 is ggml's with groups of
 * 64; PrismML's fork wrote groups of 128 under the same id, and later under one of its own.
 *
 * @param blockColumns a multiple of 8
 */
record Q2Format(String name, int id, int blockColumns) implements GroupScaled {
  /** Eight digits. */
  private static final ValueLayout.OfShort CODES =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

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
      for (int j = 0; j < blockColumns; j += 8) {
        int codes = data.get(CODES, at + j / 4);
        EightDigits.put(out, c + j, EightDigits.unpacked(codes & 0xffff));
      }
    }
  }

  @Override
  public OptionalInt fileType() {
    return OptionalInt.of(id == 42 ? 41 : 141);
  }

  @Override
  public void encodeBlock(byte[] digits, int from, MemorySegment data, long at) {
    for (int j = 0; j < blockColumns; j += 8) {
      int codes = EightDigits.packed(EightDigits.get(digits, from + j));
      data.set(CODES, at + Short.BYTES + j / 4, (short) codes);
    }
  }
}
