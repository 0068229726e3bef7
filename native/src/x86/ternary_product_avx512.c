#include "ternary_panels_avx512.h"

/* Shifts of 16 bits will do, since the mask drops what crosses bytes. */
BN_INLINE __m512i quad_2bit(const uint8_t* block, const int f, const int S) {
  const int field = f % S; /* where the digits are left */
  const __m512i x = _mm512_load_si512(block);
  return _mm512_and_si512(_mm512_srli_epi16(x, (unsigned)(2 * (f - field))),
                          _mm512_set1_epi8((char)(3 << 2 * field)));
}

BN_INLINE void multiply_2bit(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                             int32_t token, int32_t tokens, int32_t begin, int32_t end) {
  bn_multiply_panels_avx512(quad_2bit, BN_BLOCK_BYTES_2BIT, w, a, y, token, tokens, begin, end);
}

int32_t bn_ternary_product_avx512(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                  int32_t count, int32_t begin, int32_t end) {
  if (!bn_is_two_bit_with_one_scale(w)) {
    return BN_UNSUPPORTED;
  }
  const bn_portion once = {BN_TOKENS_AVX512, BN_PANELS_AVX512, BN_CACHED_BYTES_AVX512,
                           BN_BLOCK_BYTES_2BIT};
  bn_ternary_product_by(multiply_2bit, once, w, a, y, count, begin, end);
  return BN_OK;
}
