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

/*
 * Upper nibbles stay where they are, as 16 times the code; such a sum has at most
 * BN_MAX_COLUMNS / 2 + 4 products of at most 240 * 128: below 2^31.
 */
int32_t bn_bound_logits_avx512(const bn_sketch* s, const bn_digits* x, const bn_bounds* bounds,
                               int32_t begin, int32_t end) {
  const int64_t panel_bytes = bn_coarse_panel_bytes(s);
  const __m512i left = _mm512_set1_epi8(0x0f);
  const __m512i right = _mm512_set1_epi8((char)0xf0);
  for (int32_t panel = begin; panel < end; panel++) {
    const uint8_t* block = s->coarse + panel_bytes * panel;
    const uint8_t* last = block + panel_bytes;
    const int8_t* high = x->high;
    const int8_t* low = x->low;
    __m512i left_high = _mm512_setzero_si512();
    __m512i left_low = left_high;
    __m512i right_high = left_high;
    __m512i right_low = left_high;
    for (; block < last; block += 64, high += BN_COARSE_COLUMNS, low += BN_COARSE_COLUMNS) {
      _mm_prefetch((const char*)block + PREFETCH_BYTES, _MM_HINT_T0);
      const __m512i codes = _mm512_load_si512(block);
      const __m512i a = _mm512_and_si512(codes, left);
      const __m512i b = _mm512_and_si512(codes, right);
      left_high = _mm512_dpbusd_epi32(left_high, a, quad(high));
      left_low = _mm512_dpbusd_epi32(left_low, a, quad(low));
      right_high = _mm512_dpbusd_epi32(right_high, b, quad(high + 4));
      right_low = _mm512_dpbusd_epi32(right_low, b, quad(low + 4));
    }
    const __mmask16 mask = (__mmask16)((1u << bn_panel_rows(s, panel)) - 1);
    __m512i high_sums = _mm512_add_epi32(left_high, _mm512_srai_epi32(right_high, 4));
    __m512i low_sums = _mm512_add_epi32(left_low, _mm512_srai_epi32(right_low, 4));
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
