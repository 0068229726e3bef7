#include "ternary_panels_avxvnni.h"

/* Shifts of 16 bits will do, since the mask drops what crosses bytes. */
BN_INLINE __m256i quad_2bit(const uint8_t* block, const int half, const int f, const int S) {
  const int field = f % S; /* where the digits are left */
  const __m256i x = _mm256_load_si256((const __m256i*)(block + 32 * half));
  return _mm256_and_si256(_mm256_srli_epi16(x, 2 * (f - field)),
                          _mm256_set1_epi8((char)(3 << 2 * field)));
}

BN_INLINE void multiply_2bit(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                             int32_t token, int32_t tokens, int32_t begin, int32_t end) {
  bn_multiply_panels_avxvnni(quad_2bit, BN_BLOCK_BYTES_2BIT, w, a, y, token, tokens, begin, end);
}

int32_t bn_ternary_product_avxvnni(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                   int32_t count, int32_t begin, int32_t end) {
  if (!bn_is_two_bit_with_one_scale(w)) {
    return BN_UNSUPPORTED;
  }
  const bn_portion once = {BN_TOKENS_AVXVNNI, 1, BN_CACHED_BYTES_AVXVNNI, BN_BLOCK_BYTES_2BIT};
  bn_ternary_product_by(multiply_2bit, once, w, a, y, count, begin, end);
  return BN_OK;
}
