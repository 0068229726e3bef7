#include "ternary_panels_avx2.h"

#define STREAMS BN_STREAMS_AVX2
#define TOKENS BN_TOKENS_AVX2
typedef bn_sums_avx2 group_sums;
#define store_rows bn_store_rows_avx2
#include "group_product.h"

BN_INLINE void add_group(const bn_ternary* w, const bn_quantized* a, const bn_groups* groups,
                         int64_t g, const uint8_t* digits, int64_t apart, int32_t token,
                         bn_sums_avx2* sums, const int P, const int T, const int S) {
  start_group(a, groups, g, token, sums, P, T, S);
  const int64_t most = bn_word_blocks_avx2(w) / S;
  const int64_t end = bn_group_end(w, groups, g);
  for (int64_t b = g * groups->blocks; b < end; b += most) {
    bn_add_blocks_avx2(bn_quad_2bit_avx2, BN_BLOCK_BYTES_2BIT, sums,
                       digits + BN_BLOCK_BYTES_2BIT * b, apart,
                       a->values + token * a->stride + BN_BLOCK_COLUMNS * b, a->stride,
                       end - b < most ? end - b : most, P, T, S);
  }
}

int32_t bn_group_product_avx2(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                              int32_t count, int32_t begin, int32_t end) {
  if (!bn_is_two_bit_by_groups(w, a)) {
    return BN_UNSUPPORTED;
  }
  const bn_portion once = {BN_TOKENS_AVX2, 1, BN_CACHED_BYTES_AVX2, BN_QUADS_2BIT};
  bn_ternary_product_by(multiply_panels, once, w, a, y, count, begin, end);
  return BN_OK;
}
