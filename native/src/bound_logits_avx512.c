#include "bounds_avx512.h"

/* How far ahead of the codes in use the next ones are asked for. */
#define PREFETCH_BYTES 4096

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
static inline void add_block(nibble_sums* sums, const uint8_t* block, const int8_t* high,
                             const int8_t* low) {
  _mm_prefetch((const char*)block + PREFETCH_BYTES, _MM_HINT_T0);
  const __m512i codes = _mm512_load_si512(block);
  const __m512i left = _mm512_and_si512(codes, _mm512_set1_epi8(0x0f));
  const __m512i right = _mm512_and_si512(codes, _mm512_set1_epi8((char)0xf0));
  sums->left_high = _mm512_dpbusd_epi32(sums->left_high, left, quad(high));
  sums->left_low = _mm512_dpbusd_epi32(sums->left_low, left, quad(low));
  sums->right_high = _mm512_dpbusd_epi32(sums->right_high, right, quad(high + 4));
  sums->right_low = _mm512_dpbusd_epi32(sums->right_low, right, quad(low + 4));
}

/* The sums of both, which are parts of one sum within its bound. */
static inline __m512i both(__m512i left_even, __m512i left_odd, __m512i right_even,
                           __m512i right_odd) {
  const __m512i right = _mm512_srai_epi32(_mm512_add_epi32(right_even, right_odd), 4);
  return _mm512_add_epi32(_mm512_add_epi32(left_even, left_odd), right);
}

int32_t bn_bound_logits_avx512(const bn_sketch* s, const bn_digits* x, const bn_bounds* bounds,
                               int32_t begin, int32_t end) {
  const int64_t blocks = bn_coarse_panel_bytes(s) / 64;
  const __m512i zero = _mm512_setzero_si512();
  for (int32_t panel = begin; panel < end; panel++) {
    const uint8_t* block = s->coarse + 64 * blocks * panel;
    const int8_t* high = x->high;
    const int8_t* low = x->low;
    /* Blocks in turn have sums of their own, to hide the latency of vpdpbusd. */
    nibble_sums even = {zero, zero, zero, zero};
    nibble_sums odd = even;
    int64_t b = 0;
    for (; b + 2 <= blocks; b += 2) {
      add_block(&even, block, high, low);
      add_block(&odd, block + 64, high + BN_COARSE_COLUMNS, low + BN_COARSE_COLUMNS);
      block += 2 * 64;
      high += 2 * BN_COARSE_COLUMNS;
      low += 2 * BN_COARSE_COLUMNS;
    }
    if (b < blocks) {
      add_block(&even, block, high, low);
    }
    const __mmask16 mask = (__mmask16)((1u << bn_panel_rows(s, panel)) - 1);
    __m512i high_sums = both(even.left_high, odd.left_high, even.right_high, odd.right_high);
    __m512i low_sums = both(even.left_low, odd.left_low, even.right_low, odd.right_low);
    high_sums = _mm512_maskz_mov_epi32(mask, center(high_sums, x->high_sum));
    low_sums = _mm512_maskz_mov_epi32(mask, center(low_sums, x->low_sum));
    int32_t* sums = bounds->sums + 32 * (int64_t)panel;
    _mm512_store_si512(sums, high_sums);
    _mm512_store_si512(sums + 16, low_sums);
    bn_set_bounds_avx512(s, x, bounds, panel, mask, high_sums, low_sums, 2.0f, 16);
    bounds->panel_refined[panel] = 0;
  }
  return BN_OK;
}
