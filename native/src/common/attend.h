/*
 * Attention over cached blocks, whatever the instruction set: which chunk of which head comes when,
 * and how the results of chunks are merged. An instruction set contributes the work on one chunk.
 */
#ifndef BITNET_ATTEND_H
#define BITNET_ATTEND_H

#include <string.h>

#include "common/float_math.h"
#include "common/kernels.h"
#include "common/unroll.h"

/* The most query heads of a group that go through the cache together. */
#define BN_HEADS 8
/* How far beyond a chunk scores may be written. */
#define BN_SCORES_ROOM 16

/* Query heads of one group, and what is known of them after some chunks. */
typedef struct bn_heads {
  const uint16_t* keys; /* of the chunk */
  const uint16_t* values;
  const float* queries; /* head h's starts at h * head_dim */
  int64_t head_dim;
  float scale;
  float max[BN_HEADS];
  float sum[BN_HEADS];
  _Alignas(64) float scores[BN_HEADS][BN_ATTENTION_CHUNK + BN_SCORES_ROOM];
  _Alignas(64) float chunk[BN_HEADS][BN_MAX_HEAD_DIM];
  _Alignas(64) float out[BN_HEADS][BN_MAX_HEAD_DIM];
} bn_heads;

/*
 * One chunk of n positions for the first count heads: the largest score, the sum of the weights exp
 * (score - max), and in to[h] the sum of the weighted values. Up to 15 floats behind a head's
 * head_dim may be written.
 */
typedef void bn_attend_chunk(bn_heads* s, int count, int32_t n, float (*to)[BN_MAX_HEAD_DIM],
                             float max[BN_HEADS], float sum[BN_HEADS]);

/* Takes a further chunk's result, in s->chunk, into head h's. */
static inline void bn_merge_chunk(bn_heads* s, int h, float max, float sum) {
  const float new_max = max > s->max[h] ? max : s->max[h];
  const float keep = bn_exp(s->max[h] - new_max);
  const float take = bn_exp(max - new_max);
  s->max[h] = new_max;
  s->sum[h] = s->sum[h] * keep + sum * take;
  for (int64_t d = 0; d < s->head_dim; d++) {
    s->out[h][d] = s->out[h][d] * keep + s->chunk[h][d] * take;
  }
}

static inline void bn_finish_heads(const bn_heads* s, int count, float* out) {
  for (int h = 0; h < count; h++) {
    const float inverse = 1.0f / s->sum[h];
    for (int64_t d = 0; d < s->head_dim; d++) {
      out[h * s->head_dim + d] = s->out[h][d] * inverse;
    }
  }
}

/* Points s at the chunk of positions from start on of row r's sequence; returns how many count. */
static inline int32_t bn_open_chunk(bn_heads* s, const bn_attention* layer, const bn_batch* batch,
                                    int32_t r, int32_t head, int32_t start) {
  const int64_t at = bn_cache_offset(layer, batch->blocks[r], head, start);
  s->keys = bn_cache_at(layer, layer->keys, at);
  s->values = bn_cache_at(layer, layer->values, at);
  const int32_t left = batch->positions[r] + 1 - start;
  return left < BN_ATTENTION_CHUNK ? left : BN_ATTENTION_CHUNK;
}

/* bn_attend for an instruction set. */
BN_INLINE void bn_attend_by(bn_attend_chunk* attend_chunk, const bn_attention* layer,
                            const bn_batch* batch, const bn_rows* queries, const bn_rows* out,
                            int32_t begin, int32_t end) {
  const int32_t group = layer->query_heads / layer->kv_heads;
  bn_heads s;
  s.head_dim = layer->head_dim;
  s.scale = layer->scale;
  for (int32_t item = begin; item < end; item++) {
    const int32_t r = item / layer->kv_heads;
    const int32_t head = item % layer->kv_heads;
    for (int32_t q = 0; q < group; q += BN_HEADS) {
      const int count = group - q < BN_HEADS ? group - q : BN_HEADS;
      const int64_t column = (int64_t)(head * group + q) * s.head_dim;
      s.queries = bn_row(queries, r) + column;
      for (int32_t start = 0; start <= batch->positions[r]; start += BN_ATTENTION_CHUNK) {
        const int32_t n = bn_open_chunk(&s, layer, batch, r, head, start);
        if (start == 0) {
          attend_chunk(&s, count, n, s.out, s.max, s.sum);
          continue;
        }
        float max[BN_HEADS];
        float sum[BN_HEADS];
        attend_chunk(&s, count, n, s.chunk, max, sum);
        for (int h = 0; h < count; h++) {
          bn_merge_chunk(&s, h, max[h], sum[h]);
        }
      }
      bn_finish_heads(&s, count, bn_row(out, r) + column);
    }
  }
}

/* Where query head q of a part starts: head_dim floats, the largest score, the sum of weights. */
static inline float* bn_part_head(const bn_parts* parts, int64_t part, int64_t q) {
  return parts->data + part * parts->stride + q * parts->head_stride;
}

/* bn_attend_parts for an instruction set. */
BN_INLINE void bn_attend_parts_by(bn_attend_chunk* attend_chunk, const bn_attention* layer,
                                  const bn_batch* batch, const bn_rows* queries,
                                  const bn_parts* parts, int32_t begin, int32_t end) {
  const int32_t group = layer->query_heads / layer->kv_heads;
  bn_heads s;
  s.head_dim = layer->head_dim;
  s.scale = layer->scale;
  for (int32_t item = begin; item < end; item++) {
    const int32_t part = item / layer->kv_heads;
    const int32_t head = item % layer->kv_heads;
    const int32_t r = parts->rows[part];
    const int32_t start = BN_ATTENTION_CHUNK * (part - parts->first[r]);
    const int32_t n = bn_open_chunk(&s, layer, batch, r, head, start);
    for (int32_t q = 0; q < group; q += BN_HEADS) {
      const int count = group - q < BN_HEADS ? group - q : BN_HEADS;
      s.queries = bn_row(queries, r) + (int64_t)(head * group + q) * s.head_dim;
      attend_chunk(&s, count, n, s.out, s.max, s.sum);
      for (int h = 0; h < count; h++) {
        float* to = bn_part_head(parts, part, head * group + q + h);
        memcpy(to, s.out[h], sizeof(float) * (size_t)s.head_dim);
        to[s.head_dim] = s.max[h];
        to[s.head_dim + 1] = s.sum[h];
      }
    }
  }
}

/* Whether there is attention of this shape over a cache of this type. */
static inline int bn_is_attention(const bn_attention* layer) {
  return layer->head_dim <= BN_MAX_HEAD_DIM && bn_is_cache_type(layer->type);
}

#endif
