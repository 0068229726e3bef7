#include "bounds_avx512.h"
#include "common/unroll.h"

/*
 * Panels are read in streams: each reads a part of them, one panel after the other. On Zen 5
 * four streams come at 90-100 % of what a core can read, one at 70 %.
 */
#define STREAMS 4
/* Up to this many rows of activations with both bytes wait for memory. */
#define FEW_ROWS 2
/*
 * More of them are limited by arithmetic: this many rows of activations and panels at a time
 * share their loads.
 */
#define ROWS_AT_ONCE 4
#define PANELS_AT_ONCE 2
/* How far ahead of the codes in use the next ones of each stream are asked for. */
#define PREFETCH_BYTES 2048

/* Four bytes in every 32-bit lane. */
static inline __m512i quad(const int8_t* bytes) {
  int32_t bits;
  memcpy(&bits, bytes, sizeof bits);
  return _mm512_set1_epi32(bits);
}

/* Sums over the blocks of a panel, by nibble and byte. */
typedef struct nibble_sums {
  __m512i left_high, left_low, right_high, right_low;
} nibble_sums;

/*
 * Adds the products of a block with B bytes. Upper nibbles stay where they are, as 16 times the
 * code; such a sum has at most BN_MAX_COLUMNS / 2 + 4 products of at most 240 * 128: below 2^31.
 */
BN_INLINE void add_block(nibble_sums* sums, const uint8_t* block, const int8_t* high,
                         const int8_t* low, const int B) {
  const __m512i codes = _mm512_load_si512(block);
  const __m512i left = _mm512_and_si512(codes, _mm512_set1_epi8(0x0f));
  const __m512i right = _mm512_and_si512(codes, _mm512_set1_epi8((char)0xf0));
  sums->left_high = _mm512_dpbusd_epi32(sums->left_high, left, quad(high));
  sums->right_high = _mm512_dpbusd_epi32(sums->right_high, right, quad(high + 4));
  if (B == 2) {
    sums->left_low = _mm512_dpbusd_epi32(sums->left_low, left, quad(low));
    sums->right_low = _mm512_dpbusd_epi32(sums->right_low, right, quad(low + 4));
  }
}

/* The sum over both nibbles. */
static inline __m512i both(__m512i left, __m512i right) {
  return _mm512_add_epi32(left, _mm512_srai_epi32(right, 4));
}

/*
 * Bounds of P panels, first, first + step, ..., for one row of activations and B bytes of it: both,
 * or the high one if all low ones are zero.
 */
BN_INLINE void bound_panels(const bn_low_bit* s, const bn_activation16* x, const bn_bounds* bounds,
                            int32_t first, int32_t step, const int P, const int B) {
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
      add_block(&sums[p], block + p * apart, high, low, B);
    }
    block += 64;
    high += BN_COARSE_COLUMNS;
    low += BN_COARSE_COLUMNS;
  }
  BN_UNROLL for (int p = 0; p < P; p++) {
    bn_bound_panel_avx512(s, x, bounds, first + p * step,
                          both(sums[p].left_high, sums[p].right_high),
                          both(sums[p].left_low, sums[p].right_low));
  }
}

/*
 * Like it, for T rows of activations. Upper nibbles are moved down, because there are not enough
 * registers for sums of their own: at most BN_MAX_COLUMNS products of at most 15 * 128, below 2^28.
 */
BN_INLINE void bound_panels_of_rows(const bn_low_bit* s, const bn_activation16* x,
                                    const bn_bounds* bounds, int32_t first, int32_t step,
                                    const int P, const int T, const int B) {
  const int64_t blocks = bn_coarse_panel_bytes(s) / 64;
  const int64_t apart = 64 * blocks * step;
  const uint8_t* block = s->coarse + 64 * blocks * first;
  const __m512i nibble = _mm512_set1_epi8(15);
  const int8_t* bytes[ROWS_AT_ONCE][2];
  __m512i sums[STREAMS][ROWS_AT_ONCE][2]; /* by panel, row and byte */
  BN_UNROLL for (int t = 0; t < T; t++) {
    bytes[t][0] = x[t].high;
    bytes[t][1] = x[t].low;
    BN_UNROLL for (int p = 0; p < P; p++) {
      sums[p][t][0] = sums[p][t][1] = _mm512_setzero_si512();
    }
  }
  for (int64_t b = 0; b < blocks; b++, block += 64) {
    __m512i codes[STREAMS][2];
    BN_UNROLL for (int p = 0; p < P; p++) {
      _mm_prefetch((const char*)block + p * apart + PREFETCH_BYTES, _MM_HINT_T0);
      const __m512i both = _mm512_load_si512(block + p * apart);
      codes[p][0] = _mm512_and_si512(both, nibble);
      codes[p][1] = _mm512_and_si512(_mm512_srli_epi16(both, 4), nibble);
    }
    BN_UNROLL for (int t = 0; t < T; t++) {
      BN_UNROLL for (int i = 0; i < 2 * B; i++) {
        const __m512i four = quad(bytes[t][i / 2] + BN_COARSE_COLUMNS * b + 4 * (i % 2));
        BN_UNROLL for (int p = 0; p < P; p++) {
          __m512i* sum = &sums[p][t][i / 2];
          *sum = _mm512_dpbusd_epi32(*sum, codes[p][i % 2], four);
          __asm__("" : "+v"(*sum)); /* or gcc reorders these until it has no registers left */
        }
      }
    }
  }
  BN_UNROLL for (int p = 0; p < P; p++) {
    BN_UNROLL for (int t = 0; t < T; t++) {
      bn_bound_panel_avx512(s, x + t, bounds + t, first + p * step, sums[p][t][0], sums[p][t][1]);
    }
  }
}

/* How many rows of activations have both bytes. */
static int32_t rows_with_low_bytes(const bn_activation16* x, int32_t count) {
  int32_t rows = 0;
  for (int32_t t = 0; t < count; t++) {
    rows += !x[t].low_is_zero;
  }
  return rows;
}

/*
 * Bounds of P panels for the first rows of activations, of which B bytes count for each of the
 * first `count`. Returns how many rows that were: as many as registers hold the sums of.
 */
BN_INLINE int32_t bound_panels_of_next(const bn_low_bit* s, const bn_activation16* x,
                                       const bn_bounds* bounds, int32_t count, int32_t first,
                                       int32_t step, const int P, const int B) {
  if (count == 1) {
    bound_panels(s, x, bounds, first, step, P, B);
    return 1;
  }
  if (count == 2 || P * B == 2 * STREAMS) {
    bound_panels_of_rows(s, x, bounds, first, step, P, 2, B);
    return 2;
  }
  if (count == 3) {
    bound_panels_of_rows(s, x, bounds, first, step, P, 3, B);
    return 3;
  }
  bound_panels_of_rows(s, x, bounds, first, step, P, ROWS_AT_ONCE, B);
  return ROWS_AT_ONCE;
}

/* Bounds of P panels for all rows of activations; the panels stay in a cache. */
BN_INLINE void bound_panels_of_all(const bn_low_bit* s, const bn_activation16* x,
                                   const bn_bounds* bounds, int32_t count, int32_t first,
                                   int32_t step, const int P) {
  for (int32_t t = 0; t < count;) {
    const int32_t high_only = x[t].low_is_zero;
    int32_t alike = 1;
    while (t + alike < count && x[t + alike].low_is_zero == high_only) {
      alike++;
    }
    t += high_only ? bound_panels_of_next(s, x + t, bounds + t, alike, first, step, P, 1)
                   : bound_panels_of_next(s, x + t, bounds + t, alike, first, step, P, 2);
  }
}

int32_t bn_bound_logits_avx512(const bn_low_bit* s, const bn_activation16* x,
                               const bn_bounds* bounds, int32_t count, int32_t begin, int32_t end) {
  int32_t panel = begin;
  if (rows_with_low_bytes(x, count) <= FEW_ROWS) {
    const int32_t step = (end - begin) / STREAMS;
    for (; panel < begin + step; panel++) {
      bound_panels_of_all(s, x, bounds, count, panel, step, STREAMS);
    }
    panel = begin + step * STREAMS;
  } else {
    for (; panel + PANELS_AT_ONCE <= end; panel += PANELS_AT_ONCE) {
      bound_panels_of_all(s, x, bounds, count, panel, 1, PANELS_AT_ONCE);
    }
  }
  for (; panel < end; panel++) {
    bound_panels_of_all(s, x, bounds, count, panel, 1, 1);
  }
  return BN_OK;
}
