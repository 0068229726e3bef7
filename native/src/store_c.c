#include "float_c.h"
#include "kernels.h"

int32_t bn_store_c(const bn_attention* layer, const bn_batch* batch, const bn_rows* keys,
                   const bn_rows* values, int32_t begin, int32_t end) {
  const int32_t head_dim = layer->head_dim;
  for (int32_t r = begin; r < end; r++) {
    for (int32_t h = 0; h < layer->kv_heads; h++) {
      int64_t at = bn_cache_offset(layer, batch->sequences[r], h, batch->positions[r]);
      const float* k = bn_row(keys, r) + (int64_t)h * head_dim;
      const float* v = bn_row(values, r) + (int64_t)h * head_dim;
      for (int32_t d = 0; d < head_dim; d++) {
        layer->keys[at + d] = bn_to_half(k[d]);
        layer->values[at + d] = bn_to_half(v[d]);
      }
    }
  }
  return BN_OK;
}
