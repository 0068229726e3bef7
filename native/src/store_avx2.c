#include "kernels.h"
#include "lanes_avx2.h"

/* Only the vector's own elements are written: other threads own its neighbours. */
static void store_vector(uint16_t* to, const float* from, int64_t n) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    bn_store_half8(to + i, bn_load8(from + i, 8), 8);
  }
  if (i < n) {
    bn_store_half8(to + i, bn_load8(from + i, n - i), n - i);
  }
}

int32_t bn_store_avx2(const bn_attention* layer, const bn_batch* batch, const bn_rows* keys,
                      const bn_rows* values, int32_t begin, int32_t end) {
  const int64_t head_dim = layer->head_dim;
  for (int32_t r = begin; r < end; r++) {
    for (int32_t h = 0; h < layer->kv_heads; h++) {
      int64_t at = bn_cache_offset(layer, batch->sequences[r], h, batch->positions[r]);
      store_vector(layer->keys + at, bn_row(keys, r) + h * head_dim, head_dim);
      store_vector(layer->values + at, bn_row(values, r) + h * head_dim, head_dim);
    }
  }
  return BN_OK;
}
