#include "kernels.h"
#include "lanes_avx512.h"
#include "strips.h"

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

/* Adds the products of the first fields of a line, whose columns' activations start at q. */
BN_INLINE void add_line(__m512i sums[4], const uint8_t* line, const int8_t* q, const int fields) {
  const __m512i x = _mm512_load_si512(line);
  BN_UNROLL for (int f = 0; f < fields; f++) {
    const __m512i u = _mm512_and_si512(x, _mm512_set1_epi8((char)(3 << 2 * f)));
    sums[f] = _mm512_dpbusd_epi32(sums[f], u, _mm512_load_si512(q + 64 * f));
  }
}

/*
 * Sum of q * u over a row. A product u * 4^f * q is at most 128 * 128 in absolute value, and a lane
 * has at most BN_MAX_COLUMNS / 64 + 4 of them: sums stay below 2^26.
 */
BN_INLINE int32_t row_sum(const uint8_t* strip, const int8_t* q, int64_t columns) {
  __m512i sums[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                     _mm512_setzero_si512()};
  int64_t parts = (columns + 63) / 64;
  for (; parts >= 4; parts -= 4, strip += BN_LINE_BYTES, q += BN_LINE_DIGITS) {
    add_line(sums, strip, q, 4);
  }
  switch (parts) { /* activations end with a multiple of 64 */
    case 3:
      add_line(sums, strip, q, 3);
      break;
    case 2:
      add_line(sums, strip, q, 2);
      break;
    case 1:
      add_line(sums, strip, q, 1);
      break;
    default:
      break;
  }
  __m512i total = sums[0];
  BN_UNROLL for (int f = 1; f < 4; f++) { /* exact: sum f has multiples of 4^f */
    total = _mm512_add_epi32(total, _mm512_srai_epi32(sums[f], (unsigned)(2 * f)));
  }
  return _mm512_reduce_add_epi32(total);
}

int64_t bn_gated_product_avx512(const bn_strips* w, const bn_quantized* a, const bn_rows* gate,
                                const bn_rows* y, int32_t begin, int32_t end) {
  return bn_gated_product_by(list_rows, row_sum, w, a, gate, y, begin, end);
}
