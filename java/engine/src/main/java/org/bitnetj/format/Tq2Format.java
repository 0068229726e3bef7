package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.OptionalInt;

/**
 * llama.cpp's two-bit ternary type: blocks of 256 in 64 bytes and a scale. Column 128h + 32n + m is
 * in byte 32h + m at bit 2n, for h of 0 and 1, n of 0 to 3 and m of 0 to 31.
 */
record Tq2Format() implements GroupScaled {
  private static final int RUN = 32;

  /** As {@link EightDigits} takes them. */
  private static final ValueLayout.OfLong EIGHT =
      JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  @Override
  public String name() {
    return "TQ2_0";
  }

  @Override
  public int id() {
    return 35;
  }

  @Override
  public int blockColumns() {
    return 256;
  }

  @Override
  public int blockBytes() {
    return 66;
  }

  @Override
  public int scaleOffset() {
    return 64;
  }

  @Override
  public void digits(MemorySegment data, int columns, int row, byte[] out) {
    long at = row * rowBytes(columns);
    for (int c = 0; c < columns; c += blockColumns(), at += blockBytes()) {
      for (int run = 0; run < 8; run++) {
        long from = at + run / 4 * RUN;
        int shift = run % 4 * 2;
        for (int m = 0; m < RUN; m += 8) {
          long eight = data.get(EIGHT, from + m) >>> shift & EightDigits.MASK;
          EightDigits.put(out, c + run * RUN + m, eight);
        }
      }
    }
  }

  @Override
  public OptionalInt fileType() {
    return OptionalInt.of(37);
  }

  @Override
  public void encodeBlock(byte[] digits, int from, MemorySegment data, long at) {
    for (int half = 0; half < 2; half++) {
      int first = from + 4 * RUN * half;
      for (int m = 0; m < RUN; m += 8) {
        long codes =
            EightDigits.get(digits, first + m)
                | EightDigits.get(digits, first + RUN + m) << 2
                | EightDigits.get(digits, first + 2 * RUN + m) << 4
                | EightDigits.get(digits, first + 3 * RUN + m) << 6;
        data.set(EIGHT, at + RUN * half + m, codes);
      }
    }
  }
}
