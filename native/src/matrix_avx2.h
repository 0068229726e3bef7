/* Elements of embedding and head matrices as float32, 8 at a time; matrix_c.h has the formats. */
#ifndef BITNET_MATRIX_AVX2_H
#define BITNET_MATRIX_AVX2_H

#include "lanes_avx2.h"
#include "matrix_c.h"

static inline void bn_decode_q8_0_avx2(const uint8_t* block, float* out) {
  const __m256 scale = _mm256_set1_ps(_cvtsh_ss(bn_load_u16(block)));
  for (int j = 0; j < BN_Q8_0_BLOCK; j += 8) {
    __m256i q = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i*)(block + 2 + j)));
    _mm256_storeu_ps(out + j, _mm256_mul_ps(scale, _mm256_cvtepi32_ps(q)));
  }
}

static inline void bn_decode_q6_k_avx2(const uint8_t* block, float* out) {
  const float scale = _cvtsh_ss(bn_load_u16(block + 208));
  for (int h = 0; h < 2; h++) {
    for (int g = 0; g < 4; g++) {
      const __m128i low_shift = _mm_cvtsi32_si128(4 * (g >> 1));
      const __m128i high_shift = _mm_cvtsi32_si128(2 * g);
      for (int l = 0; l < 32; l += 8) {
        __m128i low_bytes = _mm_loadl_epi64((const __m128i*)(block + 64 * h + 32 * (g & 1) + l));
        __m128i high_bytes = _mm_loadl_epi64((const __m128i*)(block + 128 + 32 * h + l));
        __m256i low = _mm256_srl_epi32(_mm256_cvtepu8_epi32(low_bytes), low_shift);
        __m256i high = _mm256_srl_epi32(_mm256_cvtepu8_epi32(high_bytes), high_shift);
        low = _mm256_and_si256(low, _mm256_set1_epi32(15));
        high = _mm256_slli_epi32(_mm256_and_si256(high, _mm256_set1_epi32(3)), 4);
        __m256i q = _mm256_sub_epi32(_mm256_or_si256(low, high), _mm256_set1_epi32(32));
        float s = scale * (float)(int8_t)block[192 + 8 * h + 2 * g + l / 16];
        _mm256_storeu_ps(out + 128 * h + 32 * g + l,
                         _mm256_mul_ps(_mm256_set1_ps(s), _mm256_cvtepi32_ps(q)));
      }
    }
  }
}

#endif
