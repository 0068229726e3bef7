#include <math.h>
#include <string.h>

#include "common/attend.h"

/* The cached vector that starts at element at. */
static void load(const uint16_t* cache, int64_t at, int64_t n, const int type, float* to) {
  if (type == BN_TYPE_F32) {
    memcpy(to, (const float*)(const void*)cache + at, sizeof(float) * (size_t)n);
    return;
  }
  for (int64_t d = 0; d < n; d++) {
    to[d] = bn_from_half(cache[at + d]);
  }
}

/* One chunk for head h. */
BN_INLINE void attend_head(bn_heads* s, int h, float* to, float* max, float* sum, const int type) {
  const float* query = s->queries[h];
  const int32_t n = s->positions[h];
  float* scores = s->scores[h];
  float vector[BN_MAX_HEAD_DIM];
  *max = -INFINITY;
  for (int32_t t = 0; t < n; t++) {
    load(s->keys, t * s->head_dim, s->head_dim, type, vector);
    scores[t] = bn_dot(query, vector, s->head_dim) * s->scale;
    *max = scores[t] > *max ? scores[t] : *max;
  }
  for (int32_t t = 0; t < n; t++) {
    scores[t] = bn_exp(scores[t] - *max);
  }
  *sum = bn_sum(scores, n);
  memset(to, 0, sizeof(float) * (size_t)s->head_dim);
  for (int32_t t = 0; t < n; t++) {
    load(s->values, t * s->head_dim, s->head_dim, type, vector);
    for (int64_t d = 0; d < s->head_dim; d++) {
      to[d] = bn_fma(scores[t], vector[d], to[d]);
    }
  }
}

BN_INLINE void attend_chunk(bn_heads* s, int first, int last, float (*to)[BN_MAX_HEAD_DIM],
                            float max[BN_HEADS], float sum[BN_HEADS], const int type) {
  for (int h = first; h < last; h++) {
    attend_head(s, h, to[h], &max[h], &sum[h], type);
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

int32_t bn_attend_c(const bn_attention* layer, const bn_batch* batch, const bn_rows* queries,
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

int32_t bn_attend_parts_c(const bn_attention* layer, const bn_batch* batch, const bn_rows* queries,
                          const bn_parts* parts, int32_t begin, int32_t end) {
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

int32_t bn_merge_parts_c(const bn_attention* layer, const bn_batch* batch, const bn_parts* parts,
                         const bn_rows* out, int32_t begin, int32_t end) {
  if (!bn_is_attention(layer)) {
    return BN_UNSUPPORTED;
  }
  bn_heads s;
  s.head_dim = layer->head_dim;
  const size_t bytes = sizeof(float) * (size_t)s.head_dim;
  for (int32_t item = begin; item < end; item++) {
    const int32_t r = item / layer->query_heads;
    const int32_t q = item % layer->query_heads;
    const int32_t chunks = batch->positions[r] / BN_ATTENTION_CHUNK + 1;
    for (int32_t chunk = 0; chunk < chunks; chunk++) {
      const float* from = bn_part_head(parts, parts->first[r] + chunk, q);
      if (chunk == 0) {
        memcpy(s.out[0], from, bytes);
        s.max[0] = from[s.head_dim];
        s.sum[0] = from[s.head_dim + 1];
      } else {
        memcpy(s.chunk[0], from, bytes);
        bn_merge_chunk(&s, 0, from[s.head_dim], from[s.head_dim + 1]);
      }
    }
    bn_finish_head(&s, 0, bn_row(out, r) + q * s.head_dim);
  }
  return BN_OK;
}
