/* Panels of five digits a byte become two-bit ones by 256-bit vectors: tiers AVX2 and AVX-VNNI. */
#ifndef BITNET_FIVE_DIGITS_AVX2_H
#define BITNET_FIVE_DIGITS_AVX2_H

#include <immintrin.h>

#include "common/five_digits.h"

/* 16 bytes of a table twice. */
BN_INLINE __m256i bn_table_avx2(const uint8_t* table, const int i) {
  return _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i*)table + i));
}

/* Bytes of b where that bit of x is set, else of a. Shifts of 16 bits will do: bit 7 counts. */
BN_INLINE __m256i bn_choose_avx2(__m256i a, __m256i b, __m256i x, const int bit) {
  return _mm256_blendv_epi8(a, b, _mm256_slli_epi16(x, 7 - bit));
}

/* The table's bytes at the low six bits of each byte of x. */
BN_INLINE __m256i bn_look_up_a_avx2(__m256i x) {
  const __m256i low = _mm256_and_si256(x, _mm256_set1_epi8(15));
  __m256i quarters[4];
  BN_UNROLL for (int i = 0; i < 4; i++) {
    quarters[i] = _mm256_shuffle_epi8(bn_table_avx2(bn_five_a, i), low);
  }
  return bn_choose_avx2(bn_choose_avx2(quarters[0], quarters[1], x, 4),
                        bn_choose_avx2(quarters[2], quarters[3], x, 4), x, 5);
}

/* B, from A and the bytes. Its index is the low two bits of x >> 6, and three bits of A. */
BN_INLINE __m256i bn_second_avx2(__m256i x, __m256i a) {
  const __m256i high = _mm256_and_si256(_mm256_srli_epi16(x, 6), _mm256_set1_epi8(3));
  const __m256i low = _mm256_or_si256(_mm256_and_si256(a, _mm256_set1_epi8(0x0c)), high);
  return bn_choose_avx2(_mm256_shuffle_epi8(bn_table_avx2(bn_five_b, 0), low),
                        _mm256_shuffle_epi8(bn_table_avx2(bn_five_b, 1), low), a, 4);
}

/* Fields of x from a shift to the left, or to the right if it is negative, of that many bits. */
BN_INLINE __m256i bn_moved_avx2(__m256i x, const int left) {
  return left >= 0
             ? _mm256_and_si256(_mm256_slli_epi16(x, left), _mm256_set1_epi8((char)(0xff << left)))
             : _mm256_and_si256(_mm256_srli_epi16(x, -left), _mm256_set1_epi8(0xff >> -left));
}

BN_INLINE void bn_repack_five_avx2(const uint8_t* from, uint8_t* to) {
  for (int half = 0; half < BN_BLOCK_BYTES; half += 32) {
    __m256i four[BN_FIVE_TOGETHER]; /* digits 0 to 3 */
    __m256i last[BN_FIVE_TOGETHER]; /* digit 4 */
    BN_UNROLL for (int b = 0; b < BN_FIVE_TOGETHER; b++) {
      const __m256i x = _mm256_load_si256((const __m256i*)(from + BN_BLOCK_BYTES * b + half));
      const __m256i first = bn_look_up_a_avx2(x);
      const __m256i second = bn_second_avx2(x, first);
      four[b] = _mm256_or_si256(_mm256_and_si256(first, _mm256_set1_epi8((char)0xc3)),
                                _mm256_and_si256(second, _mm256_set1_epi8(0x3c)));
      last[b] = _mm256_and_si256(second, _mm256_set1_epi8(3));
    }
    __m256i words[BN_TWO_BIT_TOGETHER];
    words[0] = four[0];
    words[1] = _mm256_or_si256(last[0], bn_moved_avx2(four[1], 2));
    words[2] =
        _mm256_or_si256(_mm256_or_si256(bn_moved_avx2(four[1], -6), _mm256_slli_epi16(last[1], 2)),
                        bn_moved_avx2(four[2], 4));
    words[3] =
        _mm256_or_si256(_mm256_or_si256(bn_moved_avx2(four[2], -4), _mm256_slli_epi16(last[2], 4)),
                        bn_moved_avx2(four[3], 6));
    words[4] = _mm256_or_si256(bn_moved_avx2(four[3], -2), _mm256_slli_epi16(last[3], 6));
    BN_UNROLL for (int b = 0; b < BN_TWO_BIT_TOGETHER; b++) {
      _mm256_store_si256((__m256i*)(to + BN_BLOCK_BYTES * b + half), words[b]);
    }
  }
}

#endif
