#include <immintrin.h>

#include "kernels.h"
#include "strips.h"

/* Lines whose pairs of products fit a 16-bit sum. */
#define LINES 16

/* Lists those rows of [begin, end) that are computed, and makes the others 0. */
static int32_t list_rows(const float* gate, float* y, int32_t begin, int32_t end, int all,
                         int32_t* list) {
  int32_t count = 0;
  for (int32_t r = begin; r < end; r++) {
    list[count] = r;
    count += all | (gate[r] > 0.0f);
    y[r] = 0.0f;
  }
  return count;
}

/*
 * Adds the products of the first fields of a line, whose columns' activations start at q.
 * vpmaddubsw adds pairs u * q with u <= 2 and -128 <= q <= 127, so a pair lies in [-512, 508]; a
 * sum takes 4 of them from a line, and from LINES lines at most 64: from -32768 to 32512.
 */
BN_INLINE void add_line(__m256i words[2], const uint8_t* line, const int8_t* q, const int fields) {
  const __m256i digit = _mm256_set1_epi8(3);
  BN_UNROLL for (int half = 0; half < 2; half++) {
    const __m256i x = _mm256_load_si256((const __m256i*)(line + 32 * half));
    BN_UNROLL for (int f = 0; f < fields; f++) {
      /* Shifts of 16 bits will do, since the mask drops what crosses bytes. */
      const __m256i u = _mm256_and_si256(_mm256_srli_epi16(x, 2 * f), digit);
      const __m256i values = _mm256_load_si256((const __m256i*)(q + 64 * f + 32 * half));
      words[half] = _mm256_add_epi16(words[half], _mm256_maddubs_epi16(u, values));
    }
  }
}

/* Sum of q * u over a row. */
BN_INLINE int32_t row_sum(const uint8_t* strip, const int8_t* q, int64_t columns) {
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sums = _mm256_setzero_si256();
  int64_t parts = (columns + 63) / 64;
  while (parts > 0) {
    __m256i words[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    int64_t lines = parts / 4 < LINES ? parts / 4 : LINES;
    parts -= 4 * lines;
    if (lines == 0) { /* activations end with a multiple of 64 */
      switch (parts) {
        case 3:
          add_line(words, strip, q, 3);
          break;
        case 2:
          add_line(words, strip, q, 2);
          break;
        default:
          add_line(words, strip, q, 1);
          break;
      }
      parts = 0;
    }
    for (; lines > 0; lines--, strip += BN_LINE_BYTES, q += BN_LINE_DIGITS) {
      add_line(words, strip, q, 4);
    }
    BN_UNROLL for (int half = 0; half < 2; half++) {
      sums = _mm256_add_epi32(sums, _mm256_madd_epi16(words[half], ones));
    }
  }
  __m128i s = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  s = _mm_add_epi32(s, _mm_unpackhi_epi64(s, s));
  return _mm_cvtsi128_si32(_mm_add_epi32(s, _mm_shuffle_epi32(s, 1)));
}

int64_t bn_gated_product_avx2(const bn_strips* w, const bn_quantized* a, const bn_rows* gate,
                              const bn_rows* y, int32_t begin, int32_t end) {
  return bn_gated_product_by(list_rows, row_sum, w, a, gate, y, begin, end);
}
