package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * ik_llama.cpp's two-bit type: rows of a float32 scale and blocks of 64 columns in 16 bytes.
 *
 * @param interleaved IQ2_BN_R4, four rows together: four scales and 64 bytes for each block of the
 *     four, in which byte 16l + 4r + i holds for row r columns 16l + i + {0, 4, 8, 12} at bits 0,
 *     2, 4 and 6; else IQ2_BN, in which byte j holds columns j + {0, 16, 32, 48}
 */
record Iq2BnFormat(boolean interleaved) implements RowScaled {
  @Override
  public String name() {
    return interleaved ? "IQ2_BN_R4" : "IQ2_BN";
  }

  @Override
  public int id() {
    return interleaved ? 335 : 135;
  }

  @Override
  public int blockColumns() {
    return 64;
  }

  @Override
  public int blockBytes() {
    return 16;
  }

  @Override
  public int scaleBytes() {
    return Float.BYTES;
  }

  @Override
  public int rowsTogether() {
    return interleaved ? 4 : 1;
  }

  @Override
  public float scale(MemorySegment data, long at) {
    return data.get(JAVA_FLOAT_UNALIGNED, at);
  }

  @Override
  public void digits(MemorySegment data, int columns, int row, byte[] out) {
    long at = start(columns, row) + (long) rowsTogether() * scaleBytes();
    for (int c = 0; c < columns; c += blockColumns(), at += rowsTogether() * blockBytes()) {
      if (interleaved) {
        for (int l = 0; l < 4; l++) {
          int codes = data.get(JAVA_INT_UNALIGNED, at + 16 * l + 4 * (row % 4));
          EightDigits.put(out, c + 16 * l, four(codes) | four(codes >> 2) << 32);
          EightDigits.put(out, c + 16 * l + 8, four(codes >> 4) | four(codes >> 6) << 32);
        }
      } else {
        for (int j = 0; j < blockColumns(); j++) {
          out[c + j] = (byte) (data.get(JAVA_BYTE, at + j % 16) >> j / 16 * 2 & 3);
        }
      }
    }
  }

  private static long four(int codes) {
    return codes & EightDigits.MASK >>> 32;
  }

  @Override
  public float storable(float scale) {
    return scale;
  }

  @Override
  public void putScale(MemorySegment data, long at, float scale) {
    data.set(JAVA_FLOAT_UNALIGNED, at, scale);
  }

  @Override
  public void encodeBlock(byte[] digits, int from, MemorySegment data, long at, int row) {
    for (int i = 0; i < 16; i++) {
      // The columns of a byte are four apart where rows are interleaved, else sixteen.
      int first = from + (interleaved ? i / 4 * 16 + i % 4 : i);
      int step = interleaved ? 4 : 16;
      int codes =
          digits[first]
              | digits[first + step] << 2
              | digits[first + 2 * step] << 4
              | digits[first + 3 * step] << 6;
      data.set(
          JAVA_BYTE, at + (interleaved ? 16 * (i / 4) + 4 * (row % 4) + i % 4 : i), (byte) codes);
    }
  }
}
