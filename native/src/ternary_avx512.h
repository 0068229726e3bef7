/* What the ternary products of tier AVX-512 share. */
#ifndef BITNET_TERNARY_AVX512_H
#define BITNET_TERNARY_AVX512_H

#include <immintrin.h>
#include <string.h>

#include "kernels.h"
#include "ternary.h"

/* Products of more tokens than this unpack tiles; up to it they decode panels in registers. */
#define BN_GEMV_TOKENS_AVX512 8

bn_unpack_fn bn_unpack_2bit_avx512;

/* The product for up to BN_GEMV_TOKENS_AVX512 tokens, straight from two-bit panels. */
void bn_gemv_2bit_avx512(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                         int32_t count, int32_t begin, int32_t end);

/* The product for any number of tokens, from panels of panel_bytes that unpack turns into quads. */
void bn_ternary_gemm_avx512(bn_unpack_fn* unpack, int64_t panel_bytes, const bn_ternary* w,
                            const bn_quantized* a, const bn_rows* y, int32_t count, int32_t begin,
                            int32_t end);

/* Four activations in every 32-bit lane. */
static inline __m512i bn_broadcast_quad(const int8_t* q) {
  int32_t quad;
  memcpy(&quad, q, sizeof quad);
  return _mm512_set1_epi32(quad);
}

/*
 * The product's epilogue for token t and the 16 rows from row on: sums of q * u become sums of
 * q * (u - 1), then outputs. Writes the rows of the mask.
 */
static inline void bn_finish_avx512(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                    int32_t t, int64_t row, uint32_t mask, __m512i sums) {
  __m512i products = _mm512_sub_epi32(sums, _mm512_set1_epi32(a->sums[t]));
  __m512 scale = _mm512_set1_ps(w->scale * a->scales[t]);
  _mm512_mask_storeu_ps(bn_row(y, t) + row, (__mmask16)mask,
                        _mm512_mul_ps(_mm512_cvtepi32_ps(products), scale));
}

#endif
