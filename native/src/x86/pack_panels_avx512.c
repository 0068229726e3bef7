#include <immintrin.h>

#include "common/pack_panels.h"
#include "transpose_avx512.h"

/* Field 2 * i + 1 of a and field 2 * i of b change places. */
BN_INLINE void swap_single(__m512i* a, __m512i* b) {
  const __m512i fields = _mm512_set1_epi8(0x33);
  const __m512i moved = _mm512_and_si512(_mm512_xor_si512(_mm512_srli_epi16(*a, 2), *b), fields);
  *b = _mm512_xor_si512(*b, moved);
  *a = _mm512_xor_si512(*a, _mm512_slli_epi16(moved, 2));
}

/* Fields 2 and 3 of a and fields 0 and 1 of b change places. */
BN_INLINE void swap_pairs(__m512i* a, __m512i* b) {
  const __m512i fields = _mm512_set1_epi8(0x0f);
  const __m512i moved = _mm512_and_si512(_mm512_xor_si512(_mm512_srli_epi16(*a, 4), *b), fields);
  *b = _mm512_xor_si512(*b, moved);
  *a = _mm512_xor_si512(*a, _mm512_slli_epi16(moved, 4));
}

/* Field f of vector g and field g of vector f change places. */
BN_INLINE void transpose_fields(__m512i* v0, __m512i* v1, __m512i* v2, __m512i* v3) {
  swap_single(v0, v1);
  swap_single(v2, v3);
  swap_pairs(v0, v2);
  swap_pairs(v1, v3);
}

static void panel_blocks(const uint8_t* const lines[16], uint8_t* panel, int32_t blocks) {
  __m512i words[4][4]; /* by rows in fours, then words in lanes */
  BN_UNROLL for (int i = 0; i < 4; i++) { bn_transpose_words_avx512(lines + 4 * i, words[i]); }
  __m512i quarters[4][4]; /* by words, then lanes: a word of 16 rows */
  BN_UNROLL for (int j = 0; j < 4; j++) {
    BN_UNROLL for (int i = 0; i < 4; i++) { quarters[j][i] = words[i][j]; }
    bn_transpose_lanes_avx512(quarters[j]);
  }
  BN_UNROLL for (int q = 0; q < 4; q++) {
    transpose_fields(&quarters[0][q], &quarters[1][q], &quarters[2][q], &quarters[3][q]);
    BN_UNROLL for (int f = 0; f < 4; f++) {
      if (4 * f + q < blocks) {
        _mm512_store_si512(panel + BN_BLOCK_BYTES_2BIT * (4 * f + q), quarters[f][q]);
      }
    }
  }
}

static void block_panels(const uint8_t* const lines[16], uint8_t* block, int64_t panel_bytes,
                         int32_t begin, int32_t end) {
  __m512i bytes[4][4]; /* by columns in a word, then fields of panels */
  BN_UNROLL for (int j = 0; j < 4; j++) {
    BN_UNROLL for (int g = 0; g < 4; g++) { bytes[j][g] = _mm512_load_si512(lines[4 * g + j]); }
    transpose_fields(&bytes[j][0], &bytes[j][1], &bytes[j][2], &bytes[j][3]);
  }
  BN_UNROLL for (int f = 0; f < 4; f++) {
    const __m512i low01 = _mm512_unpacklo_epi8(bytes[0][f], bytes[1][f]);
    const __m512i high01 = _mm512_unpackhi_epi8(bytes[0][f], bytes[1][f]);
    const __m512i low23 = _mm512_unpacklo_epi8(bytes[2][f], bytes[3][f]);
    const __m512i high23 = _mm512_unpackhi_epi8(bytes[2][f], bytes[3][f]);
    __m512i rows[4] = {_mm512_unpacklo_epi16(low01, low23), _mm512_unpackhi_epi16(low01, low23),
                       _mm512_unpacklo_epi16(high01, high23),
                       _mm512_unpackhi_epi16(high01, high23)};
    bn_transpose_lanes_avx512(rows);
    BN_UNROLL for (int q = 0; q < 4; q++) {
      if (4 * f + q >= begin && 4 * f + q < end) {
        _mm512_store_si512(block + panel_bytes * (4 * f + q - begin), rows[q]);
      }
    }
  }
}

int32_t bn_pack_panels_avx512(const bn_ternary_vectors* vectors, uint8_t* panels, int32_t begin,
                              int32_t end) {
  return bn_pack_panels_by(panel_blocks, block_panels, vectors, panels, begin, end);
}
