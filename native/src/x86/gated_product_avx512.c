#include "common/kernels.h"
#include "common/strip_products.h"
#include "lanes_avx512.h"

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
 * Adds the products of the first fields of a line of every row, whose activations start at q. A
 * product u * q is at most 2 * 128 in absolute value, and a lane has at most BN_MAX_COLUMNS / 16 +
 * 16 of them: sums stay below 2^22.
 */
BN_INLINE void add_line(__m512i totals[BN_MOST_ROWS], const uint8_t* const* rows, int64_t at,
                        const int8_t* q, const int fields) {
  __m512i values[4];
  BN_UNROLL for (int f = 0; f < fields; f++) { values[f] = _mm512_load_si512(q + 64 * f); }
  BN_UNROLL for (int p = 0; p < BN_MOST_ROWS; p++) {
    const __m512i x = _mm512_load_si512(rows[p] + at);
    BN_UNROLL for (int f = 0; f < fields; f++) {
      /* Shifts of 16 bits will do, since the mask drops what crosses bytes. */
      const __m512i u =
          _mm512_and_si512(_mm512_srli_epi16(x, (unsigned)(2 * f)), _mm512_set1_epi8(3));
      totals[p] = _mm512_dpbusd_epi32(totals[p], u, values[f]);
    }
  }
}

static void row_sums(const uint8_t* const* rows, const uint8_t* const* next, const int8_t* q,
                     int64_t columns, int32_t* sums) {
  __m512i totals[BN_MOST_ROWS];
  BN_UNROLL for (int p = 0; p < BN_MOST_ROWS; p++) { totals[p] = _mm512_setzero_si512(); }
  int64_t parts = (columns + 63) / 64;
  int64_t at = 0;
  for (; parts >= 4; parts -= 4, at += BN_LINE_BYTES, q += BN_LINE_DIGITS) {
    BN_UNROLL for (int p = 0; p < BN_MOST_ROWS; p++) { bn_prefetch_once(next[p] + at); }
    add_line(totals, rows, at, q, 4);
  }
  switch (parts) { /* activations end with a multiple of 64 */
    case 3:
      add_line(totals, rows, at, q, 3);
      break;
    case 2:
      add_line(totals, rows, at, q, 2);
      break;
    case 1:
      add_line(totals, rows, at, q, 1);
      break;
    default:
      break;
  }
  BN_UNROLL for (int p = 0; p < BN_MOST_ROWS; p++) { sums[p] = _mm512_reduce_add_epi32(totals[p]); }
}

int64_t bn_gated_product_avx512(const bn_strips* w, const bn_quantized* a, const bn_rows* gate,
                                const bn_rows* y, int32_t begin, int32_t end) {
  return bn_gated_product_by(list_rows, row_sums, BN_MOST_ROWS, w, a, gate, y, begin, end);
}
