package org.bitnetj.kernel.scalar;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import org.bitnetj.tensor.FloatMatrix;

/**
 * Rows of embedding and head matrices as float32. Conversions from float16 and bfloat16 are exact;
 * the block formats round once, in the product of the block's (exact) scale and the integer.
 */
final class MatrixRows {
  private MatrixRows() {}

  /** Decodes one row into the first {@code m.columns()} elements of {@code out}. */
  static void decode(FloatMatrix m, int row, float[] out) {
    MemorySegment d = m.data();
    long at = row * m.rowBytes();
    int n = m.columns();
    switch (m.type()) {
      case F32 -> {
        for (int i = 0; i < n; i++) {
          out[i] = d.get(JAVA_FLOAT_UNALIGNED, at + 4L * i);
        }
      }
      case F16 -> {
        for (int i = 0; i < n; i++) {
          out[i] = float16(d, at + 2L * i);
        }
      }
      case BF16 -> {
        for (int i = 0; i < n; i++) {
          out[i] = Float.intBitsToFloat(d.get(JAVA_SHORT_UNALIGNED, at + 2L * i) << 16);
        }
      }
      case Q8_0 -> {
        for (int i = 0; i < n; i += 32, at += 34) {
          float scale = float16(d, at);
          for (int j = 0; j < 32; j++) {
            out[i + j] = scale * d.get(JAVA_BYTE, at + 2 + j);
          }
        }
      }
      case Q6_K -> {
        for (int i = 0; i < n; i += 256, at += 210) {
          decodeQ6K(d, at, out, i);
        }
      }
    }
  }

  /**
   * One super-block of 256: ql[128], qh[64], int8 scales[16], fp16 d. In each half of 128, row g of
   * four runs of 32 has its low bits in a nibble of ql and its high two bits at 2g of qh.
   */
  private static void decodeQ6K(MemorySegment d, long at, float[] out, int first) {
    float scale = float16(d, at + 208);
    for (int h = 0; h < 2; h++) {
      for (int g = 0; g < 4; g++) {
        for (int l = 0; l < 32; l++) {
          int low = d.get(JAVA_BYTE, at + 64L * h + 32L * (g & 1) + l) >> (g >> 1) * 4 & 15;
          int high = d.get(JAVA_BYTE, at + 128 + 32L * h + l) >> 2 * g & 3;
          int s = d.get(JAVA_BYTE, at + 192 + 8L * h + 2L * g + l / 16);
          out[first + 128 * h + 32 * g + l] = scale * s * ((low | high << 4) - 32);
        }
      }
    }
  }

  private static float float16(MemorySegment d, long at) {
    return Float.float16ToFloat(d.get(JAVA_SHORT_UNALIGNED, at));
  }
}
