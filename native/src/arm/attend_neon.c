/*
 * Attention in chunks: all scores of a chunk, their softmax, the weighted values, the merge. Up to
 * four query heads of a group share the loads of keys and values.
 */
#include <math.h>

#include "common/kernels.h"
#include "common/unroll.h"
#include "lanes_neon.h"

/* The most heads that go together. */
#define HEADS 4
/* Scores in flight: positions times heads, four registers each. */
#define DOTS 4
/* Runs of 16 value elements in registers at a time, times heads. */
#define VALUE_PARTS 4

/* One pass over a sequence's cached positions for some query heads. */
typedef struct heads {
  const uint16_t* keys;
  const uint16_t* values;
  const float* queries; /* head h's starts at h * head_dim */
  int64_t head_dim;
  float scale;
  float max[HEADS];
  float sum[HEADS];
  _Alignas(64) float scores[HEADS][BN_ATTENTION_CHUNK + DOTS]; /* room for a last vector's rest */
  _Alignas(64) float chunk[HEADS][BN_MAX_HEAD_DIM];
  _Alignas(64) float out[HEADS][BN_MAX_HEAD_DIM];
} heads;

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
BN_INLINE void add_products(const heads* s, const int64_t key[DOTS], bn_vector dots[DOTS],
                            int64_t d, int64_t n, const int H, const int P, const int type) {
  BN_UNROLL for (int p = 0; p < P; p++) {
    const bn_vector k = cached(s->keys, key[p] + d, n, type);
    BN_UNROLL for (int h = 0; h < H; h++) {
      bn_vector* dot = &dots[h * P + p];
      *dot = bn_vfma(*dot, bn_vload(s->queries + h * s->head_dim + d, n), k, n);
    }
  }
}

/* Scores of H heads at P positions from t on. Of these only n need exist: the last one repeats. */
BN_INLINE void score(heads* s, int32_t t, int32_t n, const int H, const int P, const int type) {
  int64_t key[DOTS]; /* elements where the keys start */
  bn_vector dots[DOTS];
  BN_UNROLL for (int i = 0; i < DOTS; i++) { dots[i] = bn_vall(0.0f); }
  BN_UNROLL for (int p = 0; p < P; p++) { key[p] = (t + (p < n ? p : n - 1)) * s->head_dim; }
  int64_t d = 0;
  for (; d + 16 <= s->head_dim; d += 16) {
    add_products(s, key, dots, d, 16, H, P, type);
  }
  if (d < s->head_dim) {
    add_products(s, key, dots, d, s->head_dim - d, H, P, type);
  }
  float lanes[DOTS];
  vst1q_f32(lanes, vmulq_f32(fold_4(dots), vdupq_n_f32(s->scale)));
  BN_UNROLL for (int h = 0; h < H; h++) {
    memcpy(&s->scores[h][t % BN_ATTENTION_CHUNK], lanes + h * P, sizeof(float) * (size_t)P);
  }
}

/* Turns n scores into exp(score - max); returns max and their sum. */
static void soften(float* scores, int32_t n, float* max, float* sum) {
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

/* chunk[h][d..] = the sum over t of scores[h][t] * values[t][d..], for n elements from d on. */
BN_INLINE void weigh(heads* s, int32_t start, int32_t positions, int64_t d, int64_t n, const int H,
                     const int parts, const int type) {
  int64_t value = start * s->head_dim + d;
  bn_vector sums[HEADS][VALUE_PARTS];
  BN_UNROLL for (int h = 0; h < H; h++) {
    BN_UNROLL for (int i = 0; i < parts; i++) { sums[h][i] = bn_vall(0.0f); }
  }
  for (int32_t t = 0; t < positions; t++, value += s->head_dim) {
    bn_vector v[VALUE_PARTS];
    BN_UNROLL for (int i = 0; i < parts; i++) {
      v[i] = cached(s->values, value + 16 * i, parts == 1 ? n : 16, type);
    }
    BN_UNROLL for (int h = 0; h < H; h++) {
      const bn_vector weight = bn_vall(s->scores[h][t]);
      BN_UNROLL for (int i = 0; i < parts; i++) {
        sums[h][i] = bn_vfma(sums[h][i], weight, v[i], 16);
      }
    }
  }
  BN_UNROLL for (int h = 0; h < H; h++) {
    BN_UNROLL for (int i = 0; i < parts; i++) {
      bn_vstore(&s->chunk[h][d + 16 * i], sums[h][i], 16);
    }
  }
}

/* Takes a chunk's result into head h's. */
static void merge(heads* s, int h, float max, float sum, int first) {
  if (first) {
    s->max[h] = max;
    s->sum[h] = sum;
    memcpy(s->out[h], s->chunk[h], sizeof s->out[h]);
    return;
  }
  const float new_max = max > s->max[h] ? max : s->max[h];
  const float keep = bn_exp(s->max[h] - new_max);
  const float take = bn_exp(max - new_max);
  s->max[h] = new_max;
  s->sum[h] = s->sum[h] * keep + sum * take;
  for (int64_t d = 0; d < s->head_dim; d += 16) {
    const bn_vector old = bn_vmul(bn_vload(&s->out[h][d], 16), bn_vall(keep));
    const bn_vector new = bn_vmul(bn_vload(&s->chunk[h][d], 16), bn_vall(take));
    bn_vstore(&s->out[h][d], bn_vadd(old, new), 16);
  }
}

/* H heads over positions 0..last, P of them at a time. */
BN_INLINE void attend(heads* s, int32_t last, float* out, const int H, const int P,
                      const int type) {
  for (int32_t start = 0; start <= last; start += BN_ATTENTION_CHUNK) {
    const int32_t left = last + 1 - start;
    const int32_t n = left < BN_ATTENTION_CHUNK ? left : BN_ATTENTION_CHUNK;
    for (int32_t t = 0; t < n; t += P) {
      score(s, start + t, n - t, H, P, type);
    }
    float max[HEADS];
    float sum[HEADS];
    for (int h = 0; h < H; h++) {
      soften(s->scores[h], n, &max[h], &sum[h]);
    }
    int64_t d = 0;
    for (; d + 16 * VALUE_PARTS / H <= s->head_dim; d += 16 * VALUE_PARTS / H) {
      weigh(s, start, n, d, 16 * VALUE_PARTS / H, H, VALUE_PARTS / H, type);
    }
    for (; d < s->head_dim; d += 16) {
      weigh(s, start, n, d, s->head_dim - d, H, 1, type);
    }
    for (int h = 0; h < H; h++) {
      merge(s, h, max[h], sum[h], start == 0);
    }
  }
  for (int h = 0; h < H; h++) {
    const bn_vector inverse = bn_vall(1.0f / s->sum[h]);
    for (int64_t d = 0; d < s->head_dim; d += 16) {
      bn_vstore(out + h * s->head_dim + d, bn_vmul(bn_vload(&s->out[h][d], 16), inverse),
                s->head_dim - d);
    }
  }
}

BN_INLINE void attend_items(const bn_attention* layer, const bn_batch* batch,
                            const bn_rows* queries, const bn_rows* out, int32_t begin, int32_t end,
                            const int type) {
  const int32_t group = layer->query_heads / layer->kv_heads;
  heads s;
  s.head_dim = layer->head_dim;
  s.scale = layer->scale;
  for (int32_t item = begin; item < end; item++) {
    const int32_t r = item / layer->kv_heads;
    const int32_t head = item % layer->kv_heads;
    const int32_t last = batch->positions[r];
    const int64_t at = bn_cache_offset(layer, batch->sequences[r], head, 0);
    s.keys = bn_cache_at(layer, layer->keys, at);
    s.values = bn_cache_at(layer, layer->values, at);
    for (int32_t q = head * group; q < (head + 1) * group;) {
      const int32_t left = (head + 1) * group - q;
      float* to = bn_row(out, r) + (int64_t)q * s.head_dim;
      s.queries = bn_row(queries, r) + (int64_t)q * s.head_dim;
      if (left >= 4) {
        attend(&s, last, to, 4, 1, type);
        q += 4;
      } else if (left >= 2) {
        attend(&s, last, to, 2, 2, type);
        q += 2;
      } else {
        attend(&s, last, to, 1, 4, type);
        q += 1;
      }
    }
  }
}

int32_t bn_attend_neon(const bn_attention* layer, const bn_batch* batch, const bn_rows* queries,
                       const bn_rows* out, int32_t begin, int32_t end) {
  if (layer->head_dim > BN_MAX_HEAD_DIM) {
    return BN_UNSUPPORTED;
  }
  switch (layer->type) {
    case BN_TYPE_F16:
      attend_items(layer, batch, queries, out, begin, end, BN_TYPE_F16);
      return BN_OK;
    case BN_TYPE_F32:
      attend_items(layer, batch, queries, out, begin, end, BN_TYPE_F32);
      return BN_OK;
    default:
      return BN_UNSUPPORTED;
  }
}
