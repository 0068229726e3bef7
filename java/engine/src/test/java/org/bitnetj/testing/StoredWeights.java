package org.bitnetj.testing;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.TernaryFormat;

/** Ternary matrices in stored formats, written by the formats' definitions, not by the engine. */
public final class StoredWeights {
  private StoredWeights() {}

  /**
   * A matrix.
   *
   * @param digits by rows; their columns must be whole blocks, unless blocks straddle rows
   * @param scales by rows and the groups of a row; of a format with one scale, the first is it
   */
  public static MemorySegment encode(TernaryFormat format, byte[][] digits, float[][] scales) {
    int columns = digits[0].length;
    MemorySegment data = Arena.ofAuto().allocate(format.bytes(digits.length, columns));
    for (int row = 0; row < digits.length; row++) {
      for (int c = 0; c < columns; c++) {
        long weight = (long) row * columns + c;
        long block = weight / format.blockColumns() * format.blockBytes();
        put(format, data, block, (int) (weight % format.blockColumns()), digits[row][c]);
      }
    }
    if (format.layoutId() == 34) {
      finishTrits(data);
    }
    switch (format.scaleKind()) {
      case ScaleKind.Tensor tensor ->
          data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, data.byteSize() - 32, scales[0][0]);
      case ScaleKind.Row row -> throw new AssertionError("no such format yet");
      case ScaleKind.Group group -> {
        int groups = columns / group.columns();
        for (int i = 0; i < digits.length * groups; i++) {
          long at = (long) i * format.blockBytes() + scaleOffset(format);
          short half = Float.floatToFloat16(scales[i / groups][i % groups]);
          data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, half);
        }
      }
    }
    return data;
  }

  private static int scaleOffset(TernaryFormat format) {
    return switch (format.layoutId()) {
      case 34 -> 52;
      case 35 -> 64;
      default -> 0;
    };
  }

  private static void put(TernaryFormat format, MemorySegment data, long block, int j, int digit) {
    switch (format.layoutId()) {
      case 34 -> { // the number of its digits for now, the first the most significant
        int i = j < 160 ? j % 32 : j < 240 ? 32 + j % 16 : 48 + j % 4;
        int n = j < 160 ? j / 32 : j < 240 ? (j - 160) / 16 : (j - 240) / 4;
        add(data, block + i, new int[] {81, 27, 9, 3, 1}[n] * digit);
      }
      case 35 -> add(data, block + j / 128 * 32 + j % 32, digit << j % 128 / 32 * 2);
      case 36 -> add(data, block + j % 32, digit << 6 - j / 32 * 2);
      default -> add(data, block + 2 + j / 4, digit << j % 4 * 2);
    }
  }

  private static void add(MemorySegment data, long at, int value) {
    data.set(ValueLayout.JAVA_BYTE, at, (byte) (data.get(ValueLayout.JAVA_BYTE, at) + value));
  }

  /** A number q of five digits becomes the byte ceil(256 q / 243). */
  private static void finishTrits(MemorySegment data) {
    for (long at = 0; at < data.byteSize(); at++) {
      if (at % 54 < 52) {
        int q = data.get(ValueLayout.JAVA_BYTE, at) & 0xff;
        data.set(ValueLayout.JAVA_BYTE, at, (byte) ((256 * q + 242) / 243));
      }
    }
  }
}
