package org.bitnetj.testing;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.TernaryFormat;

/** Ternary matrices in stored formats, written by the formats' definitions, not by the engine. */
public final class StoredWeights {
  private static final Set<String> TWO_BITS =
      Set.of("TQ2_0", "I2_S", "Q2_0", "Q2_0_G128", "PQ2_0", "IQ2_BN", "IQ2_BN_R4");

  private StoredWeights() {}

  /** Whether a file in that format can hold such a matrix. */
  public static boolean canHold(TernaryFormat format, int rows, int columns) {
    try {
      format.bytes(rows, columns);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** Whether a file in that format can hold a digit of 3, be it damage. */
  public static boolean canHold3(TernaryFormat format) {
    return TWO_BITS.contains(format.name());
  }

  /** Whether every weight may be 0. */
  public static boolean canHoldZeros(TernaryFormat format) {
    return !format.name().equals("Q1_0") && !format.name().equals("STQ1_0");
  }

  /** Changes digits into some that the format can hold; those that all formats hold stay. */
  public static void fit(TernaryFormat format, byte[][] digits) {
    for (byte[] row : digits) {
      if (format.name().equals("Q1_0")) {
        for (int c = 0; c < row.length; c++) {
          row[c] = row[c] == 1 ? 2 : row[c];
        }
      } else if (format.name().equals("STQ1_0")) {
        for (int group = 0; group < row.length / 4; group++) {
          fitSparse(format.id(), row, group);
        }
      }
    }
  }

  /** The first zero stays, or the last weight becomes one; all others become +1. */
  private static void fitSparse(int id, byte[] row, int group) {
    boolean zero = false;
    for (int p = 0; p < 4; p++) {
      int c = sparseColumn(id, group, p);
      boolean first = !zero && (row[c] == 1 || p == 3);
      row[c] = first ? 1 : row[c] == 1 ? 2 : row[c];
      zero |= first;
    }
  }

  /** The column of lane p of a group of four of a row. */
  private static int sparseColumn(int id, int group, int p) {
    int inBlock = group % 64;
    return group / 64 * 256
        + (id == 42 ? 4 * inBlock + p : inBlock / 16 * 64 + inBlock % 16 + 16 * p);
  }

  /**
   * A matrix.
   *
   * @param digits by rows; their columns must be whole blocks, unless blocks straddle rows
   * @param scales by rows and the groups of a row; of a format with one scale, the first is it
   */
  public static MemorySegment encode(TernaryFormat format, byte[][] digits, float[][] scales) {
    String name = format.name();
    int columns = digits[0].length;
    int blockColumns = format.blockColumns();
    MemorySegment data = Arena.ofAuto().allocate(format.bytes(digits.length, columns));
    for (int row = 0; row < digits.length; row++) {
      if (name.equals("STQ1_0")) {
        putSparse(format.id(), data, row, digits[row]);
        continue;
      }
      long block = 0;
      int j = (int) ((long) row * columns % blockColumns);
      for (int c = 0; c < columns; c++, j++) {
        j = j == blockColumns ? 0 : j;
        if (c == 0 || j == 0) {
          block = block(format, columns, row, c);
        }
        put(name, data, block, row, j, digits[row][c]);
      }
    }
    if (Set.of("TQ1_0", "PTQ1_0", "IQ1_BN").contains(name)) {
      finishTrits(data);
    }
    for (int row = 0; row < digits.length; row++) {
      putScales(format, data, columns, row, scales[row]);
    }
    return data;
  }

  /** The first byte of the block of a weight; of rows that are interleaved, of their block. */
  private static long block(TernaryFormat format, int columns, int row, int c) {
    return switch (format.name()) {
      case "IQ1_BN" -> row * (2L + columns / 64 * 13) + 2 + c / 64 * 13;
      case "IQ2_BN" -> row * (4L + columns / 4) + 4 + c / 64 * 16;
      case "IQ2_BN_R4" -> row / 4 * (16L + columns) + 16 + c / 64 * 64;
      default -> ((long) row * columns + c) / format.blockColumns() * format.blockBytes();
    };
  }

  private static void put(
      String format, MemorySegment data, long block, int row, int j, int digit) {
    switch (format) {
      case "TQ1_0" -> { // a number for now, its first digit the most significant
        int i = j < 160 ? j % 32 : j < 240 ? 32 + j % 16 : 48 + j % 4;
        int n = j < 160 ? j / 32 : j < 240 ? (j - 160) / 16 : (j - 240) / 4;
        add(data, block + i, new int[] {81, 27, 9, 3, 1}[n] * digit);
      }
      case "PTQ1_0" -> {
        int i = j < 80 ? j % 16 : j < 120 ? 16 + j % 8 : 24 + j % 2;
        int n = j < 80 ? j / 16 : j < 120 ? (j - 80) / 8 : (j - 120) / 2;
        add(data, block + i, new int[] {81, 27, 9, 3, 1}[n] * digit);
      }
      case "IQ1_BN" -> { // the first digit the least significant
        int i = j % 16 == 15 ? 12 : j / 16 * 3 + j % 16 / 5;
        int n = j % 16 == 15 ? j / 16 : j % 16 % 5;
        add(data, block + i, new int[] {1, 3, 9, 27, 81}[n] * digit);
      }
      case "IQ2_BN" -> add(data, block + j % 16, digit << j / 16 * 2);
      case "IQ2_BN_R4" ->
          add(data, block + j / 16 * 16 + row % 4 * 4 + j % 4, digit << j % 16 / 4 * 2);
      case "TQ2_0" -> add(data, block + j / 128 * 32 + j % 32, digit << j % 128 / 32 * 2);
      case "I2_S" -> add(data, block + j % 32, digit << 6 - j / 32 * 2);
      case "Q1_0" -> add(data, block + 2 + j / 8, (digit == 2 ? 1 : 0) << j % 8);
      default -> add(data, block + 2 + j / 4, digit << j % 4 * 2);
    }
  }

  /** Codes of four lanes with one zero, and whether the first other lane is negative. */
  private static void putSparse(int id, MemorySegment data, int row, byte[] digits) {
    for (int group = 0; group < digits.length / 4; group++) {
      long block = ((long) row * digits.length / 256 + group / 64) * 42;
      int zero = 0;
      int others = 0; // those that are not 0, as bits: whether each is -1
      int count = 0;
      for (int p = 0; p < 4; p++) {
        int digit = digits[sparseColumn(id, group, p)];
        if (digit == 1) {
          zero = p;
        } else {
          others |= (digit == 0 ? 1 : 0) << count++;
        }
      }
      if (count != 3) {
        throw new IllegalArgumentException("no zero, or several, among four weights of STQ1_0");
      }
      int negated = others & 1;
      int code = zero << 2 | (negated == 1 ? ~others : others) >> 1 & 3;
      int g = group % 64;
      add(data, block + g / 2, code << g % 2 * 4);
      add(data, block + 32 + g / 8, negated << g % 8);
    }
  }

  private static void add(MemorySegment data, long at, int value) {
    data.set(ValueLayout.JAVA_BYTE, at, (byte) (data.get(ValueLayout.JAVA_BYTE, at) + value));
  }

  /** A number q of five digits becomes the byte ceil(256 q / 243); 0 stays 0. */
  private static void finishTrits(MemorySegment data) {
    for (long at = 0; at < data.byteSize(); at++) {
      int q = data.get(ValueLayout.JAVA_BYTE, at) & 0xff;
      data.set(ValueLayout.JAVA_BYTE, at, (byte) ((256 * q + 242) / 243));
    }
  }

  private static void putScales(
      TernaryFormat format, MemorySegment data, int columns, int row, float[] scales) {
    switch (format.scaleKind()) {
      case ScaleKind.Tensor tensor -> {
        if (row == 0) {
          data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, data.byteSize() - 32, scales[0]);
        }
      }
      case ScaleKind.Row all -> {
        long block = block(format, columns, row, 0);
        switch (format.name()) {
          case "IQ1_BN" -> putHalf(data, block - 2, scales[0]);
          case "IQ2_BN" -> data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, block - 4, scales[0]);
          default ->
              data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, block - 16 + row % 4 * 4, scales[0]);
        }
      }
      case ScaleKind.Group group -> {
        int offset =
            switch (format.name()) {
              case "TQ1_0" -> 52;
              case "TQ2_0" -> 64;
              case "PTQ1_0" -> 26;
              case "STQ1_0" -> 40;
              default -> 0;
            };
        for (int g = 0; g < columns / group.columns(); g++) {
          putHalf(data, block(format, columns, row, g * group.columns()) + offset, scales[g]);
        }
      }
    }
  }

  private static void putHalf(MemorySegment data, long at, float value) {
    data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, Float.floatToFloat16(value));
  }
}
