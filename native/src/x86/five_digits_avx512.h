/*
 * Quads of panels of five digits a byte in tiers AVX-512 and AMX. They are decoded in registers, as
 * those of two bits: with AVX-512 VBMI, which every CPU with AMX has, a lookup is an instruction,
 * and decoding and multiplying 20 columns takes 14 instead of the 10 for as many of two bits.
 */
#ifndef BITNET_FIVE_DIGITS_AVX512_H
#define BITNET_FIVE_DIGITS_AVX512_H

#include "common/five_digits.h"
#include "ternary_panels_avx512.h"

/* The table's bytes at the low six bits of each byte of x. */
BN_INLINE __m512i bn_look_up_a_avx512(__m512i x) {
#if defined(__AVX512VBMI__)
  return _mm512_permutexvar_epi8(x, _mm512_load_si512(bn_five_a));
#else
  const __m512i low = _mm512_and_si512(x, _mm512_set1_epi8(15));
  const __mmask64 bit4 = _mm512_test_epi8_mask(x, _mm512_set1_epi8(16));
  const __mmask64 bit5 = _mm512_test_epi8_mask(x, _mm512_set1_epi8(32));
  __m512i quarters[4];
  BN_UNROLL for (int i = 0; i < 4; i++) {
    quarters[i] = _mm512_broadcast_i32x4(_mm_load_si128((const __m128i*)bn_five_a + i));
  }
  const __m512i lower =
      _mm512_mask_shuffle_epi8(_mm512_shuffle_epi8(quarters[0], low), bit4, quarters[1], low);
  const __m512i upper =
      _mm512_mask_shuffle_epi8(_mm512_shuffle_epi8(quarters[2], low), bit4, quarters[3], low);
  return _mm512_mask_blend_epi8(bit5, lower, upper);
#endif
}

/* The table's bytes at an index below 32, which stands in the low five bits of each byte. */
BN_INLINE __m512i bn_look_up_b_avx512(__m512i index) {
#if defined(__AVX512VBMI__)
  return _mm512_permutexvar_epi8(index, _mm512_load_si512(bn_five_b));
#else
  const __m512i low = _mm512_and_si512(index, _mm512_set1_epi8(15));
  const __mmask64 bit4 = _mm512_test_epi8_mask(index, _mm512_set1_epi8(16));
  const __m512i first = _mm512_broadcast_i32x4(_mm_load_si128((const __m128i*)bn_five_b));
  const __m512i second = _mm512_broadcast_i32x4(_mm_load_si128((const __m128i*)bn_five_b + 1));
  return _mm512_mask_shuffle_epi8(_mm512_shuffle_epi8(first, low), bit4, second, low);
#endif
}

/* B, from A and the bytes. Its index is the low two bits of x >> 6, and what A has above them. */
BN_INLINE __m512i bn_second_avx512(__m512i x, __m512i a) {
  const __m512i high = _mm512_srli_epi16(x, 6);
  return bn_look_up_b_avx512(_mm512_ternarylogic_epi32(_mm512_set1_epi8(3), high, a, 0xca));
}

/* A quad: digit f is in field f % 4 of A for f = 0 and 3, else of B. */
BN_INLINE __m512i bn_quad_five_avx512(const uint8_t* block, const int f, const int S) {
  const __m512i x = _mm512_load_si512(block);
  const __m512i a = bn_look_up_a_avx512(x);
  const __m512i fields = f % 3 == 0 ? a : bn_second_avx512(x, a);
  const int at = f % 4;
  const int field = at % S; /* where the digits are left */
  return _mm512_and_si512(_mm512_srli_epi16(fields, (unsigned)(2 * (at - field))),
                          _mm512_set1_epi8((char)(3 << 2 * field)));
}

/* Fields of x moved to the left, or to the right if it is negative, by that many bits. */
BN_INLINE __m512i bn_moved_avx512(__m512i x, const int left) {
  return left >= 0 ? _mm512_slli_epi16(x, (unsigned)left) : _mm512_srli_epi16(x, (unsigned)-left);
}

/* Bits of a where they are set in the mask, else of b: what is moved across bytes goes. */
BN_INLINE __m512i bn_merged_avx512(const int mask, __m512i a, __m512i b) {
  return _mm512_ternarylogic_epi32(_mm512_set1_epi8((char)mask), a, b, 0xca);
}

/* Four blocks become five two-bit ones. */
BN_INLINE void bn_repack_five_avx512(const uint8_t* from, uint8_t* to) {
  __m512i four[BN_FIVE_TOGETHER]; /* digits 0 to 3 */
  __m512i last[BN_FIVE_TOGETHER]; /* digit 4 in field 0, and others */
  BN_UNROLL for (int b = 0; b < BN_FIVE_TOGETHER; b++) {
    const __m512i x = _mm512_load_si512(from + BN_BLOCK_BYTES * b);
    const __m512i first = bn_look_up_a_avx512(x);
    last[b] = bn_second_avx512(x, first);
    four[b] = bn_merged_avx512(0x3c, last[b], first);
  }
  _mm512_store_si512(to, four[0]);
  _mm512_store_si512(to + BN_BLOCK_BYTES,
                     bn_merged_avx512(3, last[0], bn_moved_avx512(four[1], 2)));
  _mm512_store_si512(to + 2 * BN_BLOCK_BYTES,
                     bn_merged_avx512(3, bn_moved_avx512(four[1], -6),
                                      bn_merged_avx512(0x0c, bn_moved_avx512(last[1], 2),
                                                       bn_moved_avx512(four[2], 4))));
  _mm512_store_si512(to + 3 * BN_BLOCK_BYTES,
                     bn_merged_avx512(0x0f, bn_moved_avx512(four[2], -4),
                                      bn_merged_avx512(0x30, bn_moved_avx512(last[2], 4),
                                                       bn_moved_avx512(four[3], 6))));
  _mm512_store_si512(to + 4 * BN_BLOCK_BYTES, bn_merged_avx512(0x3f, bn_moved_avx512(four[3], -2),
                                                               bn_moved_avx512(last[3], 6)));
}

static inline void bn_multiply_five_avx512(const bn_ternary* w, const bn_quantized* a,
                                           const bn_rows* y, int32_t token, int32_t tokens,
                                           int32_t begin, int32_t end) {
  bn_multiply_panels_avx512(bn_quad_five_avx512, BN_QUADS_FIVE, w, a, y, token, tokens, begin, end);
}

/* bn_ternary_product of such panels. */
BN_INLINE void bn_five_product_avx512(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                      int32_t count, int32_t begin, int32_t end) {
  const bn_portion once = {BN_TOKENS_AVX512, BN_PANELS_AVX512, BN_CACHED_BYTES_AVX512,
                           BN_QUADS_FIVE};
  bn_ternary_product_by(bn_multiply_five_avx512, once, w, a, y, count, begin, end);
}

#endif
