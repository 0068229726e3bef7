#include "bounds_avx512.h"
#include "unroll.h"

/* How far ahead of the codes in use the next ones are asked for, where most rows are refined. */
#define PREFETCH_BYTES 4096
#define MANY_ROWS 8

/*
 * Adds up a row's codes times both digits. Fields of two bits stay where they are in their bytes:
 * field f has 4^f times the code.
 */
static inline void add_row(const uint8_t* block, int64_t blocks, const bn_digits* x, int64_t ahead,
                           int32_t* high, int32_t* low) {
  __m512i sums[2][4];
  BN_UNROLL for (int f = 0; f < 4; f++) { sums[0][f] = sums[1][f] = _mm512_setzero_si512(); }
  for (int64_t b = 0; b < blocks; b++, block += 64) {
    _mm_prefetch((const char*)block + ahead, _MM_HINT_T0);
    const __m512i codes = _mm512_load_si512(block);
    BN_UNROLL for (int f = 0; f < 4; f++) {
      const __m512i u = _mm512_and_si512(codes, _mm512_set1_epi8((char)(3 << 2 * f)));
      const int64_t at = BN_FINE_COLUMNS * b + 64 * f;
      sums[0][f] = _mm512_dpbusd_epi32(sums[0][f], u, _mm512_load_si512(x->high + at));
      sums[1][f] = _mm512_dpbusd_epi32(sums[1][f], u, _mm512_load_si512(x->low + at));
    }
  }
  BN_UNROLL for (int f = 1; f < 4; f++) {
    BN_UNROLL for (int d = 0; d < 2; d++) {
      sums[d][0] = _mm512_add_epi32(sums[d][0], _mm512_srai_epi32(sums[d][f], 2 * f));
    }
  }
  *high = _mm512_reduce_add_epi32(sums[0][0]);
  *low = _mm512_reduce_add_epi32(sums[1][0]);
}

/* 4 * coarse + 2 * fine - 3 * the digits' own sum. */
static inline __m512i join(const int32_t* coarse, const int32_t* fine, int32_t digits) {
  const __m512i sums = _mm512_add_epi32(_mm512_slli_epi32(_mm512_load_si512(coarse), 2),
                                        _mm512_slli_epi32(_mm512_load_si512(fine), 1));
  return _mm512_sub_epi32(sums, _mm512_set1_epi32(3 * digits));
}

int32_t bn_refine_bounds_avx512(const bn_sketch* s, const bn_digits* x, const bn_bounds* bounds,
                                float threshold, int32_t begin, int32_t end) {
  const int64_t row_bytes = bn_fine_row_bytes(s);
  for (int32_t panel = begin; panel < end; panel++) {
    const int64_t row = BN_SKETCH_ROWS * (int64_t)panel;
    const uint32_t mask = bn_rows_to_refine(s, bounds, panel, threshold);
    const int32_t refined = __builtin_popcount(mask);
    if (refined == 0) {
      bn_refine_panel(s, x, bounds, panel, 0, NULL, NULL);
      continue;
    }
    const int64_t ahead = refined >= MANY_ROWS ? PREFETCH_BYTES : 0;
    _Alignas(64) int32_t high[BN_SKETCH_ROWS] = {0};
    _Alignas(64) int32_t low[BN_SKETCH_ROWS] = {0};
    for (uint32_t left = mask; left != 0; left &= left - 1) {
      const int r = __builtin_ctz(left);
      add_row(s->fine + row_bytes * (row + r), row_bytes / 64, x, ahead, high + r, low + r);
    }
    const int32_t* sums = bounds->sums + 32 * (int64_t)panel;
    bn_set_bounds_avx512(s, x, bounds, panel, (__mmask16)mask, join(sums, high, x->high_sum),
                         join(sums + 16, low, x->low_sum), 0.5f, 32);
    bounds->panel_refined[panel] = refined;
  }
  return BN_OK;
}
