#include <immintrin.h>

#include "common/bounds.h"
#include "common/unroll.h"

/* How far ahead of the codes in use the next ones are asked for. */
#define PREFETCH_BYTES 4096
/* Blocks whose sums fit 16 bits: two pairs of products of at most 15 * 128 each. */
#define BLOCKS 4

/* Four bytes in every 32-bit lane. */
static inline __m256i quad(const int8_t* bytes) {
  int32_t bits;
  memcpy(&bits, bytes, sizeof bits);
  return _mm256_set1_epi32(bits);
}

/* Adds one block's products with B bytes to the sums of [half of the panel][byte]. */
BN_INLINE void add_block(__m256i sums[2][2], const uint8_t* block, const int8_t* high,
                         const int8_t* low, const int B) {
  const __m256i nibble = _mm256_set1_epi8(15);
  BN_UNROLL for (int half = 0; half < 2; half++) {
    const __m256i codes = _mm256_load_si256((const __m256i*)(block + 32 * half));
    const __m256i a = _mm256_and_si256(codes, nibble);
    const __m256i b = _mm256_and_si256(_mm256_srli_epi16(codes, 4), nibble);
    __m256i* sum = sums[half];
    sum[0] = _mm256_add_epi16(sum[0], _mm256_maddubs_epi16(a, quad(high)));
    sum[0] = _mm256_add_epi16(sum[0], _mm256_maddubs_epi16(b, quad(high + 4)));
    if (B == 2) {
      sum[1] = _mm256_add_epi16(sum[1], _mm256_maddubs_epi16(a, quad(low)));
      sum[1] = _mm256_add_epi16(sum[1], _mm256_maddubs_epi16(b, quad(low + 4)));
    }
  }
}

/*
 * Sums of the products of a panel's codes: 16 with the high bytes, 16 with the low ones, which are
 * zero where B is 1.
 */
BN_INLINE void add_panel(const uint8_t* block, int64_t blocks, const bn_activation16* x,
                         int32_t* sums, const int B) {
  const __m256i one = _mm256_set1_epi16(1);
  const __m256i zero = _mm256_setzero_si256();
  __m256i totals[2][2] = {{zero, zero}, {zero, zero}};
  for (int64_t first = 0; first < blocks; first += BLOCKS) {
    const int64_t last = first + BLOCKS < blocks ? first + BLOCKS : blocks;
    __m256i parts[2][2] = {{zero, zero}, {zero, zero}};
    for (int64_t b = first; b < last; b++, block += 64) {
      _mm_prefetch((const char*)block + PREFETCH_BYTES, _MM_HINT_T0);
      add_block(parts, block, x->high + BN_COARSE_COLUMNS * b, x->low + BN_COARSE_COLUMNS * b, B);
    }
    BN_UNROLL for (int half = 0; half < 2; half++) {
      BN_UNROLL for (int d = 0; d < B; d++) {
        totals[half][d] = _mm256_add_epi32(totals[half][d], _mm256_madd_epi16(parts[half][d], one));
      }
    }
  }
  for (int half = 0; half < 2; half++) {
    for (int d = 0; d < 2; d++) {
      _mm256_storeu_si256((__m256i*)(sums + 16 * d + 8 * half), totals[half][d]);
    }
  }
}

int32_t bn_bound_logits_avx2(const bn_low_bit* s, const bn_activation16* x, const bn_bounds* bounds,
                             int32_t count, int32_t begin, int32_t end) {
  const int64_t panel_bytes = bn_coarse_panel_bytes(s);
  for (int32_t panel = begin; panel < end; panel++) {
    for (int32_t t = 0; t < count; t++) { /* the panel stays in the L1 cache */
      int32_t* sums = bounds[t].sums + 32 * (int64_t)panel;
      if (x[t].low_is_zero) {
        add_panel(s->coarse + panel_bytes * panel, panel_bytes / 64, x + t, sums, 1);
      } else {
        add_panel(s->coarse + panel_bytes * panel, panel_bytes / 64, x + t, sums, 2);
      }
      bn_bound_panel(s, x + t, bounds + t, panel);
    }
  }
  return BN_OK;
}
