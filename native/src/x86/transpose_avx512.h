/* Two steps in which 16 rows of 64 bytes become 16 words of all of them. */
#ifndef BITNET_TRANSPOSE_AVX512_H
#define BITNET_TRANSPOSE_AVX512_H

#include <immintrin.h>
#include <stdint.h>

#include "common/unroll.h"

/* Lane l of vector v and lane v of vector l change places. */
BN_INLINE void bn_transpose_lanes_avx512(__m512i v[4]) {
  const __m512i t0 = _mm512_shuffle_i32x4(v[0], v[1], 0x44);
  const __m512i t1 = _mm512_shuffle_i32x4(v[2], v[3], 0x44);
  const __m512i t2 = _mm512_shuffle_i32x4(v[0], v[1], 0xee);
  const __m512i t3 = _mm512_shuffle_i32x4(v[2], v[3], 0xee);
  v[0] = _mm512_shuffle_i32x4(t0, t1, 0x88);
  v[1] = _mm512_shuffle_i32x4(t0, t1, 0xdd);
  v[2] = _mm512_shuffle_i32x4(t2, t3, 0x88);
  v[3] = _mm512_shuffle_i32x4(t2, t3, 0xdd);
}

/* Of four rows' lines: vector i has, of each lane, word i of all four. */
BN_INLINE void bn_transpose_words_avx512(const uint8_t* const lines[4], __m512i out[4]) {
  const __m512i a = _mm512_load_si512(lines[0]);
  const __m512i b = _mm512_load_si512(lines[1]);
  const __m512i c = _mm512_load_si512(lines[2]);
  const __m512i d = _mm512_load_si512(lines[3]);
  const __m512i ab_low = _mm512_unpacklo_epi32(a, b);
  const __m512i ab_high = _mm512_unpackhi_epi32(a, b);
  const __m512i cd_low = _mm512_unpacklo_epi32(c, d);
  const __m512i cd_high = _mm512_unpackhi_epi32(c, d);
  out[0] = _mm512_unpacklo_epi64(ab_low, cd_low);
  out[1] = _mm512_unpackhi_epi64(ab_low, cd_low);
  out[2] = _mm512_unpacklo_epi64(ab_high, cd_high);
  out[3] = _mm512_unpackhi_epi64(ab_high, cd_high);
}

#endif
