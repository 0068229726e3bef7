/*
 * Elements of embedding and head matrices as float32, 8 at a time; matrix_elements.h has the
 * formats.
 */
#ifndef BITNET_MATRIX_ELEMENTS_AVX2_H
#define BITNET_MATRIX_ELEMENTS_AVX2_H

#include "common/matrix_elements.h"
#include "lanes_avx2.h"

/* 8 integers, the lower half of a vector, times a scale. */
static inline __m256 bn_scale_bytes_avx2(__m128i q, float scale) {
  return _mm256_mul_ps(_mm256_set1_ps(scale), _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(q)));
}

/* 8 integers from memory times a scale. */
static inline __m256 bn_scale_int8_avx2(const void* q, float scale) {
  return bn_scale_bytes_avx2(_mm_loadl_epi64((const __m128i*)q), scale);
}

/* Weights [8 * part, 8 * part + 8) of a block of Q8_0. */
static inline __m256 bn_vq8_0_weights(const uint8_t* block, int part) {
  return bn_scale_int8_avx2(block + 2 + 8 * part, _cvtsh_ss(bn_load_u16(block)));
}

/* Weights [8 * part, 8 * part + 8) of a block of Q4_0 or IQ4_NL, by the values of codes. */
static inline __m256 bn_vq4_weights(const uint8_t* block, const int8_t values[16], int part) {
  const __m128i codes = _mm_loadl_epi64((const __m128i*)(block + 2 + 8 * (part % 2)));
  const __m128i low = _mm_and_si128(part < 2 ? codes : _mm_srli_epi16(codes, 4), _mm_set1_epi8(15));
  const __m128i q = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i*)values), low);
  return bn_scale_bytes_avx2(q, _cvtsh_ss(bn_load_u16(block)));
}

/* The scales of 16 weights each of a block of Q6_K. */
static inline void bn_vq6_k_scales(const uint8_t* block, float scales[16]) {
  const float d = _cvtsh_ss(bn_load_u16(block + 208));
  _mm256_storeu_ps(scales, bn_scale_int8_avx2(block + 192, d));
  _mm256_storeu_ps(scales + 8, bn_scale_int8_avx2(block + 200, d));
}

/*
 * The integers of run g in half h of a block of Q6_K. Shifts of 16 bits will do, since masks drop
 * what crosses bytes.
 */
static inline void bn_q6_k_integers_avx2(const uint8_t* block, int h, int g, int8_t q[32]) {
  __m256i low = _mm256_loadu_si256((const __m256i*)(block + 64 * h + 32 * (g & 1)));
  __m256i high = _mm256_loadu_si256((const __m256i*)(block + 128 + 32 * h));
  low = g < 2 ? low : _mm256_srli_epi16(low, 4);
  high = g < 2 ? _mm256_slli_epi16(high, 4 - 2 * g) : _mm256_srli_epi16(high, 2 * g - 4);
  const __m256i bits = _mm256_or_si256(_mm256_and_si256(low, _mm256_set1_epi8(15)),
                                       _mm256_and_si256(high, _mm256_set1_epi8(48)));
  _mm256_storeu_si256((__m256i*)q, _mm256_sub_epi8(bits, _mm256_set1_epi8(32)));
}

/* Weights [32 * k, 32 * k + 32) of a block of Q6_K whose scales are given. */
static inline void bn_vq6_k_weights(const uint8_t* block, const float scales[16], int k,
                                    __m256 w[4]) {
  int8_t q[32];
  bn_q6_k_integers_avx2(block, k / 4, k % 4, q);
  for (int part = 0; part < 4; part++) {
    w[part] = bn_scale_int8_avx2(q + 8 * part, scales[2 * k + part / 2]);
  }
}

#endif
