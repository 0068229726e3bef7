/*
 * Attention in chunks: all scores of a chunk, their softmax, the weighted values, the merge. Up to
 * four query heads of a group share the loads of keys and values.
 */
#include <math.h>

#include "kernels.h"
#include "lanes_avx512.h"
#include "unroll.h"

/* The most heads that go together. */
#define HEADS 4
/* Score vectors in flight: positions times heads. */
#define DOTS 16
/* Rows of 16 value elements in registers at a time. */
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

/*
 * Folds 16 vectors of 16 lanes at once, each as bn_fold16 does: lane 4 * i + j of the result is
 * that of v[4 * j + i].
 */
BN_INLINE __m512 fold_16(const __m512 v[16]) {
  __m512 eight[8]; /* 8 lanes each of two vectors: the halves of a register */
  BN_UNROLL for (int i = 0; i < 8; i++) {
    eight[i] = _mm512_add_ps(_mm512_shuffle_f32x4(v[2 * i], v[2 * i + 1], 0x44),
                             _mm512_shuffle_f32x4(v[2 * i], v[2 * i + 1], 0xee));
  }
  __m512 four[4]; /* 4 lanes each of four vectors: the quarters */
  BN_UNROLL for (int i = 0; i < 4; i++) {
    four[i] = _mm512_add_ps(_mm512_shuffle_f32x4(eight[2 * i], eight[2 * i + 1], 0x88),
                            _mm512_shuffle_f32x4(eight[2 * i], eight[2 * i + 1], 0xdd));
  }
  __m512 two[2];
  BN_UNROLL for (int i = 0; i < 2; i++) {
    two[i] = _mm512_add_ps(_mm512_shuffle_ps(four[2 * i], four[2 * i + 1], 0x44),
                           _mm512_shuffle_ps(four[2 * i], four[2 * i + 1], 0xee));
  }
  return _mm512_add_ps(_mm512_shuffle_ps(two[0], two[1], 0x88),
                       _mm512_shuffle_ps(two[0], two[1], 0xdd));
}

/* n elements, from element i on, of a cache of the given type. */
BN_INLINE __m512 cached(const uint16_t* cache, int64_t i, int64_t n, const int type) {
  return type == BN_TYPE_F32 ? bn_load16((const float*)(const void*)cache + i, n)
                             : bn_load_half16(cache + i, n);
}

/* Adds elements [d, d + n) of P keys to their dot products with H queries. */
BN_INLINE void add_products(const heads* s, const int64_t key[DOTS], __m512 dots[DOTS], int64_t d,
                            int64_t n, const int H, const int P, const int type) {
  BN_UNROLL for (int p = 0; p < P; p++) {
    const __m512 k = cached(s->keys, key[p] + d, n, type);
    BN_UNROLL for (int h = 0; h < H; h++) {
      const int lane = h * P + p;
      __m512* dot = &dots[lane % 4 * 4 + lane / 4];
      *dot = bn_fma16(*dot, bn_load16(s->queries + h * s->head_dim + d, n), k, n);
    }
  }
}

/* Scores of H heads at P positions from t on. Of these only n need exist: the last one repeats. */
BN_INLINE void score(heads* s, int32_t t, int32_t n, const int H, const int P, const int type) {
  int64_t key[DOTS]; /* elements where the keys start */
  __m512 dots[DOTS]; /* head h, position p where fold_16 takes it to lane h * P + p */
  BN_UNROLL for (int i = 0; i < DOTS; i++) { dots[i] = _mm512_setzero_ps(); }
  BN_UNROLL for (int p = 0; p < P; p++) { key[p] = (t + (p < n ? p : n - 1)) * s->head_dim; }
  int64_t d = 0;
  for (; d + 16 <= s->head_dim; d += 16) {
    add_products(s, key, dots, d, 16, H, P, type);
  }
  if (d < s->head_dim) {
    add_products(s, key, dots, d, s->head_dim - d, H, P, type);
  }
  _Alignas(64) float lanes[DOTS];
  _mm512_store_ps(lanes, _mm512_mul_ps(fold_16(dots), _mm512_set1_ps(s->scale)));
  BN_UNROLL for (int h = 0; h < H; h++) {
    memcpy(&s->scores[h][t % BN_ATTENTION_CHUNK], lanes + h * P, sizeof(float) * (size_t)P);
  }
}

/* Turns n scores into exp(score - max); returns max and their sum. */
static void soften(float* scores, int32_t n, float* max, float* sum) {
  __m512 largest = _mm512_set1_ps(-INFINITY);
  for (int32_t t = 0; t < n; t += 16) {
    /* maxps returns its second operand if either is NaN, as the definition's comparison does. */
    const __mmask16 there = bn_mask16(n - t);
    largest = _mm512_mask_max_ps(largest, there, _mm512_loadu_ps(scores + t), largest);
  }
  *max = _mm512_reduce_max_ps(largest);
  __m512 lanes = _mm512_setzero_ps();
  for (int32_t t = 0; t < n; t += 16) {
    const __m512 e = bn_exp16(_mm512_sub_ps(_mm512_loadu_ps(scores + t), _mm512_set1_ps(*max)));
    _mm512_storeu_ps(scores + t, e);
    lanes = bn_add16(lanes, e, n - t);
  }
  *sum = bn_fold16(lanes);
}

/* chunk[h][d..] = the sum over t of scores[h][t] * values[t][d..], for n elements from d on. */
BN_INLINE void weigh(heads* s, int32_t start, int32_t positions, int64_t d, int64_t n, const int H,
                     const int parts, const int type) {
  int64_t value = start * s->head_dim + d;
  __m512 sums[HEADS][VALUE_PARTS];
  BN_UNROLL for (int h = 0; h < H; h++) {
    BN_UNROLL for (int i = 0; i < parts; i++) { sums[h][i] = _mm512_setzero_ps(); }
  }
  for (int32_t t = 0; t < positions; t++, value += s->head_dim) {
    __m512 v[VALUE_PARTS];
    BN_UNROLL for (int i = 0; i < parts; i++) {
      v[i] = cached(s->values, value + 16 * i, parts == 1 ? n : 16, type);
    }
    BN_UNROLL for (int h = 0; h < H; h++) {
      const __m512 weight = _mm512_set1_ps(s->scores[h][t]);
      BN_UNROLL for (int i = 0; i < parts; i++) {
        sums[h][i] = _mm512_fmadd_ps(weight, v[i], sums[h][i]);
      }
    }
  }
  BN_UNROLL for (int h = 0; h < H; h++) {
    BN_UNROLL for (int i = 0; i < parts; i++) {
      _mm512_store_ps(&s->chunk[h][d + 16 * i], sums[h][i]);
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
  const __m512 keep = bn_exp16(_mm512_set1_ps(s->max[h] - new_max));
  const __m512 take = bn_exp16(_mm512_set1_ps(max - new_max));
  s->max[h] = new_max;
  s->sum[h] = s->sum[h] * _mm512_cvtss_f32(keep) + sum * _mm512_cvtss_f32(take);
  for (int64_t d = 0; d < s->head_dim; d += 16) {
    const __m512 old = _mm512_mul_ps(_mm512_load_ps(&s->out[h][d]), keep);
    const __m512 new = _mm512_mul_ps(_mm512_load_ps(&s->chunk[h][d]), take);
    _mm512_store_ps(&s->out[h][d], _mm512_add_ps(old, new));
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
    for (; d + 16 * VALUE_PARTS <= s->head_dim; d += 16 * VALUE_PARTS) {
      weigh(s, start, n, d, 16 * VALUE_PARTS, H, VALUE_PARTS, type);
    }
    for (; d < s->head_dim; d += 16) {
      weigh(s, start, n, d, s->head_dim - d, H, 1, type);
    }
    for (int h = 0; h < H; h++) {
      merge(s, h, max[h], sum[h], start == 0);
    }
  }
  for (int h = 0; h < H; h++) {
    const __m512 inverse = _mm512_set1_ps(1.0f / s->sum[h]);
    for (int64_t d = 0; d < s->head_dim; d += 16) {
      bn_store16(out + h * s->head_dim + d, _mm512_mul_ps(_mm512_load_ps(&s->out[h][d]), inverse),
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
      switch (left) {
        case 1:
          attend(&s, last, to, 1, 16, type);
          q += 1;
          break;
        case 2:
          attend(&s, last, to, 2, 8, type);
          q += 2;
          break;
        case 3:
          attend(&s, last, to, 3, 4, type);
          q += 3;
          break;
        default:
          attend(&s, last, to, 4, 4, type);
          q += 4;
          break;
      }
    }
  }
}

int32_t bn_attend_avx512(const bn_attention* layer, const bn_batch* batch, const bn_rows* queries,
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
