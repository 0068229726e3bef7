/* Elements of embedding and head matrices as float32, 16 at a time; matrix_c.h has the formats. */
#ifndef BITNET_MATRIX_AVX512_H
#define BITNET_MATRIX_AVX512_H

#include "lanes_avx512.h"
#include "matrix_c.h"

static inline void bn_decode_q8_0_avx512(const uint8_t* block, float* out) {
  const __m512 scale = _mm512_set1_ps(_cvtsh_ss(bn_load_u16(block)));
  for (int j = 0; j < BN_Q8_0_BLOCK; j += 16) {
    __m512i q = _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i*)(block + 2 + j)));
    _mm512_storeu_ps(out + j, _mm512_mul_ps(scale, _mm512_cvtepi32_ps(q)));
  }
}

static inline void bn_decode_q6_k_avx512(const uint8_t* block, float* out) {
  const float scale = _cvtsh_ss(bn_load_u16(block + 208));
  for (int h = 0; h < 2; h++) {
    for (int g = 0; g < 4; g++) {
      const __m128i low_shift = _mm_cvtsi32_si128(4 * (g >> 1));
      const __m128i high_shift = _mm_cvtsi32_si128(2 * g);
      for (int l = 0; l < 32; l += 16) {
        __m128i low_bytes = _mm_loadu_si128((const __m128i*)(block + 64 * h + 32 * (g & 1) + l));
        __m128i high_bytes = _mm_loadu_si128((const __m128i*)(block + 128 + 32 * h + l));
        __m512i low = _mm512_srl_epi32(_mm512_cvtepu8_epi32(low_bytes), low_shift);
        __m512i high = _mm512_srl_epi32(_mm512_cvtepu8_epi32(high_bytes), high_shift);
        low = _mm512_and_si512(low, _mm512_set1_epi32(15));
        high = _mm512_slli_epi32(_mm512_and_si512(high, _mm512_set1_epi32(3)), 4);
        __m512i q = _mm512_sub_epi32(_mm512_or_si512(low, high), _mm512_set1_epi32(32));
        float s = scale * (float)(int8_t)block[192 + 8 * h + 2 * g + l / 16];
        _mm512_storeu_ps(out + 128 * h + 32 * g + l,
                         _mm512_mul_ps(_mm512_set1_ps(s), _mm512_cvtepi32_ps(q)));
      }
    }
  }
}

#endif
