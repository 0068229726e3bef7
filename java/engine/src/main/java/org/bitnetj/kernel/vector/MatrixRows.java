package org.bitnetj.kernel.vector;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static org.bitnetj.kernel.vector.Width.HALF_SHORT;
import static org.bitnetj.kernel.vector.Width.INT;
import static org.bitnetj.kernel.vector.Width.LANES;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import org.bitnetj.format.BF16Format;
import org.bitnetj.format.F16Format;
import org.bitnetj.format.F32Format;
import org.bitnetj.format.Q6kFormat;
import org.bitnetj.format.Q8Format;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.FloatRows;

/** Rows of embedding and head matrices as float32, and their products. */
final class MatrixRows {
  private MatrixRows() {}

  /** Decodes one row to {@code out[at]} and on. */
  static void decode(FloatMatrix m, int row, float[] out, int at, Scratch scratch) {
    long from = row * m.rowBytes();
    int n = m.columns();
    switch (m.format()) {
      case F32Format _ -> MemorySegment.copy(m.data(), JAVA_FLOAT_UNALIGNED, from, out, at, n);
      case F16Format _ -> {
        short[] halves = scratch.shorts(n);
        MemorySegment.copy(m.data(), JAVA_SHORT_UNALIGNED, from, halves, 0, n);
        fromFloat16(halves, n, out, at);
      }
      case BF16Format _ -> {
        short[] halves = scratch.shorts(n);
        MemorySegment.copy(m.data(), JAVA_SHORT_UNALIGNED, from, halves, 0, n);
        fromBfloat16(halves, n, out, at);
      }
      case Q8Format _ -> {
        byte[] bytes = scratch.bytes((int) m.rowBytes());
        MemorySegment.copy(m.data(), JAVA_BYTE, from, bytes, 0, (int) m.rowBytes());
        for (int i = 0, b = 0; i < n; i += 32, b += 34) {
          float scale = float16(bytes, b);
          for (int j = 0; j < 32; j++) {
            out[at + i + j] = scale * bytes[b + 2 + j];
          }
        }
      }
      case Q6kFormat _ -> {
        byte[] bytes = scratch.bytes((int) m.rowBytes());
        MemorySegment.copy(m.data(), JAVA_BYTE, from, bytes, 0, (int) m.rowBytes());
        for (int i = 0, b = 0; i < n; i += 256, b += 210) {
          decodeQ6K(bytes, b, out, at + i);
        }
      }
      default -> m.decode(row, out, at);
    }
  }

  /** {@code n} elements; the JIT compiler makes conversion instructions of this very loop. */
  static void fromFloat16(short[] in, int n, float[] out, int at) {
    for (int i = 0; i < n; i++) {
      out[at + i] = Float.float16ToFloat(in[i]);
    }
  }

  private static void fromBfloat16(short[] in, int n, float[] out, int at) {
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      IntVector bits =
          (IntVector)
              ShortVector.fromArray(HALF_SHORT, in, i).convertShape(VectorOperators.S2I, INT, 0);
      bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(out, at + i);
    }
    for (; i < n; i++) {
      out[at + i] = Float.intBitsToFloat(in[i] << 16);
    }
  }

  /**
   * One super-block of 256: ql[128], qh[64], int8 scales[16], fp16 d. In each half of 128, row g of
   * four runs of 32 has its low bits in a nibble of ql and its high two bits at 2g of qh.
   */
  private static void decodeQ6K(byte[] b, int at, float[] out, int first) {
    float scale = float16(b, at + 208);
    for (int h = 0; h < 2; h++) {
      for (int g = 0; g < 4; g++) {
        int lows = at + 64 * h + 32 * (g & 1);
        int highs = at + 128 + 32 * h;
        int to = first + 128 * h + 32 * g;
        for (int part = 0; part < 32; part += 16) {
          float s = scale * b[at + 192 + 8 * h + 2 * g + part / 16];
          for (int l = part; l < part + 16; l++) {
            int low = b[lows + l] >> (g >> 1) * 4 & 15;
            int high = b[highs + l] >> 2 * g & 3;
            out[to + l] = s * ((low | high << 4) - 32);
          }
        }
      }
    }
  }

  private static float float16(byte[] b, int at) {
    return Float.float16ToFloat((short) (b[at] & 0xff | b[at + 1] << 8));
  }

  /** As {@code Kernels.headProduct}: four rows of m at a time, each decoded once for all tokens. */
  static void multiply(FloatMatrix m, FloatRows x, FloatRows y, int count, int begin, int end) {
    Scratch scratch = Scratch.ofThread();
    int n = m.columns();
    int stride = Reductions.padded(n);
    float[] tokens = scratch.x(count * stride);
    for (int t = 0; t < count; t++) {
      Rows.take(x, t, tokens, t * stride);
      Arrays.fill(tokens, t * stride + n, (t + 1) * stride, 0f);
    }
    float[] weights = scratch.weights(Reductions.ROWS * stride);
    float[] lanes = scratch.lanes;
    for (int row = begin; row < end; row += Reductions.ROWS) {
      int rows = Math.min(Reductions.ROWS, end - row);
      for (int r = 0; r < rows; r++) {
        decode(m, row + r, weights, r * stride, scratch);
        Arrays.fill(weights, r * stride + n, (r + 1) * stride, -0f);
      }
      for (int t = 0; t < count; t++) {
        Reductions.dots(tokens, t * stride, weights, 0, stride, stride, lanes);
        for (int r = 0; r < rows; r++) {
          y.set(t, row + r, Reductions.fold(lanes, r * Reductions.LANES));
        }
      }
    }
  }
}
