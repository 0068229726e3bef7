package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.OptionalInt;

/**
 * bitnet.cpp's two-bit type, in its canonical layout. The matrix is one run of blocks that may
 * straddle rows: weight j of a block is in byte {@code j % 32} at bit {@code 6 - 2 * (j / 32)}. One
 * float32 scale follows, and 28 bytes of padding of any content.
 */
record I2sFormat() implements TernaryEncoder {
  private static final int RUN = 32;

  /** The scale and what pads it. */
  static final int SCALE_BYTES = 32;

  /** As {@link EightDigits} takes them. */
  private static final ValueLayout.OfLong EIGHT =
      JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  @Override
  public String name() {
    return "I2_S";
  }

  @Override
  public int id() {
    return 36;
  }

  @Override
  public int blockColumns() {
    return 128;
  }

  @Override
  public int blockBytes() {
    return 32;
  }

  @Override
  public long bytes(long rows, long columns) {
    long weights = Math.multiplyExact(rows, columns);
    if (weights % blockColumns() != 0) {
      throw new IllegalArgumentException(
          "has %d elements, but %s stores them in blocks of %d"
              .formatted(weights, name(), blockColumns()));
    }
    return weights / 4 + SCALE_BYTES;
  }

  @Override
  public ScaleKind scaleKind() {
    return ScaleKind.TENSOR;
  }

  @Override
  public void digits(MemorySegment data, int columns, int row, byte[] out) {
    digits(data, columns, row, out, RUN);
  }

  /** The same with blocks of four runs of so many weights, a multiple of 8. */
  static void digits(MemorySegment data, int columns, int row, byte[] out, int runWeights) {
    long first = (long) row * columns;
    for (int c = 0; c < columns; ) {
      long flat = first + c;
      int inRun = (int) (flat % runWeights);
      int run = (int) (flat / runWeights % 4);
      int n = Math.min(runWeights - inRun, columns - c);
      long at = flat / (4 * runWeights) * runWeights + inRun;
      int shift = 6 - 2 * run;
      int i = 0;
      for (; i <= n - 8; i += 8) {
        EightDigits.put(out, c + i, data.get(EIGHT, at + i) >>> shift & EightDigits.MASK);
      }
      for (; i < n; i++) {
        out[c + i] = (byte) (data.get(JAVA_BYTE, at + i) >> shift & 3);
      }
      c += n;
    }
  }

  @Override
  public void scales(MemorySegment data, int columns, int row, float[] out) {
    out[0] = data.get(JAVA_FLOAT_UNALIGNED, data.byteSize() - SCALE_BYTES);
  }

  @Override
  public OptionalInt fileType() {
    return OptionalInt.of(40);
  }

  @Override
  public float storable(float scale) {
    return scale;
  }

  @Override
  public int rowsTogether(int columns) {
    return blockColumns() / (Integer.lowestOneBit(columns | blockColumns()));
  }

  @Override
  public int trailerBytes() {
    return SCALE_BYTES;
  }

  @Override
  public void encode(byte[] digits, float[] scales, MemorySegment data, int columns, int row) {
    requireTernary(digits, columns, row);
    long first = (long) row * columns;
    for (int c = 0; c < columns; ) {
      long flat = first + c;
      int inRun = (int) (flat % RUN);
      int shift = 6 - 2 * (int) (flat / RUN % 4);
      int n = Math.min(RUN - inRun, columns - c);
      long at = flat / blockColumns() * blockBytes() + inRun;
      if (flat % blockColumns() == 0 && columns - c >= blockColumns()) {
        encodeBlock(digits, c, data, at);
        n = blockColumns();
      } else {
        for (int i = 0; i < n; i++) {
          int others = data.get(JAVA_BYTE, at + i) & ~(3 << shift);
          data.set(JAVA_BYTE, at + i, (byte) (others | digits[c + i] << shift));
        }
      }
      c += n;
    }
    MemorySegment trailer = data.asSlice(data.byteSize() - SCALE_BYTES);
    if (first + columns == 4 * (data.byteSize() - SCALE_BYTES)) { // the last row
      trailer.fill((byte) 0).set(JAVA_FLOAT_UNALIGNED, 0, scales[0]);
    }
  }

  private static void encodeBlock(byte[] digits, int from, MemorySegment data, long at) {
    for (int m = 0; m < RUN; m += 8) {
      long codes =
          EightDigits.get(digits, from + m) << 6
              | EightDigits.get(digits, from + RUN + m) << 4
              | EightDigits.get(digits, from + 2 * RUN + m) << 2
              | EightDigits.get(digits, from + 3 * RUN + m);
      data.set(EIGHT, at + m, codes);
    }
  }
}
