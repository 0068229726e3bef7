/*
 * Attention in chunks: all scores of a chunk, their softmax, the weighted values, the merge. Up to
 * four query heads of a group share the loads of keys and values.
 */
#include <math.h>

#include "common/attend.h"
#include "lanes_neon.h"

/* The most heads that share their loads. */
#define SHARED_HEADS 4
/* Scores in flight: positions times heads, four registers each. */
#define DOTS 4
/* Runs of 16 value elements in registers at a time, times heads. */
#define VALUE_PARTS 4

/* Folds four sums of 16 lanes at once, each as bn_vfold does: lane i is that of dots[i]. */
BN_INLINE float32x4_t fold_4(const bn_vector dots[DOTS]) {
  float64x2_t v[DOTS];
  BN_UNROLL for (int i = 0; i < DOTS; i++) { v[i] = vreinterpretq_f64_f32(bn_fold_to_4(dots[i])); }
  /* Two lanes each of two sums. */
  const float32x4_t v01 = vaddq_f32(vreinterpretq_f32_f64(vzip1q_f64(v[0], v[1])),
                                    vreinterpretq_f32_f64(vzip2q_f64(v[0], v[1])));
  const float32x4_t v23 = vaddq_f32(vreinterpretq_f32_f64(vzip1q_f64(v[2], v[3])),
                                    vreinterpretq_f32_f64(vzip2q_f64(v[2], v[3])));
  return vpaddq_f32(v01, v23);
}

/* n elements, from element i on, of a cache of the given type. */
BN_INLINE bn_vector cached(const uint16_t* cache, int64_t i, int64_t n, const int type) {
  return type == BN_TYPE_F32 ? bn_vload((const float*)(const void*)cache + i, n)
                             : bn_vload_f16(cache + i, n);
}

/* Adds elements [d, d + n) of P keys to their dot products with H queries. */
BN_INLINE void add_products(const bn_heads* s, const float* const* queries, const int64_t key[DOTS],
                            bn_vector dots[DOTS], int64_t d, int64_t n, const int H, const int P,
                            const int type) {
  BN_UNROLL for (int p = 0; p < P; p++) {
    const bn_vector k = cached(s->keys, key[p] + d, n, type);
    BN_UNROLL for (int h = 0; h < H; h++) {
      bn_vector* dot = &dots[h * P + p];
      *dot = bn_vfma(*dot, bn_vload(queries[h] + d, n), k, n);
    }
  }
}

/*
 * Scores of heads [first, first + H) at P positions from t on. Of these only n need exist: the last
 * one repeats.
 */
BN_INLINE void score(bn_heads* s, int first, int32_t t, int32_t n, const int H, const int P,
                     const int type) {
  const float* const* queries = s->queries + first;
  int64_t key[DOTS]; /* elements where the keys start */
  bn_vector dots[DOTS];
  BN_UNROLL for (int i = 0; i < DOTS; i++) { dots[i] = bn_vall(0.0f); }
  BN_UNROLL for (int p = 0; p < P; p++) { key[p] = (t + (p < n ? p : n - 1)) * s->head_dim; }
  int64_t d = 0;
  for (; d + 16 <= s->head_dim; d += 16) {
    add_products(s, queries, key, dots, d, 16, H, P, type);
  }
  if (d < s->head_dim) {
    add_products(s, queries, key, dots, d, s->head_dim - d, H, P, type);
  }
  float lanes[DOTS];
  vst1q_f32(lanes, vmulq_f32(fold_4(dots), vdupq_n_f32(s->scale)));
  BN_UNROLL for (int h = 0; h < H; h++) {
    memcpy(&s->scores[first + h][t], lanes + h * P, sizeof(float) * (size_t)P);
  }
}

/* Turns n scores into exp(score - max); returns max and their sum. */
static void softmax(float* scores, int32_t n, float* max, float* sum) {
  float32x4_t largest = vdupq_n_f32(-INFINITY);
  for (int32_t t = 0; t < n; t += 16) {
    const bn_vector x = bn_vselect(bn_vload(scores + t, n - t), bn_vall(-INFINITY), n - t);
    /* The definition's comparison passes over NaN, fmax does not. */
    BN_UNROLL for (int i = 0; i < 4; i++) {
      largest = vbslq_f32(vcgtq_f32(x.val[i], largest), x.val[i], largest);
    }
  }
  *max = vmaxvq_f32(largest);
  bn_vector lanes = bn_vall(0.0f);
  for (int32_t t = 0; t < n; t += 16) {
    const bn_vector x = bn_vload(scores + t, n - t);
    const bn_vector e = bn_vexp(bn_vsub(x, bn_vall(*max)));
    bn_vstore(scores + t, e, n - t);
    lanes = bn_vaccumulate(lanes, e, n - t);
  }
  *sum = bn_vfold(&lanes);
}

/*
 * to[h][d..] = the sum over t of scores[h][t] * values[t][d..], for heads [first, first + H) and n
 * elements from d on.
 */
BN_INLINE void weighted_sums(const bn_heads* s, float (*to)[BN_MAX_HEAD_DIM], int first,
                             int32_t positions, int64_t d, int64_t n, const int H, const int parts,
                             const int type) {
  int64_t value = d;
  bn_vector sums[SHARED_HEADS][VALUE_PARTS];
  BN_UNROLL for (int h = 0; h < H; h++) {
    BN_UNROLL for (int i = 0; i < parts; i++) { sums[h][i] = bn_vall(0.0f); }
  }
  for (int32_t t = 0; t < positions; t++, value += s->head_dim) {
    bn_vector v[VALUE_PARTS];
    BN_UNROLL for (int i = 0; i < parts; i++) {
      v[i] = cached(s->values, value + 16 * i, parts == 1 ? n : 16, type);
    }
    BN_UNROLL for (int h = 0; h < H; h++) {
      const bn_vector weight = bn_vall(s->scores[first + h][t]);
      BN_UNROLL for (int i = 0; i < parts; i++) {
        sums[h][i] = bn_vfma(sums[h][i], weight, v[i], 16);
      }
    }
  }
  BN_UNROLL for (int h = 0; h < H; h++) {
    BN_UNROLL for (int i = 0; i < parts; i++) {
      bn_vstore(&to[first + h][d + 16 * i], sums[h][i], 16);
    }
  }
}

/* One chunk for heads [first, first + H), P positions at a time. */
BN_INLINE void attend_heads(bn_heads* s, int first, int32_t n, float (*to)[BN_MAX_HEAD_DIM],
                            float max[BN_HEADS], float sum[BN_HEADS], const int H, const int P,
                            const int type) {
  for (int32_t t = 0; t < n; t += P) {
    score(s, first, t, n - t, H, P, type);
  }
  for (int h = first; h < first + H; h++) {
    softmax(s->scores[h], n, &max[h], &sum[h]);
  }
  int64_t d = 0;
  for (; d + 16 * VALUE_PARTS / H <= s->head_dim; d += 16 * VALUE_PARTS / H) {
    weighted_sums(s, to, first, n, d, 16 * VALUE_PARTS / H, H, VALUE_PARTS / H, type);
  }
  for (; d < s->head_dim; d += 16) {
    weighted_sums(s, to, first, n, d, s->head_dim - d, H, 1, type);
  }
}

BN_INLINE void attend_chunk(bn_heads* s, int first, int last, float (*to)[BN_MAX_HEAD_DIM],
                            float max[BN_HEADS], float sum[BN_HEADS], const int type) {
  const int32_t n = s->positions[first];
  for (int h = first; h < last;) {
    if (last - h >= 4) {
      attend_heads(s, h, n, to, max, sum, 4, 1, type);
      h += 4;
    } else if (last - h >= 2) {
      attend_heads(s, h, n, to, max, sum, 2, 2, type);
      h += 2;
    } else {
      attend_heads(s, h, n, to, max, sum, 1, 4, type);
      h += 1;
    }
  }
}

BN_INLINE void attend_chunk_f16(bn_heads* s, int first, int last, float (*to)[BN_MAX_HEAD_DIM],
                                float max[BN_HEADS], float sum[BN_HEADS]) {
  attend_chunk(s, first, last, to, max, sum, BN_TYPE_F16);
}

BN_INLINE void attend_chunk_f32(bn_heads* s, int first, int last, float (*to)[BN_MAX_HEAD_DIM],
                                float max[BN_HEADS], float sum[BN_HEADS]) {
  attend_chunk(s, first, last, to, max, sum, BN_TYPE_F32);
}

int32_t bn_attend_neon(const bn_attention* layer, const bn_batch* batch, const bn_rows* queries,
                       const bn_rows* out, int32_t begin, int32_t end) {
  if (!bn_is_attention(layer)) {
    return BN_UNSUPPORTED;
  }
  if (layer->type == BN_TYPE_F16) {
    bn_attend_by(attend_chunk_f16, 0, layer, batch, queries, out, begin, end);
  } else {
    bn_attend_by(attend_chunk_f32, 0, layer, batch, queries, out, begin, end);
  }
  return BN_OK;
}

int32_t bn_attend_parts_neon(const bn_attention* layer, const bn_batch* batch,
                             const bn_rows* queries, const bn_parts* parts, int32_t begin,
                             int32_t end) {
  if (!bn_is_attention(layer)) {
    return BN_UNSUPPORTED;
  }
  if (layer->type == BN_TYPE_F16) {
    bn_attend_parts_by(attend_chunk_f16, layer, batch, queries, parts, begin, end);
  } else {
    bn_attend_parts_by(attend_chunk_f32, layer, batch, queries, parts, begin, end);
  }
  return BN_OK;
}
