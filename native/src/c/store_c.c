#include <string.h>

#include "common/float_math.h"
#include "common/kernels.h"

/* Puts a vector at element at of a cache. */
static void put(const bn_attention* layer, uint16_t* cache, int64_t at, const float* from) {
  const size_t n = (size_t)layer->head_dim;
  if (layer->type == BN_TYPE_F32) {
    memcpy((float*)(void*)cache + at, from, sizeof(float) * n);
    return;
  }
  for (size_t d = 0; d < n; d++) {
    cache[at + (int64_t)d] = bn_to_half(from[d]);
  }
}

int32_t bn_store_c(const bn_attention* layer, const bn_batch* batch, const bn_rows* keys,
                   const bn_rows* values, int32_t begin, int32_t end) {
  if (!bn_is_cache_type(layer->type)) {
    return BN_UNSUPPORTED;
  }
  for (int32_t r = begin; r < end; r++) {
    for (int32_t h = 0; h < layer->kv_heads; h++) {
      const int64_t at = bn_cache_offset(layer, batch->blocks[r], h, batch->positions[r]);
      const int64_t column = (int64_t)h * layer->head_dim;
      put(layer, layer->keys, at, bn_row(keys, r) + column);
      put(layer, layer->values, at, bn_row(values, r) + column);
    }
  }
  return BN_OK;
}
