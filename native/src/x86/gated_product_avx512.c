#include "common/kernels.h"
#include "common/sparse_products.h"
#include "lanes_avx512.h"

/*
 * Rows at a time: as many as come from memory together when each is read once, and as many as fill
 * half of the registers with their sums when several rows of activations find them in a cache.
 */
#define ROWS_ONCE 16
#define ROWS_SHARED 4

/* Lists those rows of [begin, end) that are computed, and makes the others 0. */
static int32_t list_rows(const float* gate, float* y, int32_t begin, int32_t end, int all,
                         int32_t* list) {
  int32_t count = 0;
  __m512i rows =
      _mm512_add_epi32(_mm512_set1_epi32(begin),
                       _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  for (int32_t r = begin; r < end; r += 16) {
    const __mmask16 there = bn_mask16(end - r);
    const __m512 g = _mm512_maskz_loadu_ps(there, gate + r);
    const __mmask16 positive = _mm512_cmp_ps_mask(g, _mm512_setzero_ps(), _CMP_GT_OQ);
    const __mmask16 listed = all ? there : positive;
    _mm512_mask_storeu_ps(y + r, there, _mm512_setzero_ps());
    /* Into a register first: to memory this instruction is slow on Zen 4. */
    _mm512_storeu_si512(list + count, _mm512_maskz_compress_epi32(listed, rows));
    count += __builtin_popcount(listed);
    rows = _mm512_add_epi32(rows, _mm512_set1_epi32(16));
  }
  return count;
}

/*
 * Adds the products of the first fields of a line of P rows, whose activations start at q. A row
 * has S sums. With four a field stays where it is in its byte: a product is at most 192 * 128
 * in absolute value, and a lane has at most BN_MAX_COLUMNS / 64 + 4 of them: sums stay below 2^26.
 * With one, a product is at most 2 * 128, and a lane has at most BN_MAX_COLUMNS / 16 + 16: below
 * 2^22.
 */
BN_INLINE void add_line(__m512i totals[ROWS_ONCE], const uint8_t* const* rows, int64_t at,
                        const int8_t* q, const int fields, const int P, const int S) {
  BN_UNROLL for (int p = 0; p < P; p++) {
    const __m512i x = _mm512_load_si512(rows[p] + at);
    BN_UNROLL for (int f = 0; f < fields; f++) {
      /* Shifts of 16 bits will do, since the mask drops what crosses bytes. */
      const __m512i u =
          S == 4 ? _mm512_and_si512(x, _mm512_set1_epi8((char)(3 << 2 * f)))
                 : _mm512_and_si512(_mm512_srli_epi16(x, (unsigned)(2 * f)), _mm512_set1_epi8(3));
      __m512i* total = &totals[S * p + f % S];
      *total = _mm512_dpbusd_epi32(*total, u, _mm512_load_si512(q + 64 * f));
    }
  }
}

/* The sum of a row's lanes; exact, for of four sums the one of field f has multiples of 4^f. */
BN_INLINE int32_t add_up(const __m512i* sums, const int S) {
  if (S == 1) {
    return _mm512_reduce_add_epi32(sums[0]);
  }
  const __m512i low = _mm512_add_epi32(sums[0], _mm512_srai_epi32(sums[1], 2));
  const __m512i high = _mm512_add_epi32(sums[2], _mm512_srai_epi32(sums[3], 2));
  return _mm512_reduce_add_epi32(_mm512_add_epi32(low, _mm512_srai_epi32(high, 4)));
}

BN_INLINE void add_rows(const uint8_t* const* rows, const uint8_t* const* next, int shared,
                        const int8_t* q, int64_t columns, int32_t* sums, const int P, const int S) {
  __m512i totals[ROWS_ONCE];
  BN_UNROLL for (int i = 0; i < P * S; i++) { totals[i] = _mm512_setzero_si512(); }
  int64_t parts = (columns + 63) / 64;
  int64_t at = 0;
  for (; parts >= 4; parts -= 4, at += BN_LINE_BYTES, q += BN_LINE_DIGITS) {
    BN_UNROLL for (int p = 0; p < P; p++) { bn_prefetch_vector(next[p] + at, shared); }
    add_line(totals, rows, at, q, 4, P, S);
  }
  switch (parts) { /* activations end with a multiple of 64 */
    case 3:
      add_line(totals, rows, at, q, 3, P, S);
      break;
    case 2:
      add_line(totals, rows, at, q, 2, P, S);
      break;
    case 1:
      add_line(totals, rows, at, q, 1, P, S);
      break;
    default:
      break;
  }
  BN_UNROLL for (int p = 0; p < P; p++) { sums[p] = add_up(totals + S * p, S); }
}

static void row_sums_once(const uint8_t* const* rows, const uint8_t* const* next, int shared,
                          const int8_t* q, int64_t columns, int32_t* sums) {
  (void)shared;
  add_rows(rows, next, 0, q, columns, sums, ROWS_ONCE, 1);
}

static void row_sums_shared(const uint8_t* const* rows, const uint8_t* const* next, int shared,
                            const int8_t* q, int64_t columns, int32_t* sums) {
  (void)shared;
  add_rows(rows, next, 1, q, columns, sums, ROWS_SHARED, 4);
}

int64_t bn_gated_product_avx512(const bn_ternary_vectors* w, const bn_quantized* a,
                                const bn_rows* gate, const bn_rows* y, int32_t count, int32_t begin,
                                int32_t end) {
  return count == 1 ? bn_gated_product_by(list_rows, row_sums_once, ROWS_ONCE, ROWS_ONCE, w, a,
                                          gate, y, count, begin, end)
                    : bn_gated_product_by(list_rows, row_sums_shared, ROWS_SHARED, 16, w, a, gate,
                                          y, count, begin, end);
}
