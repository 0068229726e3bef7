/*
 * Attention in chunks: all scores of a chunk, their softmax, the weighted values, the merge. Two
 * query heads of a group share the loads of keys and values.
 */
#include <math.h>

#include "kernels.h"
#include "lanes_avx2.h"
#include "unroll.h"

/* The most heads that go together. */
#define HEADS 2
/* Scores in flight: positions times heads, two registers each. */
#define DOTS 4
/* Runs of 8 value elements in registers at a time. */
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
  _Alignas(32) float scores[HEADS][BN_ATTENTION_CHUNK + DOTS]; /* room for a last vector's rest */
  _Alignas(32) float chunk[HEADS][BN_MAX_HEAD_DIM];
  _Alignas(32) float out[HEADS][BN_MAX_HEAD_DIM];
} heads;

/* Folds four sums of 16 lanes at once, each as bn_fold16 does: lane i is that of dots[i]. */
BN_INLINE __m128 fold_4(__m256 dots[DOTS][2]) {
  __m256 v[DOTS];
  BN_UNROLL for (int i = 0; i < DOTS; i++) { v[i] = _mm256_add_ps(dots[i][0], dots[i][1]); }
  /* Four lanes each: of sums 0 and 1, then 2 and 3, in the halves. */
  const __m256 v01 = _mm256_add_ps(_mm256_permute2f128_ps(v[0], v[1], 0x20),
                                   _mm256_permute2f128_ps(v[0], v[1], 0x31));
  const __m256 v23 = _mm256_add_ps(_mm256_permute2f128_ps(v[2], v[3], 0x20),
                                   _mm256_permute2f128_ps(v[2], v[3], 0x31));
  /* Two lanes each: 0 and 2 in the lower half, 1 and 3 in the upper. */
  const __m256 two =
      _mm256_add_ps(_mm256_shuffle_ps(v01, v23, 0x44), _mm256_shuffle_ps(v01, v23, 0xee));
  const __m256 one = _mm256_add_ps(two, _mm256_movehdup_ps(two)); /* in lanes 0 and 2 of a half */
  const __m128 low = _mm256_castps256_ps128(one);
  const __m128 high = _mm256_extractf128_ps(one, 1);
  return _mm_blend_ps(low, _mm_moveldup_ps(high), 0xa);
}

/* n elements, from element i on, of a cache of the given type. */
BN_INLINE __m256 cached(const uint16_t* cache, int64_t i, int64_t n, const int type) {
  return type == BN_TYPE_F32 ? bn_load8((const float*)(const void*)cache + i, n)
                             : bn_load_half8(cache + i, n);
}

/* Adds elements [d, d + n), n <= 8, of P keys to half of the lanes of their products with H heads.
 */
BN_INLINE void add_products(const heads* s, const int64_t key[DOTS], __m256 dots[DOTS][2],
                            const int half, int64_t d, int64_t n, const int H, const int P,
                            const int type) {
  BN_UNROLL for (int p = 0; p < P; p++) {
    const __m256 k = cached(s->keys, key[p] + d, n, type);
    BN_UNROLL for (int h = 0; h < H; h++) {
      __m256* dot = &dots[h * P + p][half];
      *dot = bn_fma8(*dot, bn_load8(s->queries + h * s->head_dim + d, n), k, n);
    }
  }
}

/* Scores of H heads at P positions from t on. Of these only n need exist: the last one repeats. */
BN_INLINE void score(heads* s, int32_t t, int32_t n, const int H, const int P, const int type) {
  int64_t key[DOTS]; /* elements where the keys start */
  __m256 dots[DOTS][2];
  BN_UNROLL for (int i = 0; i < DOTS; i++) { dots[i][0] = dots[i][1] = _mm256_setzero_ps(); }
  BN_UNROLL for (int p = 0; p < P; p++) { key[p] = (t + (p < n ? p : n - 1)) * s->head_dim; }
  int64_t d = 0;
  for (; d + 16 <= s->head_dim; d += 16) {
    add_products(s, key, dots, 0, d, 8, H, P, type);
    add_products(s, key, dots, 1, d + 8, 8, H, P, type);
  }
  if (d < s->head_dim) {
    add_products(s, key, dots, 0, d, s->head_dim - d, H, P, type);
  }
  if (d + 8 < s->head_dim) {
    add_products(s, key, dots, 1, d + 8, s->head_dim - d - 8, H, P, type);
  }
  _Alignas(16) float lanes[DOTS];
  _mm_store_ps(lanes, _mm_mul_ps(fold_4(dots), _mm_set1_ps(s->scale)));
  BN_UNROLL for (int h = 0; h < H; h++) {
    memcpy(&s->scores[h][t % BN_ATTENTION_CHUNK], lanes + h * P, sizeof(float) * (size_t)P);
  }
}

/* Turns n scores into exp(score - max); returns max and their sum. */
static void soften(float* scores, int32_t n, float* max, float* sum) {
  __m256 largest = _mm256_set1_ps(-INFINITY);
  for (int32_t t = 0; t < n; t += 8) {
    /* maxps returns its second operand if either is NaN, as the definition's comparison does. */
    const __m256 larger = _mm256_max_ps(bn_load8(scores + t, n - t), largest);
    largest = bn_select8(larger, largest, n - t);
  }
  _Alignas(32) float part[8];
  _mm256_store_ps(part, largest);
  *max = part[0];
  for (int l = 1; l < 8; l++) {
    *max = part[l] > *max ? part[l] : *max;
  }
  __m256 lanes[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  for (int32_t t = 0; t < n; t += 8) {
    const __m256 x = bn_load8(scores + t, n - t);
    const __m256 e = bn_exp8(_mm256_sub_ps(x, _mm256_set1_ps(*max)));
    bn_store8(scores + t, e, n - t);
    lanes[t / 8 % 2] = bn_add8(lanes[t / 8 % 2], e, n - t);
  }
  *sum = bn_fold16(lanes[0], lanes[1]);
}

/* chunk[h][d..] = the sum over t of scores[h][t] * values[t][d..], for n elements from d on. */
BN_INLINE void weigh(heads* s, int32_t start, int32_t positions, int64_t d, int64_t n, const int H,
                     const int parts, const int type) {
  int64_t value = start * s->head_dim + d;
  __m256 sums[HEADS][VALUE_PARTS];
  BN_UNROLL for (int h = 0; h < H; h++) {
    BN_UNROLL for (int i = 0; i < parts; i++) { sums[h][i] = _mm256_setzero_ps(); }
  }
  for (int32_t t = 0; t < positions; t++, value += s->head_dim) {
    __m256 v[VALUE_PARTS];
    BN_UNROLL for (int i = 0; i < parts; i++) {
      v[i] = cached(s->values, value + 8 * i, parts == 1 ? n : 8, type);
    }
    BN_UNROLL for (int h = 0; h < H; h++) {
      const __m256 weight = _mm256_set1_ps(s->scores[h][t]);
      BN_UNROLL for (int i = 0; i < parts; i++) {
        sums[h][i] = _mm256_fmadd_ps(weight, v[i], sums[h][i]);
      }
    }
  }
  BN_UNROLL for (int h = 0; h < H; h++) {
    BN_UNROLL for (int i = 0; i < parts; i++) {
      _mm256_store_ps(&s->chunk[h][d + 8 * i], sums[h][i]);
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
  const __m256 keep = bn_exp8(_mm256_set1_ps(s->max[h] - new_max));
  const __m256 take = bn_exp8(_mm256_set1_ps(max - new_max));
  s->max[h] = new_max;
  s->sum[h] = s->sum[h] * _mm256_cvtss_f32(keep) + sum * _mm256_cvtss_f32(take);
  for (int64_t d = 0; d < s->head_dim; d += 8) {
    const __m256 old = _mm256_mul_ps(_mm256_load_ps(&s->out[h][d]), keep);
    const __m256 new = _mm256_mul_ps(_mm256_load_ps(&s->chunk[h][d]), take);
    _mm256_store_ps(&s->out[h][d], _mm256_add_ps(old, new));
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
    for (; d + 8 * VALUE_PARTS <= s->head_dim; d += 8 * VALUE_PARTS) {
      weigh(s, start, n, d, 8 * VALUE_PARTS, H, VALUE_PARTS, type);
    }
    for (; d < s->head_dim; d += 8) {
      weigh(s, start, n, d, s->head_dim - d, H, 1, type);
    }
    for (int h = 0; h < H; h++) {
      merge(s, h, max[h], sum[h], start == 0);
    }
  }
  for (int h = 0; h < H; h++) {
    const __m256 inverse = _mm256_set1_ps(1.0f / s->sum[h]);
    for (int64_t d = 0; d < s->head_dim; d += 8) {
      bn_store8(out + h * s->head_dim + d, _mm256_mul_ps(_mm256_load_ps(&s->out[h][d]), inverse),
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
      if (left >= HEADS) {
        attend(&s, last, to, HEADS, DOTS / HEADS, type);
        q += HEADS;
      } else {
        attend(&s, last, to, 1, DOTS, type);
        q += 1;
      }
    }
  }
}

int32_t bn_attend_avx2(const bn_attention* layer, const bn_batch* batch, const bn_rows* queries,
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
