package org.bitnetj.format;

import java.lang.foreign.MemorySegment;
import java.util.OptionalInt;

/**
 * llama.cpp's base-3 type, five digits to a byte as {@link Trits} has them: blocks of 256 in 48
 * bytes of columns 0 to 239, 4 bytes of the last 16, and a scale. Digit n of byte m is that of
 * column m + 32n in the first 32 bytes, of column 160 + m - 32 + 16n in the next 16, and of column
 * 240 + m - 48 + 4n in the last 4, which hold four digits.
 */
record Tq1Format() implements GroupScaled {
  @Override
  public String name() {
    return "TQ1_0";
  }

  @Override
  public int id() {
    return 34;
  }

  @Override
  public int blockColumns() {
    return 256;
  }

  @Override
  public int blockBytes() {
    return 54;
  }

  @Override
  public int scaleOffset() {
    return 52;
  }

  @Override
  public void digits(MemorySegment data, int columns, int row, byte[] out) {
    long at = row * rowBytes(columns);
    for (int c = 0; c < columns; c += blockColumns(), at += blockBytes()) {
      Trits.unpack(data, at, 32, 5, out, c);
      Trits.unpack(data, at + 32, 16, 5, out, c + 160);
      Trits.unpack(data, at + 48, 4, 4, out, c + 240);
    }
  }

  @Override
  public OptionalInt fileType() {
    return OptionalInt.of(36);
  }

  @Override
  public void encodeBlock(byte[] digits, int from, MemorySegment data, long at) {
    Trits.pack(digits, from, data, at, 32, 5);
    Trits.pack(digits, from + 160, data, at + 32, 16, 5);
    Trits.pack(digits, from + 240, data, at + 48, 4, 4);
  }
}
