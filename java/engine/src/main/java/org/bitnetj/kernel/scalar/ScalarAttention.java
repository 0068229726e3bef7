package org.bitnetj.kernel.scalar;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.AttentionParts;
import org.bitnetj.tensor.Batch;
import org.bitnetj.tensor.FloatRows;

/**
 * Softmax attention of one query head of one row over its cached positions, in fixed chunks of 256
 * positions that merge in rising order. The chunks do not depend on threads or batch, so neither do
 * the bits.
 */
final class ScalarAttention {
  private final AttentionLayer layer;
  private final Batch batch;
  private final float[] query;
  private final float[] vector;
  private final float[] scores = new float[AttentionLayer.CHUNK];

  // The last chunk.
  private final float[] chunkOut;
  private float chunkMax;
  private float chunkSum;

  // All chunks up to it.
  private final float[] out;
  private float max;
  private float sum;

  ScalarAttention(AttentionLayer layer, Batch batch) {
    this.layer = layer;
    this.batch = batch;
    this.query = new float[layer.headDim()];
    this.vector = new float[layer.headDim()];
    this.chunkOut = new float[layer.headDim()];
    this.out = new float[layer.headDim()];
  }

  /** Attends to all positions up to the row's own. */
  void attend(FloatRows queries, FloatRows result, int row, int queryHead) {
    takeQuery(queries, row, queryHead);
    for (int chunk = 0; chunk <= batch.position(row) / AttentionLayer.CHUNK; chunk++) {
      attendChunk(row, queryHead, chunk);
      merge(chunk == 0);
    }
    putResult(result, row, queryHead);
  }

  /** Attends to the chunk that a part is of. */
  void attendPart(FloatRows queries, AttentionParts parts, int part, int queryHead) {
    int row = parts.row(part);
    takeQuery(queries, row, queryHead);
    attendChunk(row, queryHead, part - parts.first(row));
    parts.set(part, queryHead, chunkOut, chunkMax, chunkSum);
  }

  /** Merges the parts of a row. */
  void mergeParts(AttentionParts parts, FloatRows result, int row, int queryHead) {
    for (int chunk = 0; chunk <= batch.position(row) / AttentionLayer.CHUNK; chunk++) {
      int part = parts.first(row) + chunk;
      parts.get(part, queryHead, chunkOut);
      chunkMax = parts.max(part, queryHead);
      chunkSum = parts.sum(part, queryHead);
      merge(chunk == 0);
    }
    putResult(result, row, queryHead);
  }

  private void takeQuery(FloatRows queries, int row, int queryHead) {
    long at = row * queries.stride() + (long) queryHead * query.length;
    MemorySegment.copy(queries.data(), JAVA_FLOAT, at * Float.BYTES, query, 0, query.length);
  }

  private void putResult(FloatRows result, int row, int queryHead) {
    float inverse = 1f / sum;
    for (int d = 0; d < out.length; d++) {
      result.set(row, queryHead * out.length + d, out[d] * inverse);
    }
  }

  private void attendChunk(int row, int queryHead, int chunk) {
    int kvHead = queryHead / (layer.queryHeads() / layer.kvHeads());
    int start = chunk * AttentionLayer.CHUNK;
    int n = Math.min(AttentionLayer.CHUNK, batch.position(row) + 1 - start);
    long at = layer.offset(batch, row, kvHead, start);
    chunkMax = Float.NEGATIVE_INFINITY;
    for (int t = 0; t < n; t++) {
      load(layer.keys(), at + (long) t * query.length);
      float s = FloatMath.dot(query, 0, vector, 0, query.length) * layer.scale();
      scores[t] = s;
      chunkMax = s > chunkMax ? s : chunkMax;
    }
    for (int t = 0; t < n; t++) {
      scores[t] = FloatMath.exp(scores[t] - chunkMax);
    }
    chunkSum = FloatMath.sum(scores, n);
    Arrays.fill(chunkOut, 0f);
    for (int t = 0; t < n; t++) {
      load(layer.values(), at + (long) t * query.length);
      for (int d = 0; d < chunkOut.length; d++) {
        chunkOut[d] = Math.fma(scores[t], vector[d], chunkOut[d]);
      }
    }
  }

  private void merge(boolean first) {
    if (first) {
      max = chunkMax;
      sum = chunkSum;
      System.arraycopy(chunkOut, 0, out, 0, out.length);
      return;
    }
    float newMax = chunkMax > max ? chunkMax : max;
    float keep = FloatMath.exp(max - newMax);
    float take = FloatMath.exp(chunkMax - newMax);
    max = newMax;
    sum = sum * keep + chunkSum * take;
    for (int d = 0; d < out.length; d++) {
      out[d] = out[d] * keep + chunkOut[d] * take;
    }
  }

  private void load(MemorySegment cache, long offset) {
    for (int d = 0; d < vector.length; d++) {
      vector[d] =
          switch (layer.type()) {
            case F16 -> Float.float16ToFloat(cache.getAtIndex(JAVA_SHORT, offset + d));
            case F32 -> cache.getAtIndex(JAVA_FLOAT, offset + d);
          };
    }
  }
}
