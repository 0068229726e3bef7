package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/**
 * llama.cpp's base-3 type, five digits to a byte: blocks of 256 in 48 bytes of columns 0 to 239, 4
 * bytes of the last 16, and a scale. Digit n of byte m is that of column m + 32n in the first 32
 * bytes, of column 160 + m - 32 + 16n in the next 16, and of column 240 + m - 48 + 4n in the last
 * 4, which hold four digits.
 *
 * <p>A byte is {@code ceil(256 q / 243)}, q the number of its five digits with the first as the
 * most significant. Multiplied by 3^n modulo 256, it is a fraction of which a third is digit n.
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
      unpack(data, at, 32, 5, out, c);
      unpack(data, at + 32, 16, 5, out, c + 160);
      unpack(data, at + 48, 4, 4, out, c + 240);
    }
  }

  /** Digit n of byte {@code at + i} is stored at {@code to + i + n * bytes}. */
  private static void unpack(
      MemorySegment data, long at, int bytes, int digits, byte[] out, int to) {
    for (int i = 0; i < bytes; i++) {
      int fraction = data.get(JAVA_BYTE, at + i) & 0xff;
      for (int n = 0; n < digits; n++) {
        out[to + i + n * bytes] = (byte) (fraction * 3 >> 8);
        fraction = fraction * 3 & 0xff;
      }
    }
  }
}
