/*
 * The product of two-bit panels and fewer tokens than tiles are for. From two tokens on vpdpbusd
 * limits it, and on CPUs with AMX masks and shifts run on the same two ports. One instruction of
 * GFNI shifts and masks: on an Emerald Rapids 0.9 of the time for four tokens. Where masks and
 * shifts have other ports than vpdpbusd, as on a Zen 5, it was not tried.
 */
#include "ternary_panels_avx512.h"

/* bn_quad_2bit_avx512, moved by a matrix of bits where it is moved. */
BN_INLINE __m512i moved_quad(const uint8_t* block, const int f, const int S) {
  if (f < S) {
    return bn_quad_2bit_avx512(block, f, S);
  }
  /* Bit i of a result is that of the mask in byte 7 - i. */
  const int field = f % S;
  const uint64_t lower = (uint64_t)1 << 2 * f << 8 * (7 - 2 * field);
  const uint64_t upper = (uint64_t)2 << 2 * f << 8 * (6 - 2 * field);
  return _mm512_gf2p8affine_epi64_epi8(_mm512_load_si512(block),
                                       _mm512_set1_epi64((int64_t)(lower | upper)), 0);
}

static void multiply_2bit(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                          int32_t token, int32_t tokens, int32_t begin, int32_t end) {
  bn_multiply_panels_avx512(moved_quad, BN_QUADS_2BIT, w, a, y, token, tokens, begin, end);
}

int32_t bn_few_tokens_amx(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                          int32_t count, int32_t begin, int32_t end) {
  if (count == 1 || !bn_is_two_bit_by_rows(w, a)) {
    return bn_ternary_product_avx512vbmi(w, a, y, count, begin, end);
  }
  const bn_portion once = {BN_TOKENS_AVX512, BN_PANELS_AVX512, BN_CACHED_BYTES_AVX512,
                           BN_QUADS_2BIT};
  bn_ternary_product_by(multiply_2bit, once, w, a, y, count, begin, end);
  return BN_OK;
}
