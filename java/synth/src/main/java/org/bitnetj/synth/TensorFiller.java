package org.bitnetj.synth;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Fills a piece of a tensor's data with what a random stream says about it. A piece starts and ends
 * at a multiple of eight bytes.
 */
interface TensorFiller {
  ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Bytes {@code from .. from + piece.byteSize()} of the tensor. */
  void fill(MemorySegment piece, long from);

  /**
   * Packed digits, four a byte, every two bytes from one word: its eight bytes, least significant
   * first, each pick the digit at bits 0, 2, 4, 6 of the first byte and then of the second. Of the
   * 256 values of a byte the first {@code zeros} mean weight 0 (digit 1), the first half of the
   * rest, rounded down, -1 (digit 0) and the others +1 (digit 2).
   */
  static TensorFiller digits(CounterRandom random, int zeros) {
    byte[] digit = new byte[256];
    int minus = (256 - zeros) / 2;
    for (int i = 0; i < 256; i++) {
      digit[i] = (byte) (i < zeros ? 1 : i < zeros + minus ? 0 : 2);
    }
    return (piece, from) -> {
      for (long at = 0; at < piece.byteSize(); at += 8) {
        long packed = 0;
        long first = (from + at) / 2;
        for (int k = 0; k < 4; k++) {
          packed |= pack(digit, random.word(first + k)) << 16 * k;
        }
        piece.set(LONG, at, packed);
      }
    };
  }

  /** Eight digits in two bytes. */
  private static long pack(byte[] digit, long word) {
    int low = (int) word;
    int high = (int) (word >>> 32);
    int packed =
        digit[low & 0xFF]
            | digit[low >>> 8 & 0xFF] << 2
            | digit[low >>> 16 & 0xFF] << 4
            | digit[low >>> 24] << 6
            | digit[high & 0xFF] << 8
            | digit[high >>> 8 & 0xFF] << 10
            | digit[high >>> 16 & 0xFF] << 12
            | digit[high >>> 24] << 14;
    return packed;
  }

  /**
   * Float16 values, uniform with mean 0 and the given standard deviation. Each 16 bits of a word,
   * least significant first, as an unsigned number u mean ((u + 0.5) / 32768 - 1) · deviation · √3,
   * computed in double and rounded to float and then to float16.
   */
  static TensorFiller halves(CounterRandom random, double deviation) {
    short[] half = new short[1 << 16];
    double end = deviation * Math.sqrt(3);
    for (int u = 0; u < half.length; u++) {
      half[u] = Float.floatToFloat16((float) (((u + 0.5) / 32768 - 1) * end));
    }
    return (piece, from) -> {
      for (long at = 0; at < piece.byteSize(); at += 8) {
        long word = random.word((from + at) / 8);
        long values =
            (half[(int) word & 0xFFFF] & 0xFFFFL)
                | (half[(int) (word >>> 16) & 0xFFFF] & 0xFFFFL) << 16
                | (half[(int) (word >>> 32) & 0xFFFF] & 0xFFFFL) << 32
                | (half[(int) (word >>> 48)] & 0xFFFFL) << 48;
        piece.set(LONG, at, values);
      }
    };
  }

  /** Float32 values, uniform in [0.875, 1.125): one word each. */
  static TensorFiller norms(CounterRandom random) {
    return (piece, from) -> {
      for (long at = 0; at < piece.byteSize(); at += 8) {
        long n = (from + at) / 4;
        piece.set(LONG, at, norm(random, n) | norm(random, n + 1) << 32);
      }
    };
  }

  private static long norm(CounterRandom random, long n) {
    return Float.floatToRawIntBits(0.875f + 0.25f * random.unit(n)) & 0xFFFFFFFFL;
  }
}
