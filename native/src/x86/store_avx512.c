#include <string.h>

#include "common/kernels.h"
#include "lanes_avx512.h"

/*
 * Puts a vector at element at of a cache. Only its own elements are written: other threads own its
 * neighbours.
 */
static void put(const bn_attention* layer, uint16_t* cache, int64_t at, const float* from) {
  const int64_t n = layer->head_dim;
  if (layer->type == BN_TYPE_F32) {
    memcpy((float*)(void*)cache + at, from, sizeof(float) * (size_t)n);
    return;
  }
  uint16_t* to = cache + at;
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    bn_store_half16(to + i, bn_load16(from + i, 16), 16);
  }
  if (i < n) {
    bn_store_half16(to + i, bn_load16(from + i, n - i), n - i);
  }
}

int32_t bn_store_avx512(const bn_attention* layer, const bn_batch* batch, const bn_rows* keys,
                        const bn_rows* values, int32_t begin, int32_t end) {
  if (!bn_is_cache_type(layer->type)) {
    return BN_UNSUPPORTED;
  }
  for (int32_t r = begin; r < end; r++) {
    for (int32_t h = 0; h < layer->kv_heads; h++) {
      const int64_t at = bn_cache_offset(layer, batch->sequences[r], h, batch->positions[r]);
      const int64_t column = (int64_t)h * layer->head_dim;
      put(layer, layer->keys, at, bn_row(keys, r) + column);
      put(layer, layer->values, at, bn_row(values, r) + column);
    }
  }
  return BN_OK;
}
