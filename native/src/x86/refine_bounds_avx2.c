#include <immintrin.h>

#include "common/bounds.h"
#include "common/unroll.h"

/* How far ahead of the codes in use the next ones are asked for, where most rows are refined. */
#define PREFETCH_BYTES 4096
#define MANY_ROWS 8
/* Blocks whose sums fit 16 bits: eight pairs of products of at most 3 * 128 each. */
#define BLOCKS 4

static inline int32_t add_up(__m256i v) {
  __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  s = _mm_add_epi32(s, _mm_unpackhi_epi64(s, s));
  return _mm_cvtsi128_si32(_mm_add_epi32(s, _mm_shuffle_epi32(s, 1)));
}

/* Adds one block's products to the sums with each byte. */
BN_INLINE void add_block(__m256i sums[2], const uint8_t* block, const int8_t* high,
                         const int8_t* low) {
  BN_UNROLL for (int half = 0; half < 2; half++) {
    const __m256i codes = _mm256_load_si256((const __m256i*)(block + 32 * half));
    BN_UNROLL for (int f = 0; f < 4; f++) {
      const __m256i u = _mm256_and_si256(_mm256_srli_epi16(codes, 2 * f), _mm256_set1_epi8(3));
      const __m256i h = _mm256_load_si256((const __m256i*)(high + 64 * f + 32 * half));
      const __m256i l = _mm256_load_si256((const __m256i*)(low + 64 * f + 32 * half));
      sums[0] = _mm256_add_epi16(sums[0], _mm256_maddubs_epi16(u, h));
      sums[1] = _mm256_add_epi16(sums[1], _mm256_maddubs_epi16(u, l));
    }
  }
}

/* Adds up a row's codes times both bytes. */
static void add_row(const uint8_t* block, int64_t blocks, const bn_activation16* x, int64_t ahead,
                    int32_t* high, int32_t* low) {
  const __m256i one = _mm256_set1_epi16(1);
  const __m256i zero = _mm256_setzero_si256();
  __m256i totals[2] = {zero, zero};
  for (int64_t first = 0; first < blocks; first += BLOCKS) {
    const int64_t last = first + BLOCKS < blocks ? first + BLOCKS : blocks;
    __m256i parts[2] = {zero, zero};
    for (int64_t b = first; b < last; b++, block += 64) {
      _mm_prefetch((const char*)block + ahead, _MM_HINT_T0);
      add_block(parts, block, x->high + BN_FINE_COLUMNS * b, x->low + BN_FINE_COLUMNS * b);
    }
    BN_UNROLL for (int d = 0; d < 2; d++) {
      totals[d] = _mm256_add_epi32(totals[d], _mm256_madd_epi16(parts[d], one));
    }
  }
  *high = add_up(totals[0]);
  *low = add_up(totals[1]);
}

int32_t bn_refine_bounds_avx2(const bn_low_bit* s, const bn_activation16* x,
                              const bn_bounds* bounds, int32_t count, int32_t begin, int32_t end) {
  const int64_t row_bytes = bn_fine_row_bytes(s);
  for (int32_t panel = begin; panel < end; panel++) {
    for (int32_t t = 0; t < count; t++) { /* the panel's rows stay in the L1 cache */
      const uint32_t mask = bn_rows_to_refine(s, x + t, bounds + t, panel);
      const int64_t ahead = __builtin_popcount(mask) >= MANY_ROWS ? PREFETCH_BYTES : 0;
      int32_t sums[2][BN_LOW_BIT_ROWS];
      for (uint32_t left = mask; left != 0; left &= left - 1) {
        const int r = __builtin_ctz(left);
        const int64_t row = BN_LOW_BIT_ROWS * (int64_t)panel + r;
        add_row(s->fine + row_bytes * row, row_bytes / 64, x + t, ahead, &sums[0][r], &sums[1][r]);
      }
      bn_refine_panel(s, x + t, bounds + t, panel, mask, sums[0], sums[1]);
    }
  }
  return BN_OK;
}
