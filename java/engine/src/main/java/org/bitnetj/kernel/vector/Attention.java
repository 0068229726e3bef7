package org.bitnetj.kernel.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.bitnetj.kernel.vector.Width.FLOAT;
import static org.bitnetj.kernel.vector.Width.LANES;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.bitnetj.kernel.scalar.FloatMath;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.AttentionParts;
import org.bitnetj.tensor.Batch;
import org.bitnetj.tensor.FloatRows;

/**
 * Softmax attention of the query heads of one cache head, in chunks of 256 positions that merge in
 * rising order. Keys and values of a chunk are decoded once for all these heads. For one thread;
 * its arrays grow to the largest layer.
 */
final class Attention {
  private static final int CHUNK = AttentionLayer.CHUNK;

  private final float[] scores = new float[CHUNK]; // a multiple of FloatLanes.EXP_STEP
  private short[] halves = {};
  private float[] keys = {};
  private float[] values = {};
  private float[] query = {};
  private float[] chunkOut = {};
  private float[] out = {};
  private float[] max = {};
  private float[] sum = {};
  private float chunkMax;
  private float chunkSum;
  private int headDim;

  /** From one decoded vector to the next: headDim rounded up to 16. */
  private int stride;

  /** Attends for all query heads of a cache head of row r, to all positions up to its own. */
  void attend(
      AttentionLayer layer,
      Batch batch,
      int r,
      int kvHead,
      FloatRows queries,
      FloatRows result,
      float[] lanes) {
    int group = open(layer, queries, r, kvHead);
    for (int chunk = 0; chunk <= batch.position(r) / CHUNK; chunk++) {
      int n = decode(layer, batch, r, kvHead, chunk);
      for (int g = 0; g < group; g++) {
        chunk(g, n, layer.scale(), lanes);
        merge(g, chunk == 0);
      }
    }
    for (int g = 0; g < group; g++) {
      put(g, result, r, kvHead * group + g);
    }
  }

  /** The same to the positions of one part's chunk. */
  void attendPart(
      AttentionLayer layer,
      Batch batch,
      AttentionParts parts,
      int part,
      int kvHead,
      FloatRows queries,
      float[] lanes) {
    int r = parts.row(part);
    int group = open(layer, queries, r, kvHead);
    int n = decode(layer, batch, r, kvHead, part - parts.first(r));
    for (int g = 0; g < group; g++) {
      chunk(g, n, layer.scale(), lanes);
      parts.set(part, kvHead * group + g, chunkOut, chunkMax, chunkSum);
    }
  }

  /** Merges the parts of one query head of row r. */
  void mergeParts(
      AttentionLayer layer,
      Batch batch,
      AttentionParts parts,
      int r,
      int queryHead,
      FloatRows result) {
    fit(layer.headDim(), layer.queryHeads() / layer.kvHeads());
    for (int chunk = 0; chunk <= batch.position(r) / CHUNK; chunk++) {
      int part = parts.first(r) + chunk;
      parts.get(part, queryHead, chunkOut);
      chunkMax = parts.max(part, queryHead);
      chunkSum = parts.sum(part, queryHead);
      merge(0, chunk == 0);
    }
    put(0, result, r, queryHead);
  }

  /** Takes the queries of a cache head; returns how many there are. */
  private int open(AttentionLayer layer, FloatRows queries, int r, int kvHead) {
    int group = layer.queryHeads() / layer.kvHeads();
    fit(layer.headDim(), group);
    long from = r * queries.stride() + (long) kvHead * group * headDim;
    for (int g = 0; g < group; g++) {
      MemorySegment.copy(
          queries.data(), JAVA_FLOAT, (from + g * headDim) * 4, query, g * stride, headDim);
    }
    return group;
  }

  /** Decodes the keys and values of a chunk; returns how many positions count. */
  private int decode(AttentionLayer layer, Batch batch, int r, int kvHead, int chunk) {
    int start = chunk * CHUNK;
    int n = Math.min(CHUNK, batch.position(r) + 1 - start);
    long at = layer.offset(batch, r, kvHead, start);
    decode(layer, layer.keys(), at, n, keys);
    decode(layer, layer.values(), at, n, values);
    return n;
  }

  private void put(int g, FloatRows result, int r, int queryHead) {
    float inverse = 1f / sum[g];
    for (int d = g * stride; d < g * stride + headDim; d++) {
      out[d] *= inverse;
    }
    long to = r * result.stride() + (long) queryHead * headDim;
    MemorySegment.copy(out, g * stride, result.data(), JAVA_FLOAT, to * 4, headDim);
  }

  private void fit(int dim, int group) {
    int padded = Reductions.padded(dim);
    if (keys.length < CHUNK * padded) {
      halves = new short[CHUNK * padded];
      keys = new float[CHUNK * padded];
      values = new float[CHUNK * padded];
      chunkOut = new float[padded];
    }
    if (query.length < group * padded) {
      query = new float[group * padded];
      out = new float[group * padded];
    }
    if (max.length < group) {
      max = new float[group];
      sum = new float[group];
    }
    headDim = dim;
    stride = padded;
    for (int g = 0; g < group; g++) {
      Arrays.fill(query, g * stride + dim, (g + 1) * stride, 0f);
    }
  }

  /** Decodes n vectors from element {@code at} on, with -0 behind each. */
  private void decode(AttentionLayer layer, MemorySegment cache, long at, int n, float[] to) {
    switch (layer.type()) {
      case F16 -> {
        MemorySegment.copy(cache, JAVA_SHORT, at * Short.BYTES, halves, 0, n * headDim);
        MatrixRows.fromFloat16(halves, n * headDim, to, 0);
      }
      case F32 -> MemorySegment.copy(cache, JAVA_FLOAT, at * Float.BYTES, to, 0, n * headDim);
    }
    if (stride != headDim) {
      for (int t = n - 1; t >= 0; t--) {
        System.arraycopy(to, t * headDim, to, t * stride, headDim);
        Arrays.fill(to, t * stride + headDim, (t + 1) * stride, -0f);
      }
    }
  }

  private void chunk(int g, int n, float scale, float[] lanes) {
    chunkMax = score(g, n, scale, lanes);
    FloatLanes.exp(scores, n, chunkMax);
    int padded = Reductions.padded(n);
    Arrays.fill(scores, n, padded, -0f);
    chunkSum = Reductions.sum(scores, padded, lanes);
    weightedSum(n);
  }

  private void merge(int g, boolean first) {
    int at = g * stride;
    if (first) {
      max[g] = chunkMax;
      sum[g] = chunkSum;
      System.arraycopy(chunkOut, 0, out, at, stride);
    } else {
      float newMax = chunkMax > max[g] ? chunkMax : max[g];
      float keep = FloatMath.exp(max[g] - newMax);
      float take = FloatMath.exp(chunkMax - newMax);
      max[g] = newMax;
      sum[g] = sum[g] * keep + chunkSum * take;
      for (int d = 0; d < stride; d++) {
        out[at + d] = out[at + d] * keep + chunkOut[d] * take;
      }
    }
  }

  /** Scores of a chunk; returns the largest. */
  private float score(int g, int n, float scale, float[] lanes) {
    float most = Float.NEGATIVE_INFINITY;
    for (int t = 0; t < n; t += Reductions.ROWS) {
      Reductions.dots(query, g * stride, keys, t * stride, stride, stride, lanes);
      int rows = Math.min(Reductions.ROWS, n - t);
      for (int i = 0; i < rows; i++) {
        float s = Reductions.fold(lanes, i * Reductions.LANES) * scale;
        scores[t + i] = s;
        most = s > most ? s : most;
      }
    }
    return most;
  }

  /** chunkOut = sum over rising t of scores[t] * v[t], fused; two vectors at a time. */
  private void weightedSum(int n) {
    int d = 0;
    for (; d <= stride - 2 * LANES; d += 2 * LANES) {
      FloatVector a0 = FloatVector.zero(FLOAT);
      FloatVector a1 = a0;
      for (int t = 0, at = d; t < n; t++, at += stride) {
        FloatVector s = FloatVector.broadcast(FLOAT, scores[t]);
        a0 = FloatVector.fromArray(FLOAT, values, at).fma(s, a0);
        a1 = FloatVector.fromArray(FLOAT, values, at + LANES).fma(s, a1);
      }
      a0.intoArray(chunkOut, d);
      a1.intoArray(chunkOut, d + LANES);
    }
    if (d < stride) {
      FloatVector a = FloatVector.zero(FLOAT);
      for (int t = 0, at = d; t < n; t++, at += stride) {
        a =
            FloatVector.fromArray(FLOAT, values, at)
                .fma(FloatVector.broadcast(FLOAT, scores[t]), a);
      }
      a.intoArray(chunkOut, d);
    }
  }
}
