/*
 * Elements of embedding and head matrices as float32, 16 at a time; matrix_elements.h has the
 * formats.
 */
#ifndef BITNET_MATRIX_ELEMENTS_AVX512_H
#define BITNET_MATRIX_ELEMENTS_AVX512_H

#include "common/matrix_elements.h"
#include "lanes_avx512.h"

/* 16 integers times a scale. */
static inline __m512 bn_scale_int8_avx512(__m128i q, float scale) {
  return _mm512_mul_ps(_mm512_set1_ps(scale), _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(q)));
}

/* Weights [16 * part, 16 * part + 16) of a block of Q8_0. */
static inline __m512 bn_vq8_0_weights(const uint8_t* block, int part) {
  const __m128i q = _mm_loadu_si128((const __m128i*)(block + 2 + 16 * part));
  return bn_scale_int8_avx512(q, _cvtsh_ss(bn_load_u16(block)));
}

/* Weights [16 * part, 16 * part + 16) of a block of Q4_0 or IQ4_NL, by the values of codes. */
static inline __m512 bn_vq4_weights(const uint8_t* block, const int8_t values[16], int part) {
  const __m128i codes = _mm_loadu_si128((const __m128i*)(block + 2));
  const __m128i low =
      _mm_and_si128(part == 0 ? codes : _mm_srli_epi16(codes, 4), _mm_set1_epi8(15));
  const __m128i q = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i*)values), low);
  return bn_scale_int8_avx512(q, _cvtsh_ss(bn_load_u16(block)));
}

/* The scales of 16 weights each of a block of Q6_K. */
static inline void bn_vq6_k_scales(const uint8_t* block, float scales[16]) {
  const __m512 d = _mm512_set1_ps(_cvtsh_ss(bn_load_u16(block + 208)));
  const __m512i s = _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i*)(block + 192)));
  _mm512_storeu_ps(scales, _mm512_mul_ps(d, _mm512_cvtepi32_ps(s)));
}

/*
 * The integers of weights [64 * k, 64 * k + 64) of a block of Q6_K: two runs, each in its 32 bytes.
 * Shifts of 16 bits will do, since masks drop what crosses bytes.
 */
static inline __m512i bn_q6_k_integers_avx512(const uint8_t* block, int k) {
  const __m512i low = _mm512_loadu_si512(block + 64 * (k / 2));
  const __m256i two_bits = _mm256_loadu_si256((const __m256i*)(block + 128 + 32 * (k / 2)));
  const __m512i high = _mm512_broadcast_i64x4(two_bits);
  __m512i bits;
  if (k % 2 == 0) { /* runs 0 and 1: low nibbles, bits 0 and 1, bits 2 and 3 */
    const __m512i left = _mm512_inserti64x4(_mm512_set1_epi16(4), _mm256_set1_epi16(2), 1);
    bits = _mm512_or_si512(_mm512_and_si512(low, _mm512_set1_epi8(15)),
                           _mm512_and_si512(_mm512_sllv_epi16(high, left), _mm512_set1_epi8(48)));
  } else { /* runs 2 and 3: high nibbles, bits 4 and 5, bits 6 and 7 */
    const __m512i right = _mm512_inserti64x4(_mm512_setzero_si512(), _mm256_set1_epi16(2), 1);
    bits = _mm512_or_si512(_mm512_and_si512(_mm512_srli_epi16(low, 4), _mm512_set1_epi8(15)),
                           _mm512_and_si512(_mm512_srlv_epi16(high, right), _mm512_set1_epi8(48)));
  }
  return _mm512_sub_epi8(bits, _mm512_set1_epi8(32));
}

/* Weights [64 * k, 64 * k + 64) of a block of Q6_K whose scales are given. */
static inline void bn_vq6_k_weights(const uint8_t* block, const float scales[16], int k,
                                    __m512 w[4]) {
  const __m512i q = bn_q6_k_integers_avx512(block, k);
  w[0] = bn_scale_int8_avx512(_mm512_castsi512_si128(q), scales[4 * k]);
  w[1] = bn_scale_int8_avx512(_mm512_extracti32x4_epi32(q, 1), scales[4 * k + 1]);
  w[2] = bn_scale_int8_avx512(_mm512_extracti32x4_epi32(q, 2), scales[4 * k + 2]);
  w[3] = bn_scale_int8_avx512(_mm512_extracti32x4_epi32(q, 3), scales[4 * k + 3]);
}

#endif
