package org.bitnetj.kernel.scalar;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.tensor.Activation;
import org.bitnetj.tensor.Activation16;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.AttentionParts;
import org.bitnetj.tensor.Batch;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.LogitBounds;
import org.bitnetj.tensor.LowBitMatrix;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.Rope;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryScales;
import org.bitnetj.tensor.TernaryVectors;

/**
 * The definition of the engine's arithmetic. Float32 throughout; {@link Math#fma} exactly where a
 * product and a sum round once, plain operators where each rounds; reductions in the order of
 * {@link FloatMath}. Integer sums are exact, so their order is free. Tiers in Java inherit what
 * they have nothing better for.
 */
public class ScalarKernels implements Kernels {
  @Override
  public KernelTier tier() {
    return KernelTier.SCALAR;
  }

  @Override
  public boolean gainsBySkipping() {
    return true;
  }

  @Override
  public boolean pack(
      TernaryFormat format, MemorySegment source, TernaryMatrix w, int begin, int end) {
    return w.pack(format, source, begin, end);
  }

  @Override
  public void embed(FloatMatrix table, Batch batch, FloatRows out, int begin, int end) {
    float[] row = new float[table.columns()];
    for (int r = begin; r < end; r++) {
      table.decode(batch.token(r), row, 0);
      put(row, out, r);
    }
  }

  @Override
  public void add(FloatRows x, FloatRows y, int begin, int end) {
    for (int r = begin; r < end; r++) {
      for (int i = 0; i < x.columns(); i++) {
        x.set(r, i, x.get(r, i) + y.get(r, i));
      }
    }
  }

  @Override
  public void normalize(FloatRows x, Norm norm, FloatRows out, int begin, int end) {
    float[] row = new float[x.columns()];
    for (int r = begin; r < end; r++) {
      take(x, r, row);
      normalize(row, norm);
      put(row, out, r);
    }
  }

  private static void normalize(float[] x, Norm norm) {
    if (norm.isNone()) {
      return;
    }
    int n = x.length;
    float inverse = norm.factor(FloatMath.dot(x, 0, x, 0, n) / n);
    for (int i = 0; i < n; i++) {
      x[i] = x[i] * inverse * norm.weight().getAtIndex(JAVA_FLOAT, i);
    }
  }

  @Override
  public boolean quantize(FloatRows x, Norm norm, QuantizedRows out, int begin, int end) {
    float[] row = new float[x.columns()];
    for (int r = begin; r < end; r++) {
      take(x, r, row);
      normalize(row, norm);
      if (!quantize(row, out, r)) {
        return false;
      }
    }
    return true;
  }

  private static boolean quantize(float[] x, QuantizedRows out, int r) {
    int blocks = out.blocks();
    int length = blocks == 1 ? x.length : out.cut().blockColumns();
    for (int b = 0; b < blocks; b++) {
      int end = Math.min((b + 1) * length, x.length);
      int largest = 0; // as bits: for absolute values, the order of the floats, non-finite on top
      for (int i = b * length; i < end; i++) {
        largest = Math.max(largest, Float.floatToRawIntBits(x[i]) & 0x7fffffff);
      }
      if (largest >= 0x7f800000) {
        return false;
      }
      float amax = Math.max(Float.intBitsToFloat(largest), 1e-5f);
      float s = 127f / amax;
      for (int i = b * length; i < end; i++) {
        out.setValue(r, i, (byte) Math.clamp((int) Math.rint(x[i] * s), -128, 127));
      }
      out.setScale(r, b, amax / 127f);
    }
    for (int i = x.length; i < out.stride(); i++) {
      out.setValue(r, i, (byte) 0);
    }
    out.setSum(r, sum(out, r, 0, x.length));
    int group = out.cut().groupColumns();
    for (int g = 0; group > 0 && g < out.groups(); g++) {
      out.setGroupSum(r, g, sum(out, r, g * group, Math.min((g + 1) * group, x.length)));
    }
    return true;
  }

  /** The sum of values of columns {@code [begin, end)}. */
  private static int sum(QuantizedRows rows, int r, int begin, int end) {
    int sum = 0;
    for (int i = begin; i < end; i++) {
      sum += rows.value(r, i);
    }
    return sum;
  }

  @Override
  public void gate(Activation activation, FloatRows gate, FloatRows up, int begin, int end) {
    for (int r = begin; r < end; r++) {
      for (int i = 0; i < gate.columns(); i++) {
        float g = gate.get(r, i);
        float a =
            switch (activation) {
              case RELU_SQUARED -> FloatMath.reluSquared(g);
              case SILU -> FloatMath.silu(g);
              case GELU -> FloatMath.gelu(g);
            };
        gate.set(r, i, a * up.get(r, i));
      }
    }
  }

  @Override
  public void ternaryProduct(
      TernaryMatrix w, QuantizedRows a, FloatRows y, int count, int begin, int end) {
    int n = w.columns();
    byte[][] q = new byte[count][n];
    for (int t = 0; t < count; t++) {
      MemorySegment.copy(a.values(), JAVA_BYTE, t * a.stride(), q[t], 0, n);
    }
    byte[] digits = new byte[n];
    int last = Math.min(end * TernaryMatrix.PANEL_ROWS, w.rows());
    for (int row = begin * TernaryMatrix.PANEL_ROWS; row < last; row++) {
      w.layout().unpack(w.panels(), n, row, digits);
      for (int t = 0; t < count; t++) {
        float product =
            w.scales() instanceof TernaryScales.Groups groups
                ? byGroups(q[t], digits, groups, row, a, t)
                : (float) dot(q[t], digits, 0, n) * (w.scales().ofRow(row) * a.scale(t));
        y.set(t, row, product);
      }
    }
  }

  /** The sum of products of activations and weights t = u - 1 over columns {@code [begin, end)}. */
  private static int dot(byte[] q, byte[] digits, int begin, int end) {
    int sum = 0;
    for (int k = begin; k < end; k++) {
      sum += q[k] * (digits[k] - 1);
    }
    return sum;
  }

  private static float byGroups(
      byte[] q, byte[] digits, TernaryScales.Groups groups, int row, QuantizedRows a, int t) {
    int n = groups.columns();
    int block = a.cut().blockColumns();
    float y = 0f;
    for (int g = 0; g < groups.count(); g++) {
      float d = groups.scale(row, g);
      float s = block == 0 ? d : d * a.scale(t, g * n / block);
      y = Math.fma((float) dot(q, digits, g * n, Math.min((g + 1) * n, q.length)), s, y);
    }
    return block == 0 ? y * a.scale(t) : y;
  }

  @Override
  public void packVectors(TernaryMatrix w, TernaryVectors vectors, int begin, int end) {
    ScalarSparse.pack(w, vectors, begin, end);
  }

  @Override
  public void vectorsProduct(
      TernaryVectors w,
      QuantizedRows a,
      FloatRows y,
      int count,
      int begin,
      int end,
      MemorySegment scratch) {
    ScalarSparse.product(w, a, y, count, begin, end);
  }

  @Override
  public long gatedProduct(
      TernaryVectors w,
      QuantizedRows a,
      FloatRows gate,
      FloatRows y,
      int count,
      int begin,
      int end) {
    return ScalarSparse.gatedProduct(w, a, gate, y, count, begin, end);
  }

  @Override
  public long sparseProduct(
      TernaryVectors w, QuantizedRows a, FloatRows y, int count, int begin, int end) {
    return ScalarSparse.sparseProduct(w, a, y, count, begin, end);
  }

  @Override
  public void rotate(Rope rope, Batch batch, FloatRows x, int begin, int end) {
    int pairs = rope.pairs();
    for (int r = begin; r < end; r++) {
      int position = batch.position(r);
      for (int head = 0; head < x.columns(); head += rope.headDim()) {
        for (int i = 0; i < pairs; i++) {
          int first;
          int second;
          switch (rope.style()) {
            case HALVES -> {
              first = head + i;
              second = first + pairs;
            }
            case ADJACENT -> {
              first = head + 2 * i;
              second = first + 1;
            }
            default -> throw new AssertionError(rope.style());
          }
          float a = x.get(r, first);
          float b = x.get(r, second);
          float cos = rope.cosine(position, i);
          float sin = rope.sine(position, i);
          x.set(r, first, a * cos - b * sin);
          x.set(r, second, a * sin + b * cos);
        }
      }
    }
  }

  @Override
  public void store(
      AttentionLayer layer, Batch batch, FloatRows keys, FloatRows values, int begin, int end) {
    int headDim = layer.headDim();
    for (int r = begin; r < end; r++) {
      for (int h = 0; h < layer.kvHeads(); h++) {
        long at = layer.offset(batch, r, h, batch.position(r));
        for (int d = 0; d < headDim; d++) {
          put(layer, layer.keys(), at + d, keys.get(r, h * headDim + d));
          put(layer, layer.values(), at + d, values.get(r, h * headDim + d));
        }
      }
    }
  }

  private static void put(AttentionLayer layer, MemorySegment cache, long at, float value) {
    switch (layer.type()) {
      case F16 -> cache.setAtIndex(JAVA_SHORT, at, Float.floatToFloat16(value));
      case F32 -> cache.setAtIndex(JAVA_FLOAT, at, value);
    }
  }

  @Override
  public void attend(
      AttentionLayer layer, Batch batch, FloatRows queries, FloatRows out, int begin, int end) {
    int group = layer.queryHeads() / layer.kvHeads();
    ScalarAttention attention = new ScalarAttention(layer, batch);
    for (int item = begin; item < end; item++) {
      int kvHead = item % layer.kvHeads();
      for (int q = kvHead * group; q < (kvHead + 1) * group; q++) {
        attention.attend(queries, out, item / layer.kvHeads(), q);
      }
    }
  }

  @Override
  public void attendParts(
      AttentionLayer layer,
      Batch batch,
      FloatRows queries,
      AttentionParts parts,
      int begin,
      int end) {
    int group = layer.queryHeads() / layer.kvHeads();
    ScalarAttention attention = new ScalarAttention(layer, batch);
    for (int item = begin; item < end; item++) {
      int kvHead = item % layer.kvHeads();
      for (int q = kvHead * group; q < (kvHead + 1) * group; q++) {
        attention.attendPart(queries, parts, item / layer.kvHeads(), q);
      }
    }
  }

  @Override
  public void mergeParts(
      AttentionLayer layer, Batch batch, AttentionParts parts, FloatRows out, int begin, int end) {
    ScalarAttention attention = new ScalarAttention(layer, batch);
    for (int item = begin; item < end; item++) {
      attention.mergeParts(parts, out, item / layer.queryHeads(), item % layer.queryHeads());
    }
  }

  @Override
  public void headProduct(FloatMatrix m, FloatRows x, FloatRows y, int count, int begin, int end) {
    int n = m.columns();
    float[] weights = new float[n];
    float[][] rows = new float[count][n];
    for (int t = 0; t < count; t++) {
      take(x, t, rows[t]);
    }
    for (int r = begin; r < end; r++) {
      m.decode(r, weights, 0);
      for (int t = 0; t < count; t++) {
        y.set(t, r, FloatMath.dot(rows[t], 0, weights, 0, n));
      }
    }
  }

  @Override
  public boolean packLowBit(FloatMatrix m, LowBitMatrix copy, int begin, int end) {
    return ScalarLowBit.pack(m, copy, begin, end);
  }

  @Override
  public void boundLogits(
      LowBitMatrix m, Activation16[] x, LogitBounds[] bounds, int count, int begin, int end) {
    for (int t = 0; t < count; t++) {
      ScalarLowBit.boundLogits(m, x[t], bounds[t], begin, end);
    }
  }

  @Override
  public void refineBounds(
      LowBitMatrix m, Activation16[] x, LogitBounds[] bounds, int count, int begin, int end) {
    for (int t = 0; t < count; t++) {
      ScalarLowBit.refineBounds(m, x[t], bounds[t], begin, end);
    }
  }

  private static void take(FloatRows rows, int r, float[] out) {
    MemorySegment.copy(
        rows.data(), JAVA_FLOAT, r * rows.stride() * Float.BYTES, out, 0, out.length);
  }

  private static void put(float[] row, FloatRows out, int r) {
    MemorySegment.copy(row, 0, out.data(), JAVA_FLOAT, r * out.stride() * Float.BYTES, row.length);
  }
}
