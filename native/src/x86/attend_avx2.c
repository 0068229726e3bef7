/*
 * Attention in chunks: all scores of a chunk, their softmax, the weighted values, the merge. Up to
 * eight query heads of a group share a pass over the cache, two of them their loads of it.
 */
#include <math.h>

#include "common/attend.h"
#include "lanes_avx2.h"

/* Query heads that share their loads. */
#define SHARED_HEADS 2
/* Scores in flight: positions times heads, two registers each. */
#define DOTS 4
/* Runs of 8 value elements in registers at a time, for two heads or for one. */
#define SHARED_RUNS 4
#define SINGLE_RUNS 8
/* How far ahead of the cache in use more of it is asked for, in the order of memory. */
#define PREFETCH_BYTES 8192

/* Folds four sums of 16 lanes at once, each as bn_vfold does: lane i is that of dots[i]. */
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
  return type == BN_TYPE_F32 ? bn_vload((const float*)(const void*)cache + i, n)
                             : bn_vload_f16(cache + i, n);
}

/* Asks for n elements' bytes of a cache, so far ahead of element i. */
BN_INLINE void prefetch(const uint16_t* cache, int64_t i, int64_t n, const int type) {
  const int64_t size = type == BN_TYPE_F32 ? 4 : 2;
  const char* ahead = (const char*)cache + size * i + PREFETCH_BYTES;
  for (int64_t line = 0; line < size * n; line += 64) {
    _mm_prefetch(ahead + line, _MM_HINT_T1);
  }
}

/*
 * Adds elements [d, d + n), the first 8 of them, of P keys from element key on to a half of the
 * lanes of their dot products with H queries. If there are fewer positions, the last one replaces
 * those that are missing.
 */
BN_INLINE void add_products(const bn_heads* s, const float* const* queries, int64_t key,
                            int32_t positions, __m256 dots[DOTS][2], const int half, int64_t d,
                            int64_t n, const int H, const int P, const int type) {
  BN_UNROLL for (int p = 0; p < P; p++) {
    const int64_t there = p < positions ? p : positions - 1;
    const __m256 k = cached(s->keys, key + there * s->head_dim + d, n, type);
    BN_UNROLL for (int h = 0; h < H; h++) {
      __m256* dot = &dots[h * P + p][half];
      *dot = bn_vfma(*dot, bn_vload(queries[h] + d, n), k, n);
    }
  }
}

/* Scores of heads [first, first + H) at P positions from t on, of which `positions` exist. */
BN_INLINE void score(bn_heads* s, int first, int32_t t, int32_t positions, const int H, const int P,
                     const int type) {
  const int64_t key = t * s->head_dim;
  const float* const* queries = s->queries + first;
  __m256 dots[DOTS][2];
  BN_UNROLL for (int i = 0; i < DOTS; i++) { dots[i][0] = dots[i][1] = _mm256_setzero_ps(); }
  if (first == 0) {
    prefetch(s->keys, key, P * s->head_dim, type);
  }
  int64_t d = 0;
  for (; d + 16 <= s->head_dim; d += 16) {
    add_products(s, queries, key, positions, dots, 0, d, 8, H, P, type);
    add_products(s, queries, key, positions, dots, 1, d + 8, 8, H, P, type);
  }
  if (d < s->head_dim) {
    add_products(s, queries, key, positions, dots, 0, d, s->head_dim - d, H, P, type);
  }
  if (d + 8 < s->head_dim) {
    add_products(s, queries, key, positions, dots, 1, d + 8, s->head_dim - d - 8, H, P, type);
  }
  _Alignas(16) float lanes[DOTS];
  _mm_store_ps(lanes, _mm_mul_ps(fold_4(dots), _mm_set1_ps(s->scale)));
  BN_UNROLL for (int h = 0; h < H; h++) {
    memcpy(&s->scores[first + h][t], lanes + h * P, sizeof(float) * (size_t)P);
  }
}

/* Turns n scores into exp(score - max); returns max and their sum. */
static void softmax(float* scores, int32_t n, float* max, float* sum) {
  __m256 largest = _mm256_set1_ps(-INFINITY);
  for (int32_t t = 0; t < n; t += 8) {
    /* maxps returns its second operand if either is NaN, as the definition's comparison does. */
    const __m256 larger = _mm256_max_ps(bn_vload(scores + t, n - t), largest);
    largest = bn_vselect(larger, largest, n - t);
  }
  _Alignas(32) float part[8];
  _mm256_store_ps(part, largest);
  *max = part[0];
  for (int l = 1; l < 8; l++) {
    *max = part[l] > *max ? part[l] : *max;
  }
  __m256 lanes[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  for (int32_t t = 0; t < n; t += 8) {
    const __m256 x = bn_vload(scores + t, n - t);
    const __m256 e = bn_vexp(_mm256_sub_ps(x, _mm256_set1_ps(*max)));
    bn_vstore(scores + t, e, n - t);
    lanes[t / 8 % 2] = bn_vaccumulate(lanes[t / 8 % 2], e, n - t);
  }
  *sum = bn_vfold(lanes);
}

/* Scores of heads [first, first + H) at n positions. */
BN_INLINE void score_all(bn_heads* s, int first, int32_t n, const int H, const int P,
                         const int type) {
  int32_t t = 0;
  for (; t + P <= n; t += P) {
    score(s, first, t, P, H, P, type);
  }
  if (t < n) {
    score(s, first, t, n - t, H, P, type);
  }
}

/*
 * to[h][d..] = the sum over t of scores[h][t] * values[t][d..] for heads [first, first + H) and
 * runs of 8 elements from d on, of which the last has n.
 */
BN_INLINE void weighted_sums(const bn_heads* s, float (*to)[BN_MAX_HEAD_DIM], int first,
                             int32_t positions, int64_t d, int64_t n, const int H, const int runs,
                             const int type) {
  int64_t value = 0;
  __m256 sums[SHARED_HEADS][SINGLE_RUNS];
  BN_UNROLL for (int h = 0; h < H; h++) {
    BN_UNROLL for (int i = 0; i < runs; i++) { sums[h][i] = _mm256_setzero_ps(); }
  }
  for (int32_t t = 0; t < positions; t++, value += s->head_dim) {
    if (first == 0 && d == 0) {
      prefetch(s->values, value, s->head_dim, type);
    }
    __m256 v[SINGLE_RUNS];
    BN_UNROLL for (int i = 0; i < runs; i++) {
      v[i] = cached(s->values, value + d + 8 * i, i < runs - 1 ? 8 : n, type);
    }
    BN_UNROLL for (int h = 0; h < H; h++) {
      const __m256 weight = _mm256_set1_ps(s->scores[first + h][t]);
      BN_UNROLL for (int i = 0; i < runs; i++) {
        sums[h][i] = _mm256_fmadd_ps(weight, v[i], sums[h][i]);
      }
    }
  }
  BN_UNROLL for (int h = 0; h < H; h++) {
    BN_UNROLL for (int i = 0; i < runs; i++) {
      _mm256_store_ps(&to[first + h][d + 8 * i], sums[h][i]);
    }
  }
}

/* Like it, for all elements, as many runs at a time as fit the registers. */
BN_INLINE void weighted_sums_all(const bn_heads* s, float (*to)[BN_MAX_HEAD_DIM], int first,
                                 int32_t positions, const int H, const int type) {
  const int most = H == 1 ? SINGLE_RUNS : SHARED_RUNS;
  for (int64_t d = 0; d < s->head_dim; d += 8 * most) {
    const int64_t left = s->head_dim - d;
    const int runs = left < 8 * most ? (int)((left + 7) / 8) : most;
    const int64_t n = left < 8 * most ? left - 8 * (runs - 1) : 8;
    BN_UNROLL for (int i = 1; i <= most; i++) {
      if (i == runs) {
        weighted_sums(s, to, first, positions, d, n, H, i, type);
      }
    }
  }
}

/* One chunk of a row: to[h], the largest score and the sum of weights for each head. */
BN_INLINE void attend_chunk(bn_heads* s, int first, int last, float (*to)[BN_MAX_HEAD_DIM],
                            float max[BN_HEADS], float sum[BN_HEADS], const int type) {
  const int32_t n = s->positions[first];
  for (int h = first; h < last; h += SHARED_HEADS) {
    if (last - h == 1) {
      score_all(s, h, n, 1, DOTS, type);
    } else {
      score_all(s, h, n, 2, DOTS / 2, type);
    }
  }
  for (int h = first; h < last; h++) {
    softmax(s->scores[h], n, &max[h], &sum[h]);
  }
  for (int h = first; h < last; h += SHARED_HEADS) {
    if (last - h == 1) {
      weighted_sums_all(s, to, h, n, 1, type);
    } else {
      weighted_sums_all(s, to, h, n, 2, type);
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

int32_t bn_attend_avx2(const bn_attention* layer, const bn_batch* batch, const bn_rows* queries,
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

int32_t bn_attend_parts_avx2(const bn_attention* layer, const bn_batch* batch,
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
