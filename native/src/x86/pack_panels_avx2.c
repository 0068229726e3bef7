/* Half a line, and so every other two of its blocks or panels, at a time. */
#include <immintrin.h>

#include "common/pack_panels.h"

/* Field 2 * i + 1 of a and field 2 * i of b change places. */
BN_INLINE void swap_single(__m256i* a, __m256i* b) {
  const __m256i fields = _mm256_set1_epi8(0x33);
  const __m256i moved = _mm256_and_si256(_mm256_xor_si256(_mm256_srli_epi16(*a, 2), *b), fields);
  *b = _mm256_xor_si256(*b, moved);
  *a = _mm256_xor_si256(*a, _mm256_slli_epi16(moved, 2));
}

/* Fields 2 and 3 of a and fields 0 and 1 of b change places. */
BN_INLINE void swap_pairs(__m256i* a, __m256i* b) {
  const __m256i fields = _mm256_set1_epi8(0x0f);
  const __m256i moved = _mm256_and_si256(_mm256_xor_si256(_mm256_srli_epi16(*a, 4), *b), fields);
  *b = _mm256_xor_si256(*b, moved);
  *a = _mm256_xor_si256(*a, _mm256_slli_epi16(moved, 4));
}

/* Field f of vector g and field g of vector f change places. */
BN_INLINE void transpose_fields(__m256i* v0, __m256i* v1, __m256i* v2, __m256i* v3) {
  swap_single(v0, v1);
  swap_single(v2, v3);
  swap_pairs(v0, v2);
  swap_pairs(v1, v3);
}

/* The lower lanes of two vectors, then the upper ones. */
BN_INLINE void store_lanes(uint8_t* lower, uint8_t* upper, __m256i a, __m256i b) {
  if (lower != NULL) {
    _mm256_store_si256((__m256i*)lower, _mm256_permute2x128_si256(a, b, 0x20));
  }
  if (upper != NULL) {
    _mm256_store_si256((__m256i*)upper, _mm256_permute2x128_si256(a, b, 0x31));
  }
}

/* Of half a line of four rows: vector i has, of both lanes, word i of all four. */
BN_INLINE void transpose_words(const uint8_t* const lines[4], int half, __m256i out[4]) {
  const __m256i a = _mm256_load_si256((const __m256i*)(lines[0] + 32 * half));
  const __m256i b = _mm256_load_si256((const __m256i*)(lines[1] + 32 * half));
  const __m256i c = _mm256_load_si256((const __m256i*)(lines[2] + 32 * half));
  const __m256i d = _mm256_load_si256((const __m256i*)(lines[3] + 32 * half));
  const __m256i ab_low = _mm256_unpacklo_epi32(a, b);
  const __m256i ab_high = _mm256_unpackhi_epi32(a, b);
  const __m256i cd_low = _mm256_unpacklo_epi32(c, d);
  const __m256i cd_high = _mm256_unpackhi_epi32(c, d);
  out[0] = _mm256_unpacklo_epi64(ab_low, cd_low);
  out[1] = _mm256_unpackhi_epi64(ab_low, cd_low);
  out[2] = _mm256_unpacklo_epi64(ab_high, cd_high);
  out[3] = _mm256_unpackhi_epi64(ab_high, cd_high);
}

/* Eight rows at a time, half of each word of a block. */
static void panel_blocks(const uint8_t* const lines[16], uint8_t* panel, int32_t blocks) {
  BN_UNROLL for (int half = 0; half < 2; half++) {
    BN_UNROLL for (int eight = 0; eight < 2; eight++) {
      __m256i upper[4]; /* of the first and of the second four rows, by words */
      __m256i lower[4];
      transpose_words(lines + 8 * eight, half, upper);
      transpose_words(lines + 8 * eight + 4, half, lower);
      transpose_fields(&upper[0], &upper[1], &upper[2], &upper[3]);
      transpose_fields(&lower[0], &lower[1], &lower[2], &lower[3]);
      BN_UNROLL for (int f = 0; f < 4; f++) {
        const int block = 4 * f + 2 * half;
        uint8_t* to = panel + BN_BLOCK_BYTES_2BIT * block + 32 * eight;
        store_lanes(block < blocks ? to : NULL,
                    block + 1 < blocks ? to + BN_BLOCK_BYTES_2BIT : NULL, upper[f], lower[f]);
      }
    }
  }
}

static void block_panels(const uint8_t* const lines[16], uint8_t* block, int64_t panel_bytes,
                         int32_t begin, int32_t end) {
  BN_UNROLL for (int half = 0; half < 2; half++) {
    __m256i bytes[4][4]; /* by columns in a word, then fields of panels */
    BN_UNROLL for (int j = 0; j < 4; j++) {
      BN_UNROLL for (int g = 0; g < 4; g++) {
        bytes[j][g] = _mm256_load_si256((const __m256i*)(lines[4 * g + j] + 32 * half));
      }
      transpose_fields(&bytes[j][0], &bytes[j][1], &bytes[j][2], &bytes[j][3]);
    }
    BN_UNROLL for (int f = 0; f < 4; f++) {
      const __m256i low01 = _mm256_unpacklo_epi8(bytes[0][f], bytes[1][f]);
      const __m256i high01 = _mm256_unpackhi_epi8(bytes[0][f], bytes[1][f]);
      const __m256i low23 = _mm256_unpacklo_epi8(bytes[2][f], bytes[3][f]);
      const __m256i high23 = _mm256_unpackhi_epi8(bytes[2][f], bytes[3][f]);
      const int panel = 4 * f + 2 * half;
      uint8_t* to = block + panel_bytes * (panel - begin);
      uint8_t* lower = panel >= begin && panel < end ? to : NULL;
      uint8_t* upper = panel + 1 >= begin && panel + 1 < end ? to + panel_bytes : NULL;
      store_lanes(lower, upper, _mm256_unpacklo_epi16(low01, low23),
                  _mm256_unpackhi_epi16(low01, low23));
      store_lanes(lower != NULL ? lower + 32 : NULL, upper != NULL ? upper + 32 : NULL,
                  _mm256_unpacklo_epi16(high01, high23), _mm256_unpackhi_epi16(high01, high23));
    }
  }
}

int32_t bn_pack_panels_avx2(const bn_ternary_vectors* vectors, uint8_t* panels, int32_t begin,
                            int32_t end) {
  return bn_pack_panels_by(panel_blocks, block_panels, vectors, panels, begin, end);
}
