#include <immintrin.h>

#include "common/pack_i2s.h"

/* (a & mask) | (b & ~mask). */
static inline __m256i select_bits(__m256i a, __m256i b, int8_t mask) {
  const __m256i m = _mm256_set1_epi8(mask);
  return _mm256_or_si256(_mm256_and_si256(m, a), _mm256_andnot_si256(m, b));
}

/* Rows r and r + 4, 16 bytes of each. */
static inline __m256i two_rows(const uint8_t* const* rows, int r, int at) {
  return _mm256_loadu2_m128i((const __m128i*)(rows[r + 4] + at), (const __m128i*)(rows[r] + at));
}

/*
 * Weight 32 * g + 16 * h + 4 * f + j of a block, at bits 6 - 2 * g of its byte 16 * h + 4 * f + j,
 * goes to field f of panel block 2 * g + h, byte j of its row. So for each h the 32-bit words f of
 * eight rows come together in d[f], and then the 4 x 4 two-bit fields of d[0..3] are transposed.
 */
static inline int pack_band(const uint8_t* const rows[BN_PANEL_ROWS], int32_t blocks,
                            uint8_t* out) {
  __m256i threes = _mm256_setzero_si256();
  for (int part = 0; part < 4; part++) {
    const int h = part & 1;
    const int first = 4 * (part & 2); /* of eight rows */
    const __m256i r0 = two_rows(rows + first, 0, 16 * h);
    const __m256i r1 = two_rows(rows + first, 1, 16 * h);
    const __m256i r2 = two_rows(rows + first, 2, 16 * h);
    const __m256i r3 = two_rows(rows + first, 3, 16 * h);
    const __m256i r01_low = _mm256_unpacklo_epi32(r0, r1);
    const __m256i r01_high = _mm256_unpackhi_epi32(r0, r1);
    const __m256i r23_low = _mm256_unpacklo_epi32(r2, r3);
    const __m256i r23_high = _mm256_unpackhi_epi32(r2, r3);
    const __m256i d0 = _mm256_unpacklo_epi64(r01_low, r23_low);
    const __m256i d1 = _mm256_unpackhi_epi64(r01_low, r23_low);
    const __m256i d2 = _mm256_unpacklo_epi64(r01_high, r23_high);
    const __m256i d3 = _mm256_unpackhi_epi64(r01_high, r23_high);
    /* The lower of each two bits: set where both are. Bits that cross bytes are never looked at. */
    threes = _mm256_or_si256(threes, _mm256_and_si256(d0, _mm256_srli_epi32(d0, 1)));
    threes = _mm256_or_si256(threes, _mm256_and_si256(d1, _mm256_srli_epi32(d1, 1)));
    threes = _mm256_or_si256(threes, _mm256_and_si256(d2, _mm256_srli_epi32(d2, 1)));
    threes = _mm256_or_si256(threes, _mm256_and_si256(d3, _mm256_srli_epi32(d3, 1)));
    const __m256i low02 = select_bits(d0, _mm256_slli_epi32(d2, 4), 0x0f);
    const __m256i high02 = select_bits(_mm256_srli_epi32(d0, 4), d2, 0x0f);
    const __m256i low13 = select_bits(d1, _mm256_slli_epi32(d3, 4), 0x0f);
    const __m256i high13 = select_bits(_mm256_srli_epi32(d1, 4), d3, 0x0f);
    const __m256i packed[4] = {
        select_bits(_mm256_srli_epi32(high02, 2), high13, 0x33), /* bits 6 and 7: g = 0 */
        select_bits(high02, _mm256_slli_epi32(high13, 2), 0x33),
        select_bits(_mm256_srli_epi32(low02, 2), low13, 0x33),
        select_bits(low02, _mm256_slli_epi32(low13, 2), 0x33),
    };
    for (int g = 0; g < 4; g++) {
      if (2 * g + h < blocks) {
        _mm256_store_si256((__m256i*)(out + 64 * (2 * g + h) + 4 * first), packed[g]);
      }
    }
  }
  return !_mm256_testz_si256(threes, _mm256_set1_epi8(0x55));
}

int32_t bn_pack_i2s_avx2(const uint8_t* source, const bn_ternary* w, int32_t begin, int32_t end) {
  return bn_pack_i2s_by(pack_band, source, w, begin, end);
}
