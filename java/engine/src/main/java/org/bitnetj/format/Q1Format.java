package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/**
 * ggml's binary type: blocks of 128 in a float16 scale and 16 bytes. Bit {@code j % 8} of byte
 * {@code j / 8} is that of weight j: set for +1, clear for -1, so that no digit is 1.
 */
record Q1Format() implements GroupScaled {
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
      for (int j = 0; j < blockColumns(); j++) {
        out[c + j] = (byte) ((data.get(JAVA_BYTE, at + j / 8) >> j % 8 & 1) << 1);
      }
    }
  }
}
