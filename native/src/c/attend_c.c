#include <math.h>
#include <string.h>

#include "common/float_math.h"
#include "common/kernels.h"

/* The cached vector that starts at element at. */
static void load(const bn_attention* layer, const uint16_t* cache, int64_t at, float* to) {
  const size_t n = (size_t)layer->head_dim;
  if (layer->type == BN_TYPE_F32) {
    memcpy(to, (const float*)(const void*)cache + at, sizeof(float) * n);
    return;
  }
  for (size_t d = 0; d < n; d++) {
    to[d] = bn_from_half(cache[at + (int64_t)d]);
  }
}

/* Softmax attention of one query head over positions 0..last, whose keys and values start at at. */
static void attend_head(const bn_attention* layer, int64_t at, int32_t last, const float* query,
                        float* out) {
  const int32_t head_dim = layer->head_dim;
  float vector[BN_MAX_HEAD_DIM];
  float scores[BN_ATTENTION_CHUNK];
  float chunk_out[BN_MAX_HEAD_DIM];
  float max = 0;
  float sum = 0;
  for (int32_t start = 0; start <= last; start += BN_ATTENTION_CHUNK) {
    int32_t n = last + 1 - start < BN_ATTENTION_CHUNK ? last + 1 - start : BN_ATTENTION_CHUNK;
    int64_t chunk = at + (int64_t)start * head_dim;
    float chunk_max = -INFINITY;
    for (int32_t t = 0; t < n; t++) {
      load(layer, layer->keys, chunk + (int64_t)t * head_dim, vector);
      scores[t] = bn_dot(query, vector, head_dim) * layer->scale;
      chunk_max = scores[t] > chunk_max ? scores[t] : chunk_max;
    }
    for (int32_t t = 0; t < n; t++) {
      scores[t] = bn_exp(scores[t] - chunk_max);
    }
    float chunk_sum = bn_sum(scores, n);
    memset(chunk_out, 0, sizeof(float) * (size_t)head_dim);
    for (int32_t t = 0; t < n; t++) {
      load(layer, layer->values, chunk + (int64_t)t * head_dim, vector);
      for (int32_t d = 0; d < head_dim; d++) {
        chunk_out[d] = bn_fma(scores[t], vector[d], chunk_out[d]);
      }
    }
    if (start == 0) {
      max = chunk_max;
      sum = chunk_sum;
      memcpy(out, chunk_out, sizeof(float) * (size_t)head_dim);
    } else {
      float new_max = chunk_max > max ? chunk_max : max;
      float keep = bn_exp(max - new_max);
      float take = bn_exp(chunk_max - new_max);
      max = new_max;
      sum = sum * keep + chunk_sum * take;
      for (int32_t d = 0; d < head_dim; d++) {
        out[d] = out[d] * keep + chunk_out[d] * take;
      }
    }
  }
  float inverse = 1.0f / sum;
  for (int32_t d = 0; d < head_dim; d++) {
    out[d] *= inverse;
  }
}

int32_t bn_attend_c(const bn_attention* layer, const bn_batch* batch, const bn_rows* queries,
                    const bn_rows* out, int32_t begin, int32_t end) {
  if (layer->head_dim > BN_MAX_HEAD_DIM || !bn_is_cache_type(layer->type)) {
    return BN_UNSUPPORTED;
  }
  const int32_t group = layer->query_heads / layer->kv_heads;
  for (int32_t item = begin; item < end; item++) {
    int32_t r = item / layer->kv_heads;
    int32_t head = item % layer->kv_heads;
    int64_t at = bn_cache_offset(layer, batch->sequences[r], head, 0);
    for (int32_t q = head * group; q < (head + 1) * group; q++) {
      int64_t column = (int64_t)q * layer->head_dim;
      attend_head(layer, at, batch->positions[r], bn_row(queries, r) + column,
                  bn_row(out, r) + column);
    }
  }
  return BN_OK;
}
