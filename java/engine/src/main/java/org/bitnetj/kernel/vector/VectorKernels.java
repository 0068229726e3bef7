package org.bitnetj.kernel.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.scalar.ScalarKernels;
import org.bitnetj.tensor.Activation;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.AttentionParts;
import org.bitnetj.tensor.Batch;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.Rope;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryScales;

/**
 * The kernels on the Java Vector API; the scalar ones where these are not often computed on this
 * tier: products that leave weights out, and bounds of logits. Rows are worked on in arrays of the
 * calling thread where that spares remainders; once these have grown to the model's shapes, nothing
 * is allocated.
 */
final class VectorKernels extends ScalarKernels {
  @Override
  public KernelTier tier() {
    return KernelTier.VECTOR;
  }

  /** The products of whole matrices are faster than the scalar ones of their parts. */
  @Override
  public boolean gainsBySkipping() {
    return false;
  }

  @Override
  public void embed(FloatMatrix table, Batch batch, FloatRows out, int begin, int end) {
    Scratch scratch = Scratch.ofThread();
    float[] row = scratch.x(table.columns());
    for (int r = begin; r < end; r++) {
      MatrixRows.decode(table, batch.token(r), row, 0, scratch);
      Rows.put(row, out, r);
    }
  }

  @Override
  public void add(FloatRows x, FloatRows y, int begin, int end) {
    for (int r = begin; r < end; r++) {
      Rows.add(x, y, r);
    }
  }

  @Override
  public void normalize(FloatRows x, Norm norm, FloatRows out, int begin, int end) {
    Scratch scratch = Scratch.ofThread();
    for (int r = begin; r < end; r++) {
      Rows.put(Rows.normalized(x, r, norm, scratch), out, r);
    }
  }

  @Override
  public boolean quantize(FloatRows x, Norm norm, QuantizedRows out, int begin, int end) {
    Scratch scratch = Scratch.ofThread();
    for (int r = begin; r < end; r++) {
      if (!Rows.quantize(Rows.normalized(x, r, norm, scratch), out, r, scratch)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void gate(Activation activation, FloatRows gate, FloatRows up, int begin, int end) {
    Scratch scratch = Scratch.ofThread();
    for (int r = begin; r < end; r++) {
      Rows.gate(activation, gate, up, r, scratch);
    }
  }

  @Override
  public void ternaryProduct(
      TernaryMatrix w, QuantizedRows a, FloatRows y, int count, int begin, int end) {
    if (w.scales() instanceof TernaryScales.Groups groups) {
      Scratch.ofThread().groups.compute(w, groups, a, y, count, begin, end);
    } else {
      TernaryProduct.compute(w, a, y, count, begin, end, Scratch.ofThread());
    }
  }

  @Override
  public void rotate(Rope rope, Batch batch, FloatRows x, int begin, int end) {
    int pairs = rope.pairs();
    Scratch scratch = Scratch.ofThread();
    float[] row = scratch.x(x.columns());
    float[] cos = scratch.cosines(pairs);
    float[] sin = scratch.sines(pairs);
    for (int r = begin; r < end; r++) {
      int position = batch.position(r);
      for (int i = 0; i < pairs; i++) {
        cos[i] = rope.cosine(position, i);
        sin[i] = rope.sine(position, i);
      }
      Rows.take(x, r, row, 0);
      for (int head = 0; head < x.columns(); head += rope.headDim()) {
        switch (rope.style()) {
          case HALVES -> Rows.rotateHalves(row, head, cos, sin, pairs);
          case ADJACENT -> {
            for (int i = 0; i < pairs; i++) {
              Rows.rotate(row, head + 2 * i, head + 2 * i + 1, cos[i], sin[i]);
            }
          }
        }
      }
      Rows.put(row, x, r);
    }
  }

  @Override
  public void store(
      AttentionLayer layer, Batch batch, FloatRows keys, FloatRows values, int begin, int end) {
    Scratch scratch = Scratch.ofThread();
    for (int r = begin; r < end; r++) {
      store(layer, batch, keys, r, layer.keys(), scratch);
      store(layer, batch, values, r, layer.values(), scratch);
    }
  }

  private static void store(
      AttentionLayer layer,
      Batch batch,
      FloatRows rows,
      int r,
      MemorySegment cache,
      Scratch scratch) {
    int headDim = layer.headDim();
    int n = layer.kvHeads() * headDim;
    float[] row = scratch.x(rows.columns());
    Rows.take(rows, r, row, 0);
    switch (layer.type()) {
      case F16 -> {
        short[] halves = scratch.shorts(n);
        for (int i = 0; i < n; i++) {
          halves[i] = Float.floatToFloat16(row[i]);
        }
        for (int h = 0; h < layer.kvHeads(); h++) {
          long at = layer.offset(batch, r, h, batch.position(r));
          MemorySegment.copy(halves, h * headDim, cache, JAVA_SHORT, at * 2, headDim);
        }
      }
      case F32 -> {
        for (int h = 0; h < layer.kvHeads(); h++) {
          long at = layer.offset(batch, r, h, batch.position(r));
          MemorySegment.copy(row, h * headDim, cache, JAVA_FLOAT, at * 4, headDim);
        }
      }
    }
  }

  @Override
  public void attend(
      AttentionLayer layer, Batch batch, FloatRows queries, FloatRows out, int begin, int end) {
    Scratch scratch = Scratch.ofThread();
    for (int item = begin; item < end; item++) {
      int r = item / layer.kvHeads();
      scratch.attention.attend(
          layer, batch, r, item % layer.kvHeads(), queries, out, scratch.lanes);
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
    Scratch scratch = Scratch.ofThread();
    for (int item = begin; item < end; item++) {
      scratch.attention.attendPart(
          layer,
          batch,
          parts,
          item / layer.kvHeads(),
          item % layer.kvHeads(),
          queries,
          scratch.lanes);
    }
  }

  @Override
  public void mergeParts(
      AttentionLayer layer, Batch batch, AttentionParts parts, FloatRows out, int begin, int end) {
    Scratch scratch = Scratch.ofThread();
    for (int item = begin; item < end; item++) {
      int r = item / layer.queryHeads();
      scratch.attention.mergeParts(layer, batch, parts, r, item % layer.queryHeads(), out);
    }
  }

  @Override
  public void headProduct(FloatMatrix m, FloatRows x, FloatRows y, int count, int begin, int end) {
    MatrixRows.multiply(m, x, y, count, begin, end);
  }
}
