package org.bitnetj.kernel.vector;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.bitnetj.kernel.vector.Width.FLOAT;
import static org.bitnetj.kernel.vector.Width.INT;
import static org.bitnetj.kernel.vector.Width.LANES;
import static org.bitnetj.kernel.vector.Width.ORDER;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.bitnetj.kernel.scalar.FloatMath;
import org.bitnetj.tensor.Activation;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.QuantizedRows;

/** Operations on single rows of activations. */
final class Rows {
  private Rows() {}

  /** Copies a row to {@code out[at]} and on. */
  static void take(FloatRows rows, int r, float[] out, int at) {
    MemorySegment.copy(rows.data(), JAVA_FLOAT, offset(rows, r), out, at, rows.columns());
  }

  /** Copies the first elements to a row. */
  static void put(float[] row, FloatRows out, int r) {
    MemorySegment.copy(row, 0, out.data(), JAVA_FLOAT, offset(out, r), out.columns());
  }

  private static long offset(FloatRows rows, int r) {
    return r * rows.stride() * Float.BYTES;
  }

  static void add(FloatRows x, FloatRows y, int r) {
    MemorySegment to = x.data();
    MemorySegment from = y.data();
    long toRow = offset(x, r);
    long fromRow = offset(y, r);
    int n = x.columns();
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      FloatVector.fromMemorySegment(FLOAT, to, toRow + 4L * i, ORDER)
          .add(FloatVector.fromMemorySegment(FLOAT, from, fromRow + 4L * i, ORDER))
          .intoMemorySegment(to, toRow + 4L * i, ORDER);
    }
    for (; i < n; i++) {
      x.set(r, i, x.get(r, i) + y.get(r, i));
    }
  }

  static void gate(Activation activation, FloatRows gate, FloatRows up, int r, Scratch scratch) {
    MemorySegment to = gate.data();
    MemorySegment from = up.data();
    long toRow = offset(gate, r);
    long fromRow = offset(up, r);
    int n = gate.columns();
    int whole = n - n % LANES;
    switch (activation) {
      case RELU_SQUARED -> {
        for (int i = 0; i < whole; i += LANES) {
          FloatVector x = FloatVector.fromMemorySegment(FLOAT, to, toRow + 4L * i, ORDER);
          FloatVector relu = x.blend(0f, x.lt(0f));
          relu.mul(relu)
              .mul(FloatVector.fromMemorySegment(FLOAT, from, fromRow + 4L * i, ORDER))
              .intoMemorySegment(to, toRow + 4L * i, ORDER);
        }
        for (int i = whole; i < n; i++) {
          gate.set(r, i, FloatMath.reluSquared(gate.get(r, i)) * up.get(r, i));
        }
      }
      case SILU, GELU -> {
        int steps = (whole + FloatLanes.EXP_STEP - 1) / FloatLanes.EXP_STEP;
        float[] powers = scratch.x(steps * FloatLanes.EXP_STEP);
        for (int i = 0; i < whole; i += LANES) {
          FloatVector x = FloatVector.fromMemorySegment(FLOAT, to, toRow + 4L * i, ORDER);
          FloatVector u =
              activation == Activation.SILU
                  ? x
                  : x.mul(x).fma(FloatMath.GELU_C1, FloatMath.GELU_C0).mul(x);
          u.neg().intoArray(powers, i);
        }
        FloatLanes.exp(powers, whole, 0f);
        for (int i = 0; i < whole; i += LANES) {
          FloatVector.fromMemorySegment(FLOAT, to, toRow + 4L * i, ORDER)
              .div(FloatVector.fromArray(FLOAT, powers, i).add(1f))
              .mul(FloatVector.fromMemorySegment(FLOAT, from, fromRow + 4L * i, ORDER))
              .intoMemorySegment(to, toRow + 4L * i, ORDER);
        }
        for (int i = whole; i < n; i++) {
          float x = gate.get(r, i);
          float act = activation == Activation.SILU ? FloatMath.silu(x) : FloatMath.gelu(x);
          gate.set(r, i, act * up.get(r, i));
        }
      }
    }
  }

  /** Normalizes {@code x.columns()} elements with zeros behind them, up to a multiple of 16. */
  static float[] normalized(FloatRows x, int r, Norm norm, Scratch scratch) {
    int n = x.columns();
    int padded = Reductions.padded(n);
    float[] row = scratch.x(padded);
    take(x, r, row, 0);
    Arrays.fill(row, n, padded, 0f);
    if (norm.isNone()) {
      return row;
    }
    float[] weight = scratch.weights(padded);
    MemorySegment.copy(norm.weight(), JAVA_FLOAT, 0, weight, 0, n);
    Arrays.fill(weight, n, padded, 0f);
    float inverse = norm.factor(Reductions.squares(row, padded, scratch.lanes) / n);
    for (int i = 0; i < padded; i += LANES) {
      FloatVector.fromArray(FLOAT, row, i)
          .mul(inverse)
          .mul(FloatVector.fromArray(FLOAT, weight, i))
          .intoArray(row, i);
    }
    Arrays.fill(row, n, padded, 0f); // an infinite factor makes NaN of 0
    return row;
  }

  /** Quantizes the first columns of x, which has zeros behind them up to a multiple of 16. */
  static boolean quantize(float[] x, QuantizedRows out, int r, Scratch scratch) {
    int n = out.columns();
    int padded = Reductions.padded(n);
    int[] q = scratch.ints(padded);
    int length = out.blocks() == 1 ? padded : out.cut().blockColumns();
    for (int b = 0; b < out.blocks(); b++) {
      int begin = b * length;
      int end = Math.min(begin + length, padded);
      int largest = largest(x, begin, end);
      if (largest >= 0x7f800000) {
        return false;
      }
      float amax = Math.max(Float.intBitsToFloat(largest), 1e-5f);
      round(x, 127f / amax, q, begin, end);
      out.setScale(r, b, amax / 127f);
    }
    int stride = (int) out.stride();
    byte[] bytes = scratch.bytes(stride);
    for (int i = 0; i < n; i++) {
      bytes[i] = (byte) q[i];
    }
    Arrays.fill(bytes, n, stride, (byte) 0);
    MemorySegment.copy(bytes, 0, out.values(), JAVA_BYTE, r * out.stride(), stride);
    out.setSum(r, sum(q, 0, padded));
    int group = out.cut().groupColumns();
    for (int g = 0; group > 0 && g < out.groups(); g++) {
      out.setGroupSum(r, g, sum(q, g * group, Math.min((g + 1) * group, padded)));
    }
    return true;
  }

  /** The largest absolute value as bits, whose order is that of the floats. */
  private static int largest(float[] x, int begin, int end) {
    IntVector most = IntVector.zero(INT);
    for (int i = begin; i < end; i += LANES) {
      most = FloatVector.fromArray(FLOAT, x, i).reinterpretAsInts().and(0x7fffffff).max(most);
    }
    return most.reduceLanes(VectorOperators.MAX);
  }

  private static void round(float[] x, float s, int[] q, int begin, int end) {
    for (int i = begin; i < end; i += LANES) {
      FloatVector.fromArray(FLOAT, x, i)
          .mul(s)
          .add(FloatLanes.ROUNDER)
          .reinterpretAsInts()
          .sub(FloatLanes.ROUNDER_BITS)
          .max(-128)
          .min(127)
          .intoArray(q, i);
    }
  }

  private static int sum(int[] q, int begin, int end) {
    IntVector sums = IntVector.zero(INT);
    for (int i = begin; i < end; i += LANES) {
      sums = IntVector.fromArray(INT, q, i).add(sums);
    }
    return sums.reduceLanes(VectorOperators.ADD);
  }

  /** Rotates pairs (i, i + pairs) of the head at {@code x[head]}. */
  static void rotateHalves(float[] x, int head, float[] cos, float[] sin, int pairs) {
    int i = 0;
    for (; i <= pairs - LANES; i += LANES) {
      FloatVector a = FloatVector.fromArray(FLOAT, x, head + i);
      FloatVector b = FloatVector.fromArray(FLOAT, x, head + pairs + i);
      FloatVector c = FloatVector.fromArray(FLOAT, cos, i);
      FloatVector s = FloatVector.fromArray(FLOAT, sin, i);
      a.mul(c).sub(b.mul(s)).intoArray(x, head + i);
      a.mul(s).add(b.mul(c)).intoArray(x, head + pairs + i);
    }
    for (; i < pairs; i++) {
      rotate(x, head + i, head + pairs + i, cos[i], sin[i]);
    }
  }

  /** Rotates one pair. */
  static void rotate(float[] x, int first, int second, float cos, float sin) {
    float a = x[first];
    float b = x[second];
    x[first] = a * cos - b * sin;
    x[second] = a * sin + b * cos;
  }
}
