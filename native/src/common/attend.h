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

/* The most query heads, of a group and of one or several rows, that go through the cache together.
 */
#define BN_HEADS 8
/* How far beyond a chunk scores may be written. */
#define BN_SCORES_ROOM 16

/* Query heads of one group, of one row or of several, and what is known of them after some chunks.
 */
typedef struct bn_heads {
  const uint16_t* keys; /* of the chunk */
  const uint16_t* values;
  const float* queries[BN_HEADS];
  int32_t positions[BN_HEADS]; /* of the chunk that each attends to, as many as the one before or
                                  more */
  int rows;                    /* that the heads are of */
  int64_t head_dim;
  float scale;
  float max[BN_HEADS];
  float sum[BN_HEADS];
  _Alignas(64) float scores[BN_HEADS][BN_ATTENTION_CHUNK + BN_SCORES_ROOM];
  _Alignas(64) float chunk[BN_HEADS][BN_MAX_HEAD_DIM];
  _Alignas(64) float out[BN_HEADS][BN_MAX_HEAD_DIM];
} bn_heads;

/*
 * One chunk for heads [first, last): the largest score, the sum of the weights exp (score - max),
 * and in to[h] the sum of the weighted values. Up to 15 floats behind a head's head_dim may be
 * written.
 */
typedef void bn_attend_chunk(bn_heads* s, int first, int last, float (*to)[BN_MAX_HEAD_DIM],
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

/* Stores head h's output. */
static inline void bn_finish_head(const bn_heads* s, int h, float* out) {
  const float inverse = 1.0f / s->sum[h];
  for (int64_t d = 0; d < s->head_dim; d++) {
    out[d] = s->out[h][d] * inverse;
  }
}

/* Points s at a chunk of a cache head: of positions from start on of row r's sequence. */
static inline void bn_open_chunk(bn_heads* s, const bn_attention* layer, const bn_batch* batch,
                                 int32_t r, int32_t head, int32_t start) {
  const int64_t at = bn_cache_offset(layer, batch->blocks[r], head, start);
  s->keys = bn_cache_at(layer, layer->keys, at);
  s->values = bn_cache_at(layer, layer->values, at);
}

/* How many positions of that chunk row r attends to. */
static inline int32_t bn_chunk_positions(const bn_batch* batch, int32_t r, int32_t start) {
  const int32_t left = batch->positions[r] + 1 - start;
  return left < BN_ATTENTION_CHUNK ? left : BN_ATTENTION_CHUNK;
}

/* Query heads [first, first + count) of rows [r, r + rows), which are of one sequence and rise. */
BN_INLINE void bn_attend_heads(bn_attend_chunk* attend_chunk, bn_heads* s,
                               const bn_attention* layer, const bn_batch* batch,
                               const bn_rows* queries, const bn_rows* out, int32_t r, int32_t rows,
                               int32_t head, int32_t first, int count) {
  const int all = rows * count;
  s->rows = rows;
  for (int i = 0; i < all; i++) {
    s->queries[i] = bn_row(queries, r + i / count) + (first + i % count) * s->head_dim;
  }
  int begin = 0; /* of the heads whose rows reach the chunk */
  for (int32_t start = 0; start <= batch->positions[r + rows - 1]; start += BN_ATTENTION_CHUNK) {
    bn_open_chunk(s, layer, batch, r, head, start);
    for (int i = begin; i < all; i++) {
      s->positions[i] = bn_chunk_positions(batch, r + i / count, start);
      begin += s->positions[i] <= 0;
    }
    if (start == 0) {
      attend_chunk(s, begin, all, s->out, s->max, s->sum);
      continue;
    }
    float max[BN_HEADS];
    float sum[BN_HEADS];
    attend_chunk(s, begin, all, s->chunk, max, sum);
    for (int i = begin; i < all; i++) {
      bn_merge_chunk(s, i, max[i], sum[i]);
    }
  }
  for (int i = 0; i < all; i++) {
    bn_finish_head(s, i, bn_row(out, r + i / count) + (first + i % count) * s->head_dim);
  }
}

/* How many rows from r on, at most `most`, are of one sequence and at rising positions. */
static inline int32_t bn_rows_together(const bn_batch* batch, int32_t r, int32_t most) {
  int32_t rows = 1;
  while (rows < most && batch->blocks[r + rows] == batch->blocks[r] &&
         batch->positions[r + rows] >= batch->positions[r + rows - 1]) {
    rows++;
  }
  return rows;
}

/*
 * bn_attend for an instruction set. Where `shares`, rows of one sequence go through the cache
 * together if their query heads are few.
 */
BN_INLINE void bn_attend_by(bn_attend_chunk* attend_chunk, const int shares,
                            const bn_attention* layer, const bn_batch* batch,
                            const bn_rows* queries, const bn_rows* out, int32_t begin,
                            int32_t end) {
  const int32_t group = layer->query_heads / layer->kv_heads;
  const int32_t most = shares && group < BN_HEADS ? BN_HEADS / group : 1;
  bn_heads s;
  s.head_dim = layer->head_dim;
  s.scale = layer->scale;
  int32_t rows;
  for (int32_t r = begin / layer->kv_heads; r * layer->kv_heads < end; r += rows) {
    const int32_t left = (end - 1) / layer->kv_heads + 1 - r;
    rows = bn_rows_together(batch, r, left < most ? left : most);
    for (int32_t head = 0; head < layer->kv_heads; head++) {
      /* The first row's first heads and the last row's last ones may not be asked for. */
      const int32_t skipped = r * layer->kv_heads + head < begin;
      const int32_t beyond = (r + rows - 1) * layer->kv_heads + head >= end;
      const int32_t taken = rows - skipped - beyond;
      for (int32_t q = 0; taken > 0 && q < group; q += BN_HEADS) {
        const int count = group - q < BN_HEADS ? group - q : BN_HEADS;
        bn_attend_heads(attend_chunk, &s, layer, batch, queries, out, r + skipped, taken, head,
                        head * group + q, count);
      }
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
  s.rows = 1;
  for (int32_t item = begin; item < end; item++) {
    const int32_t part = item / layer->kv_heads;
    const int32_t head = item % layer->kv_heads;
    const int32_t r = parts->rows[part];
    const int32_t start = BN_ATTENTION_CHUNK * (part - parts->first[r]);
    bn_open_chunk(&s, layer, batch, r, head, start);
    for (int32_t q = 0; q < group; q += BN_HEADS) {
      const int count = group - q < BN_HEADS ? group - q : BN_HEADS;
      for (int h = 0; h < count; h++) {
        s.queries[h] = bn_row(queries, r) + (int64_t)(head * group + q + h) * s.head_dim;
        s.positions[h] = bn_chunk_positions(batch, r, start);
      }
      attend_chunk(&s, 0, count, s.out, s.max, s.sum);
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
