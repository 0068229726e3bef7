package org.bitnetj.kernel.scalar;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.bitnetj.tensor.AttentionLayer;

/**
 * Softmax attention of one query head over its cached positions, in fixed chunks of 256 positions
 * that merge in rising order. The chunks do not depend on threads or batch, so neither do the bits.
 */
final class ScalarAttention {
  private final float[] query;
  private final float[] vector;
  private final float[] scores = new float[AttentionLayer.CHUNK];
  private final float[] chunkOut;
  private final float[] out;

  ScalarAttention(int headDim) {
    query = new float[headDim];
    vector = new float[headDim];
    chunkOut = new float[headDim];
    out = new float[headDim];
  }

  /** Where the caller puts the query before {@link #attend}. */
  float[] query() {
    return query;
  }

  /** Attends to positions 0..last of a sequence; the result stays valid until the next call. */
  float[] attend(AttentionLayer layer, int sequence, int head, int last) {
    float max = 0;
    float sum = 0;
    for (int start = 0; start <= last; start += AttentionLayer.CHUNK) {
      int n = Math.min(AttentionLayer.CHUNK, last + 1 - start);
      float chunkMax = score(layer, sequence, head, start, n);
      for (int t = 0; t < n; t++) {
        scores[t] = FloatMath.exp(scores[t] - chunkMax);
      }
      float chunkSum = FloatMath.sum(scores, n);
      weigh(layer, sequence, head, start, n);
      if (start == 0) {
        max = chunkMax;
        sum = chunkSum;
        System.arraycopy(chunkOut, 0, out, 0, out.length);
      } else {
        float newMax = chunkMax > max ? chunkMax : max;
        float keep = FloatMath.exp(max - newMax);
        float take = FloatMath.exp(chunkMax - newMax);
        max = newMax;
        sum = sum * keep + chunkSum * take;
        for (int d = 0; d < out.length; d++) {
          out[d] = out[d] * keep + chunkOut[d] * take;
        }
      }
    }
    float inverse = 1f / sum;
    for (int d = 0; d < out.length; d++) {
      out[d] *= inverse;
    }
    return out;
  }

  /** Scores of a chunk; returns the largest. */
  private float score(AttentionLayer layer, int sequence, int head, int start, int n) {
    float max = Float.NEGATIVE_INFINITY;
    for (int t = 0; t < n; t++) {
      load(layer, layer.keys(), layer.offset(sequence, head, start + t));
      float s = FloatMath.dot(query, 0, vector, 0, query.length) * layer.scale();
      scores[t] = s;
      max = s > max ? s : max;
    }
    return max;
  }

  /** chunkOut = sum over rising t of scores[t] * v[t], fused. */
  private void weigh(AttentionLayer layer, int sequence, int head, int start, int n) {
    Arrays.fill(chunkOut, 0f);
    for (int t = 0; t < n; t++) {
      load(layer, layer.values(), layer.offset(sequence, head, start + t));
      for (int d = 0; d < chunkOut.length; d++) {
        chunkOut[d] = Math.fma(scores[t], vector[d], chunkOut[d]);
      }
    }
  }

  private void load(AttentionLayer layer, MemorySegment cache, long offset) {
    for (int d = 0; d < vector.length; d++) {
      vector[d] =
          switch (layer.type()) {
            case F16 -> Float.float16ToFloat(cache.getAtIndex(JAVA_SHORT, offset + d));
            case F32 -> cache.getAtIndex(JAVA_FLOAT, offset + d);
          };
    }
  }
}
