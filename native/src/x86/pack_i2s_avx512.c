#include <immintrin.h>

#include "common/pack_i2s.h"

/* (a & mask) | (b & ~mask). */
static inline __m512i select_bits(__m512i a, __m512i b, int8_t mask) {
  return _mm512_ternarylogic_epi32(_mm512_set1_epi8(mask), a, b, 0xca);
}

/* Rows r, r + 4, r + 8 and r + 12, 16 bytes of each. */
static inline __m512i four_rows(const uint8_t* const rows[BN_PANEL_ROWS], int r, int at) {
  __m512i v = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i*)(rows[r] + at)));
  v = _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i*)(rows[r + 4] + at)), 1);
  v = _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i*)(rows[r + 8] + at)), 2);
  return _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i*)(rows[r + 12] + at)), 3);
}

/*
 * Weight 32 * g + 16 * h + 4 * f + j of a block, at bits 6 - 2 * g of its byte 16 * h + 4 * f + j,
 * goes to field f of panel block 2 * g + h, byte j of its row. So for each h the 32-bit words f of
 * the rows come together in d[f], and then the 4 x 4 two-bit fields of d[0..3] are transposed.
 */
static inline int pack_band(const uint8_t* const rows[BN_PANEL_ROWS], int32_t blocks,
                            uint8_t* out) {
  __m512i threes = _mm512_setzero_si512();
  for (int h = 0; h < 2; h++) {
    const __m512i r0 = four_rows(rows, 0, 16 * h);
    const __m512i r1 = four_rows(rows, 1, 16 * h);
    const __m512i r2 = four_rows(rows, 2, 16 * h);
    const __m512i r3 = four_rows(rows, 3, 16 * h);
    const __m512i r01_low = _mm512_unpacklo_epi32(r0, r1);
    const __m512i r01_high = _mm512_unpackhi_epi32(r0, r1);
    const __m512i r23_low = _mm512_unpacklo_epi32(r2, r3);
    const __m512i r23_high = _mm512_unpackhi_epi32(r2, r3);
    const __m512i d0 = _mm512_unpacklo_epi64(r01_low, r23_low);
    const __m512i d1 = _mm512_unpackhi_epi64(r01_low, r23_low);
    const __m512i d2 = _mm512_unpacklo_epi64(r01_high, r23_high);
    const __m512i d3 = _mm512_unpackhi_epi64(r01_high, r23_high);
    /* The lower of each two bits: set where both are. Bits that cross bytes are never looked at. */
    threes = _mm512_or_si512(threes, _mm512_and_si512(d0, _mm512_srli_epi32(d0, 1)));
    threes = _mm512_or_si512(threes, _mm512_and_si512(d1, _mm512_srli_epi32(d1, 1)));
    threes = _mm512_or_si512(threes, _mm512_and_si512(d2, _mm512_srli_epi32(d2, 1)));
    threes = _mm512_or_si512(threes, _mm512_and_si512(d3, _mm512_srli_epi32(d3, 1)));
    const __m512i low02 = select_bits(d0, _mm512_slli_epi32(d2, 4), 0x0f);
    const __m512i high02 = select_bits(_mm512_srli_epi32(d0, 4), d2, 0x0f);
    const __m512i low13 = select_bits(d1, _mm512_slli_epi32(d3, 4), 0x0f);
    const __m512i high13 = select_bits(_mm512_srli_epi32(d1, 4), d3, 0x0f);
    const __m512i packed[4] = {
        select_bits(_mm512_srli_epi32(high02, 2), high13, 0x33), /* bits 6 and 7: g = 0 */
        select_bits(high02, _mm512_slli_epi32(high13, 2), 0x33),
        select_bits(_mm512_srli_epi32(low02, 2), low13, 0x33),
        select_bits(low02, _mm512_slli_epi32(low13, 2), 0x33),
    };
    for (int g = 0; g < 4; g++) {
      if (2 * g + h < blocks) {
        _mm512_store_si512(out + 64 * (2 * g + h), packed[g]);
      }
    }
  }
  return _mm512_test_epi8_mask(threes, _mm512_set1_epi8(0x55)) != 0;
}

int32_t bn_pack_i2s_avx512(const uint8_t* source, const bn_ternary* w, int32_t begin, int32_t end) {
  return bn_pack_i2s_by(pack_band, source, w, begin, end);
}
