#include <immintrin.h>

#include "common/kernels.h"
#include "common/sparse_products.h"

/* Lines whose pairs of products fit a 16-bit sum. */
#define LINES 8
/* Rows at a time. */
#define ROWS 8

/*
 * Adds the products of the first fields of a line of every row, whose activations start at q.
 * vpmaddubsw adds pairs u * q with u <= 2 and -128 <= q <= 127, so a pair lies in [-512, 508]; a
 * sum takes 8 of them from a line, and from LINES lines at most 64: from -32768 to 32512.
 */
BN_INLINE void add_line(__m256i words[ROWS], const uint8_t* const* rows, int64_t at,
                        const int8_t* q, const int fields) {
  const __m256i digit = _mm256_set1_epi8(3);
  BN_UNROLL for (int half = 0; half < 2; half++) {
    BN_UNROLL for (int f = 0; f < fields; f++) {
      const __m256i values = _mm256_load_si256((const __m256i*)(q + 64 * f + 32 * half));
      BN_UNROLL for (int p = 0; p < ROWS; p++) {
        const __m256i x = _mm256_load_si256((const __m256i*)(rows[p] + at + 32 * half));
        /* Shifts of 16 bits will do, since the mask drops what crosses bytes. */
        const __m256i u = _mm256_and_si256(_mm256_srli_epi16(x, 2 * f), digit);
        words[p] = _mm256_add_epi16(words[p], _mm256_maddubs_epi16(u, values));
      }
    }
  }
}

static void row_sums(const uint8_t* const* rows, const uint8_t* const* next, int shared,
                     const int8_t* q, int64_t columns, int32_t* sums) {
  __m256i totals[ROWS];
  BN_UNROLL for (int p = 0; p < ROWS; p++) { totals[p] = _mm256_setzero_si256(); }
  int64_t at = 0;
  int64_t parts = (columns + 63) / 64;
  while (parts > 0) {
    __m256i words[ROWS];
    BN_UNROLL for (int p = 0; p < ROWS; p++) { words[p] = _mm256_setzero_si256(); }
    int64_t lines = parts / 4 < LINES ? parts / 4 : LINES;
    parts -= 4 * lines;
    if (lines == 0) { /* activations end with a multiple of 64 */
      switch (parts) {
        case 3:
          add_line(words, rows, at, q, 3);
          break;
        case 2:
          add_line(words, rows, at, q, 2);
          break;
        default:
          add_line(words, rows, at, q, 1);
          break;
      }
      parts = 0;
    }
    for (; lines > 0; lines--, at += BN_LINE_BYTES, q += BN_LINE_DIGITS) {
      BN_UNROLL for (int p = 0; p < ROWS; p++) { bn_prefetch_vector(next[p] + at, shared); }
      add_line(words, rows, at, q, 4);
    }
    BN_UNROLL for (int p = 0; p < ROWS; p++) {
      totals[p] = _mm256_add_epi32(totals[p], _mm256_madd_epi16(words[p], _mm256_set1_epi16(1)));
    }
  }
  BN_UNROLL for (int p = 0; p < ROWS; p++) {
    const __m256i v = totals[p];
    __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    s = _mm_add_epi32(s, _mm_unpackhi_epi64(s, s));
    sums[p] = _mm_cvtsi128_si32(_mm_add_epi32(s, _mm_shuffle_epi32(s, 1)));
  }
}

int64_t bn_gated_product_avx2(const bn_ternary_vectors* w, const bn_quantized* a,
                              const bn_rows* gate, const bn_rows* y, int32_t count, int32_t begin,
                              int32_t end) {
  return bn_gated_product_by(bn_list_rows_singly, row_sums, ROWS, ROWS, w, a, gate, y, count, begin,
                             end);
}
