/* What the ternary products of tier AVX2 share. */
#ifndef BITNET_TERNARY_AVX2_H
#define BITNET_TERNARY_AVX2_H

#include <immintrin.h>
#include <string.h>

#include "kernels.h"
#include "ternary.h"

/* Products of more tokens than this unpack tiles; up to it they decode panels in registers. */
#define BN_GEMV_TOKENS_AVX2 4

/*
 * Columns whose products a 16-bit sum holds. vpmaddubsw adds two of them, u * q with u <= 2 and
 * -128 <= q <= 127, so a pair lies in [-512, 508]. Of 256 columns a row's two 16-bit lanes take 64
 * pairs each: from -32768 to 32512.
 */
#define BN_WORD_COLUMNS 256

bn_unpack_fn bn_unpack_2bit_avx2;

/* The product for up to BN_GEMV_TOKENS_AVX2 tokens, straight from two-bit panels. */
void bn_gemv_2bit_avx2(const bn_ternary* w, const bn_quantized* a, const bn_rows* y, int32_t count,
                       int32_t begin, int32_t end);

/* The product for any number of tokens, from panels of panel_bytes that unpack turns into quads. */
void bn_ternary_gemm_avx2(bn_unpack_fn* unpack, int64_t panel_bytes, const bn_ternary* w,
                          const bn_quantized* a, const bn_rows* y, int32_t count, int32_t begin,
                          int32_t end);

/* Four activations in every 32-bit lane. */
static inline __m256i bn_broadcast_quad(const int8_t* q) {
  int32_t quad;
  memcpy(&quad, q, sizeof quad);
  return _mm256_set1_epi32(quad);
}

/* Adds pairs of 16-bit sums, which belong to one row, to that row's 32-bit sum. */
static inline __m256i bn_widen_add(__m256i sums, __m256i words) {
  return _mm256_add_epi32(sums, _mm256_madd_epi16(words, _mm256_set1_epi16(1)));
}

/* All ones in the 32-bit lanes of the low eight bits of mask that are set. */
static inline __m256i bn_lane_mask(uint32_t mask) {
  const __m256i bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  return _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32((int32_t)mask), bits), bits);
}

/*
 * The product's epilogue for token t and the 8 rows from row on: sums of q * u become sums of
 * q * (u - 1), then outputs. Writes the rows of the mask's low eight bits.
 */
static inline void bn_finish_avx2(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                  int32_t t, int64_t row, uint32_t mask, __m256i sums) {
  __m256i products = _mm256_sub_epi32(sums, _mm256_set1_epi32(a->sums[t]));
  __m256 scale = _mm256_set1_ps(w->scale * a->scales[t]);
  _mm256_maskstore_ps(bn_row(y, t) + row, bn_lane_mask(mask),
                      _mm256_mul_ps(_mm256_cvtepi32_ps(products), scale));
}

#endif
