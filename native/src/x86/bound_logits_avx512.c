#include "bounds_avx512.h"
#include "common/unroll.h"

/*
 * Panels are read in streams: each goes through a part of them, one panel after the other. On Zen 5
 * four streams come at 90-100 % of what a core can read, one at 70 %.
 */
#define STREAMS 4
/* How far ahead of the codes in use the next ones of each stream are asked for. */
#define PREFETCH_BYTES 2048

/* Four digits in every 32-bit lane. */
static inline __m512i quad(const int8_t* digits) {
  int32_t bits;
  memcpy(&bits, digits, sizeof bits);
  return _mm512_set1_epi32(bits);
}

/* Twice the sums less 15 times the digits' own. */
static inline __m512i center(__m512i sums, int32_t digits) {
  return _mm512_sub_epi32(_mm512_add_epi32(sums, sums), _mm512_set1_epi32(15 * digits));
}

/* Sums over the blocks of a panel, by nibble and digit. */
typedef struct nibble_sums {
  __m512i left_high, left_low, right_high, right_low;
} nibble_sums;

/*
 * Adds the products of a block. Upper nibbles stay where they are, as 16 times the code; such a sum
 * has at most BN_MAX_COLUMNS / 2 + 4 products of at most 240 * 128: below 2^31.
 */
BN_INLINE void add_block(nibble_sums* sums, const uint8_t* block, const int8_t* high,
                         const int8_t* low) {
  const __m512i codes = _mm512_load_si512(block);
  const __m512i left = _mm512_and_si512(codes, _mm512_set1_epi8(0x0f));
  const __m512i right = _mm512_and_si512(codes, _mm512_set1_epi8((char)0xf0));
  sums->left_high = _mm512_dpbusd_epi32(sums->left_high, left, quad(high));
  sums->left_low = _mm512_dpbusd_epi32(sums->left_low, left, quad(low));
  sums->right_high = _mm512_dpbusd_epi32(sums->right_high, right, quad(high + 4));
  sums->right_low = _mm512_dpbusd_epi32(sums->right_low, right, quad(low + 4));
}

/* The sum over both nibbles. */
static inline __m512i both(__m512i left, __m512i right) {
  return _mm512_add_epi32(left, _mm512_srai_epi32(right, 4));
}

/* Bounds of P panels: first, first + step, ... */
BN_INLINE void bound_panels(const bn_sketch* s, const bn_digits* x, const bn_bounds* bounds,
                            int32_t first, int32_t step, const int P) {
  const int64_t blocks = bn_coarse_panel_bytes(s) / 64;
  const int64_t apart = 64 * blocks * step;
  const uint8_t* block = s->coarse + 64 * blocks * first;
  const int8_t* high = x->high;
  const int8_t* low = x->low;
  const __m512i zero = _mm512_setzero_si512();
  nibble_sums sums[STREAMS];
  BN_UNROLL for (int p = 0; p < P; p++) { sums[p] = (nibble_sums){zero, zero, zero, zero}; }
  for (int64_t b = 0; b < blocks; b++) {
    BN_UNROLL for (int p = 0; p < P; p++) {
      _mm_prefetch((const char*)block + p * apart + PREFETCH_BYTES, _MM_HINT_T0);
      add_block(&sums[p], block + p * apart, high, low);
    }
    block += 64;
    high += BN_COARSE_COLUMNS;
    low += BN_COARSE_COLUMNS;
  }
  BN_UNROLL for (int p = 0; p < P; p++) {
    const int32_t panel = first + p * step;
    const __mmask16 mask = (__mmask16)((1u << bn_panel_rows(s, panel)) - 1);
    const __m512i high_sums = _mm512_maskz_mov_epi32(
        mask, center(both(sums[p].left_high, sums[p].right_high), x->high_sum));
    const __m512i low_sums =
        _mm512_maskz_mov_epi32(mask, center(both(sums[p].left_low, sums[p].right_low), x->low_sum));
    int32_t* to = bounds->sums + 32 * (int64_t)panel;
    _mm512_store_si512(to, high_sums);
    _mm512_store_si512(to + 16, low_sums);
    bn_set_bounds_avx512(s, x, bounds, panel, mask, high_sums, low_sums, 2.0f, 16);
    bounds->panel_refined[panel] = 0;
  }
}

int32_t bn_bound_logits_avx512(const bn_sketch* s, const bn_digits* x, const bn_bounds* bounds,
                               int32_t begin, int32_t end) {
  const int32_t step = (end - begin) / STREAMS;
  for (int32_t i = 0; i < step; i++) {
    bound_panels(s, x, bounds, begin + i, step, STREAMS);
  }
  for (int32_t panel = begin + step * STREAMS; panel < end; panel++) {
    bound_panels(s, x, bounds, panel, 1, 1);
  }
  return BN_OK;
}
