#include "five_digits_avx2.h"
#include "ternary_panels_avx2.h"

BN_INLINE void multiply_2bit(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                             int32_t token, int32_t tokens, int32_t begin, int32_t end) {
  bn_multiply_panels_avx2(bn_quad_2bit_avx2, BN_BLOCK_BYTES_2BIT, w, a, y, token, tokens, begin,
                          end);
}

int32_t bn_ternary_product_avx2(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                int32_t count, int32_t begin, int32_t end) {
  if (bn_is_five_digits_by_rows(w, a)) {
    return bn_five_by_two_bit(bn_repack_five_avx2, bn_ternary_product_avx2, w, a, y, count, begin,
                              end);
  }
  if (!bn_is_two_bit_by_rows(w, a)) {
    return BN_UNSUPPORTED;
  }
  const bn_portion once = {BN_TOKENS_AVX2, 1, BN_CACHED_BYTES_AVX2, BN_QUADS_2BIT};
  bn_ternary_product_by(multiply_2bit, once, w, a, y, count, begin, end);
  return BN_OK;
}
