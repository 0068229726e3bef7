package org.bitnetj.format;

import java.lang.foreign.MemorySegment;
import java.util.OptionalInt;

/**
 * PrismML's base-3 type, five digits to a byte as {@link Trits} has them: blocks of 128 in 24 bytes
 * of columns 0 to 119, 2 bytes of the last 8, and a scale. Digit n of byte m is that of column m +
 * 16n in the first 16 bytes, of column 80 + m - 16 + 8n in the next 8, and of column 120 + m - 24 +
 * 2n in the last 2, which hold four digits.
 */
record Ptq1Format() implements GroupScaled {
  @Override
  public String name() {
    return "PTQ1_0";
  }

  @Override
  public int id() {
    return 143;
  }

  @Override
  public int blockColumns() {
    return 128;
  }

  @Override
  public int blockBytes() {
    return 28;
  }

  @Override
  public int scaleOffset() {
    return 26;
  }

  @Override
  public void digits(MemorySegment data, int columns, int row, byte[] out) {
    long at = row * rowBytes(columns);
    for (int c = 0; c < columns; c += blockColumns(), at += blockBytes()) {
      Trits.unpack(data, at, 16, 5, out, c);
      Trits.unpack(data, at + 16, 8, 5, out, c + 80);
      Trits.unpack(data, at + 24, 2, 4, out, c + 120);
    }
  }

  @Override
  public OptionalInt fileType() {
    return OptionalInt.of(143);
  }

  @Override
  public void encodeBlock(byte[] digits, int from, MemorySegment data, long at) {
    Trits.pack(digits, from, data, at, 16, 5);
    Trits.pack(digits, from + 80, data, at + 16, 8, 5);
    Trits.pack(digits, from + 120, data, at + 24, 2, 4);
  }
}
