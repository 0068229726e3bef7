/*
 * Attention in chunks: all scores of a chunk, their softmax, the weighted values, the merge. Up to
 * eight query heads share a pass over the cache: up to four of one row, or eight of several, share
 * their loads of it. So rows of a prompt, whose keys and values are in a cache of the CPU, spend
 * less on reading and converting them; one row alone reads them in more streams instead.
 */
#include <math.h>

#include "common/attend.h"
#include "lanes_avx512.h"

/* Query heads of one row that share their loads. */
#define SHARED_HEADS 4
/* Score vectors in flight: positions times heads. */
#define DOTS 16
/* Runs of 16 value elements in registers at a time, for eight heads, for several or for one. */
#define ROWS_RUNS 2
#define SHARED_RUNS 4
#define SINGLE_RUNS 8

/*
 * One step of a fold for two vectors at once: the lanes of a in the mask's places and of b in the
 * others, plus those of a and b that the index names (16 and up is b).
 */
BN_INLINE __m512 fold_two(__m512 a, __m512 b, __mmask16 of_b, __m512i index) {
  return _mm512_add_ps(_mm512_mask_blend_ps(of_b, a, b), _mm512_permutex2var_ps(a, index, b));
}

/* Folds 16 vectors of 16 lanes at once, each as bn_vfold does. Lane l of the result is v[l]'s. */
BN_INLINE __m512 fold_16(const __m512 v[16]) {
  /* The lanes that meet in each step: l and l ^ 8, l ^ 4, l ^ 2, l ^ 1. */
  const __m512i by_8 =
      _mm512_setr_epi32(8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23);
  const __m512i by_4 =
      _mm512_setr_epi32(4, 5, 6, 7, 16, 17, 18, 19, 12, 13, 14, 15, 24, 25, 26, 27);
  const __m512i by_2 =
      _mm512_setr_epi32(2, 3, 16, 17, 6, 7, 20, 21, 10, 11, 24, 25, 14, 15, 28, 29);
  const __m512i by_1 = _mm512_setr_epi32(1, 16, 3, 18, 5, 20, 7, 22, 9, 24, 11, 26, 13, 28, 15, 30);
  __m512 eight[8]; /* lanes 0-7 from v[i], 8-15 from v[i + 8] */
  BN_UNROLL for (int i = 0; i < 8; i++) { eight[i] = fold_two(v[i], v[i + 8], 0xff00, by_8); }
  __m512 four[4]; /* each half: 4 lanes, then 4 of the vector 4 further on */
  BN_UNROLL for (int i = 0; i < 4; i++) {
    four[i] = fold_two(eight[i], eight[i + 4], 0xf0f0, by_4);
  }
  const __m512 two_0 = fold_two(four[0], four[2], 0xcccc, by_2);
  const __m512 two_1 = fold_two(four[1], four[3], 0xcccc, by_2);
  return fold_two(two_0, two_1, 0xaaaa, by_1);
}

/* n elements, from element i on, of a cache of the given type. */
BN_INLINE __m512 cached(const uint16_t* cache, int64_t i, int64_t n, const int type) {
  return type == BN_TYPE_F32 ? bn_vload((const float*)(const void*)cache + i, n)
                             : bn_vload_f16(cache + i, n);
}

/* Prefetches n elements of a KV cache, from element i on, into the L2 cache. */
BN_INLINE void prefetch(const uint16_t* cache, int64_t i, int64_t n, const int type) {
  const int64_t size = type == BN_TYPE_F32 ? 4 : 2;
  for (int64_t byte = size * i; byte < size * (i + n); byte += 64) {
    _mm_prefetch((const char*)cache + byte, _MM_HINT_T1);
  }
}

/*
 * Adds elements [d, d + n) of P keys, whose first elements are `apart` elements apart, to their dot
 * products with H queries. If there are fewer keys, the last one replaces those missing.
 */
BN_INLINE void add_products(const bn_heads* s, const float* const* queries, int64_t key,
                            int64_t apart, int32_t keys, __m512 dots[DOTS], int64_t d, int64_t n,
                            const int H, const int P, const int type) {
  BN_UNROLL for (int p = 0; p < P; p++) {
    const int64_t there = p < keys ? p : keys - 1;
    const __m512 k = cached(s->keys, key + there * apart + d, n, type);
    BN_UNROLL for (int h = 0; h < H; h++) {
      __m512* dot = &dots[h * P + p];
      *dot = bn_vfma(*dot, bn_vload(queries[h] + d, n), k, n);
    }
  }
}

/* Scores of heads [first, first + H) at P positions, t, t + step, ..., of which `positions` exist.
 */
BN_INLINE void score(bn_heads* s, int first, int32_t t, int32_t step, int32_t positions,
                     const int H, const int P, const int type) {
  const int64_t key = t * s->head_dim;
  const int64_t apart = step * s->head_dim;
  const float* const* queries = s->queries + first;
  __m512 dots[DOTS];
  BN_UNROLL for (int i = 0; i < DOTS; i++) { dots[i] = _mm512_setzero_ps(); }
  if (first == 0) {
    BN_UNROLL for (int p = 0; p < P; p++) {
      prefetch(s->values, key + p * apart, s->head_dim, type); /* past the last does no harm */
    }
  }
  int64_t d = 0;
  for (; d + 16 <= s->head_dim; d += 16) {
    add_products(s, queries, key, apart, positions, dots, d, 16, H, P, type);
  }
  if (d < s->head_dim) {
    const int64_t rest = s->head_dim - d;
    add_products(s, queries, key, apart, positions, dots, d, rest, H, P, type);
  }
  _Alignas(64) float lanes[DOTS];
  _mm512_store_ps(lanes, _mm512_mul_ps(fold_16(dots), _mm512_set1_ps(s->scale)));
  BN_UNROLL for (int h = 0; h < H; h++) {
    BN_UNROLL for (int p = 0; p < P; p++) { s->scores[first + h][t + p * step] = lanes[h * P + p]; }
  }
}

/* Turns n scores into exp(score - max); returns max and their sum. */
static void softmax(float* scores, int32_t n, float* max, float* sum) {
  __m512 largest = _mm512_set1_ps(-INFINITY);
  for (int32_t t = 0; t < n; t += 16) {
    /* maxps returns its second operand if either is NaN, as the definition's comparison does. */
    const __mmask16 there = bn_mask16(n - t);
    largest = _mm512_mask_max_ps(largest, there, _mm512_loadu_ps(scores + t), largest);
  }
  *max = _mm512_reduce_max_ps(largest);
  __m512 lanes = _mm512_setzero_ps();
  for (int32_t t = 0; t < n; t += 16) {
    const __m512 e = bn_vexp(_mm512_sub_ps(_mm512_loadu_ps(scores + t), _mm512_set1_ps(*max)));
    _mm512_storeu_ps(scores + t, e);
    lanes = bn_vaccumulate(lanes, e, n - t);
  }
  *sum = bn_vfold(&lanes);
}

/*
 * Scores of heads [first, first + H) at n positions. Keys are read, and values asked
 * for, in P streams, each a part of the positions, which come from memory faster than one.
 */
BN_INLINE void score_all(bn_heads* s, int first, int32_t n, const int H, const int P,
                         const int type) {
  const int32_t step = n / P;
  for (int32_t t = 0; t < step; t++) {
    score(s, first, t, step, P, H, P, type);
  }
  if (step * P < n) {
    score(s, first, step * P, 1, n - step * P, H, P, type);
  }
}

/*
 * to[h][d..] = the sum over t in [begin, end) of scores[h][t] * values[t][d..], added to what is
 * there if begin > 0, for heads [first, first + H) and runs of 16 elements from d on, of which the
 * last has n.
 */
BN_INLINE void weighted_sums(const bn_heads* s, float (*to)[BN_MAX_HEAD_DIM], int first,
                             int32_t begin, int32_t end, int64_t d, int64_t n, const int H,
                             const int runs, const int type) {
  __m512 sums[BN_HEADS][SINGLE_RUNS];
  BN_UNROLL for (int h = 0; h < H; h++) {
    BN_UNROLL for (int i = 0; i < runs; i++) {
      sums[h][i] = begin == 0 ? _mm512_setzero_ps() : _mm512_load_ps(&to[first + h][d + 16 * i]);
    }
  }
  int64_t value = begin * s->head_dim;
  for (int32_t t = begin; t < end; t++, value += s->head_dim) {
    __m512 v[SINGLE_RUNS];
    BN_UNROLL for (int i = 0; i < runs; i++) {
      v[i] = cached(s->values, value + d + 16 * i, i < runs - 1 ? 16 : n, type);
    }
    BN_UNROLL for (int h = 0; h < H; h++) {
      const __m512 weight = _mm512_set1_ps(s->scores[first + h][t]);
      BN_UNROLL for (int i = 0; i < runs; i++) {
        sums[h][i] = _mm512_fmadd_ps(weight, v[i], sums[h][i]);
      }
    }
  }
  BN_UNROLL for (int h = 0; h < H; h++) {
    BN_UNROLL for (int i = 0; i < runs; i++) {
      _mm512_store_ps(&to[first + h][d + 16 * i], sums[h][i]);
    }
  }
}

/* Like it, for all elements, as many runs at a time as fit the registers. */
BN_INLINE void weighted_sums_all(const bn_heads* s, float (*to)[BN_MAX_HEAD_DIM], int first,
                                 int32_t begin, int32_t end, const int H, const int type) {
  const int most = H == 1 ? SINGLE_RUNS : H > SHARED_HEADS ? ROWS_RUNS : SHARED_RUNS;
  for (int64_t d = 0; d < s->head_dim; d += 16 * most) {
    const int64_t left = s->head_dim - d;
    const int runs = left < 16 * most ? (int)((left + 15) / 16) : most;
    const int64_t n = left < 16 * most ? left - 16 * (runs - 1) : 16;
    BN_UNROLL for (int i = 1; i <= most; i++) {
      if (i == runs) {
        weighted_sums(s, to, first, begin, end, d, n, H, i, type);
      }
    }
  }
}

/* The weighted sums of heads [first, first + H): of the positions of all, then of further ones. */
BN_INLINE void weigh(const bn_heads* s, float (*to)[BN_MAX_HEAD_DIM], int first, const int H,
                     const int type) {
  const int32_t shared = s->positions[first];
  weighted_sums_all(s, to, first, 0, shared, H, type);
  for (int h = first + 1; h < first + H; h++) {
    if (s->positions[h] > shared) {
      weighted_sums_all(s, to, h, shared, s->positions[h], 1, type);
    }
  }
}

/* One chunk: to[h], the largest score and the sum of weights for each head. */
BN_INLINE void attend_chunk(bn_heads* s, int first, int last, float (*to)[BN_MAX_HEAD_DIM],
                            float max[BN_HEADS], float sum[BN_HEADS], const int type) {
  const int together = s->rows > 1 && last - first == BN_HEADS ? BN_HEADS : SHARED_HEADS;
  for (int h = first; h < last; h += together) {
    const int heads = last - h < together ? last - h : together;
    const int32_t n = s->positions[h + heads - 1];
    switch (heads) {
      case 1:
        score_all(s, h, n, 1, DOTS, type);
        break;
      case 2:
        score_all(s, h, n, 2, DOTS / 2, type);
        break;
      case 3:
        score_all(s, h, n, 3, DOTS / 4, type);
        break;
      case 4:
        score_all(s, h, n, 4, DOTS / 4, type);
        break;
      default:
        score_all(s, h, n, BN_HEADS, DOTS / BN_HEADS, type);
        break;
    }
  }
  for (int h = first; h < last; h++) {
    softmax(s->scores[h], s->positions[h], &max[h], &sum[h]);
  }
  for (int h = first; h < last; h += together) {
    switch (last - h < together ? last - h : together) {
      case 1:
        weigh(s, to, h, 1, type);
        break;
      case 2:
        weigh(s, to, h, 2, type);
        break;
      case 3:
        weigh(s, to, h, 3, type);
        break;
      case 4:
        weigh(s, to, h, 4, type);
        break;
      default:
        weigh(s, to, h, BN_HEADS, type);
        break;
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

int32_t bn_attend_avx512(const bn_attention* layer, const bn_batch* batch, const bn_rows* queries,
                         const bn_rows* out, int32_t begin, int32_t end) {
  if (!bn_is_attention(layer)) {
    return BN_UNSUPPORTED;
  }
  if (layer->type == BN_TYPE_F16) {
    bn_attend_by(attend_chunk_f16, 1, layer, batch, queries, out, begin, end);
  } else {
    bn_attend_by(attend_chunk_f32, 1, layer, batch, queries, out, begin, end);
  }
  return BN_OK;
}

int32_t bn_attend_parts_avx512(const bn_attention* layer, const bn_batch* batch,
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
