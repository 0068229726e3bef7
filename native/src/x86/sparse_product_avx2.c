/*
 * Two columns at a time: their bytes are interleaved, so that each 16-bit lane holds the digits of
 * one row in two columns, which vpmaddubsw multiplies by their two activations.
 */
#include <immintrin.h>
#include <string.h>

#include "common/kernels.h"
#include "common/sparse_products.h"

/* Pairs of columns that are added while the 16-bit sums of half a line are in registers. */
#define GROUP 8

/* Columns that are read, two to a pair, and their activations. */
typedef struct listed {
  int32_t columns[BN_LISTED + 2];
  int8_t q[BN_LISTED + 2];
  int32_t pairs;
} listed;

/* Lists the columns of [begin, end) that are not multiplied by 0. Returns their number. */
static int32_t list_columns(const int8_t* q, int32_t begin, int32_t end, listed* list) {
  int32_t count = 0;
  for (int32_t k = begin; k < end; k += 32) { /* zeros from the last column on */
    const __m256i values = _mm256_load_si256((const __m256i*)(q + k));
    const __m256i zeros = _mm256_cmpeq_epi8(values, _mm256_setzero_si256());
    for (uint32_t mask = ~(uint32_t)_mm256_movemask_epi8(zeros); mask != 0; mask &= mask - 1) {
      const int32_t column = k + __builtin_ctz(mask);
      list->columns[count] = column;
      list->q[count] = q[column];
      count++;
    }
  }
  if (count % 2 != 0) { /* 0 times a column that is there */
    list->columns[count] = list->columns[count - 1];
    list->q[count] = 0;
  }
  list->pairs = (count + 1) / 2;
  return count;
}

/* Adds 16-bit sums to those of rows [0, 8) and [16, 24): the lanes of the interleaved bytes. */
BN_INLINE void widen(int32_t* sums, __m256i words) {
  __m256i* low = (__m256i*)sums;
  __m256i* high = (__m256i*)(sums + 16);
  *low = _mm256_add_epi32(*low, _mm256_cvtepi16_epi32(_mm256_castsi256_si128(words)));
  *high = _mm256_add_epi32(*high, _mm256_cvtepi16_epi32(_mm256_extracti128_si256(words, 1)));
}

/*
 * Adds up to GROUP pairs of columns, of which 32 bytes are meant, to the sums of their rows, which
 * start at 0, 64, 128 and 192. A pair u * q + u' * q' lies in [-512, 508], GROUP of them fit 16
 * bits.
 */
BN_INLINE void add_half(int32_t* sums, const bn_ternary_vectors* w, const listed* list,
                        int32_t begin, int32_t end, int64_t offset) {
  const __m256i digit = _mm256_set1_epi8(3);
  __m256i words[4][2];
  BN_UNROLL for (int f = 0; f < 4; f++) { words[f][0] = words[f][1] = _mm256_setzero_si256(); }
  for (int32_t pair = begin; pair < end; pair++) {
    const uint8_t* digits = w->digits + offset;
    const int32_t* columns = list->columns + 2 * pair;
    const __m256i a = _mm256_load_si256((const __m256i*)(digits + w->stride * columns[0]));
    const __m256i b = _mm256_load_si256((const __m256i*)(digits + w->stride * columns[1]));
    int16_t two;
    memcpy(&two, list->q + 2 * pair, sizeof two);
    const __m256i q = _mm256_set1_epi16(two);
    const __m256i low = _mm256_unpacklo_epi8(a, b);
    const __m256i high = _mm256_unpackhi_epi8(a, b);
    BN_UNROLL for (int f = 0; f < 4; f++) {
      const __m256i u0 = _mm256_and_si256(_mm256_srli_epi16(low, 2 * f), digit);
      const __m256i u1 = _mm256_and_si256(_mm256_srli_epi16(high, 2 * f), digit);
      words[f][0] = _mm256_add_epi16(words[f][0], _mm256_maddubs_epi16(u0, q));
      words[f][1] = _mm256_add_epi16(words[f][1], _mm256_maddubs_epi16(u1, q));
    }
  }
  BN_UNROLL for (int f = 0; f < 4; f++) {
    widen(sums + 64 * f, words[f][0]);
    widen(sums + 64 * f + 8, words[f][1]);
  }
}

/* Adds pairs [begin, end) to lines [first, first + lines), and asks for the pairs that follow. */
static void add_group(int32_t sums[][BN_LINE_DIGITS], const bn_ternary_vectors* w,
                      const listed* list, int32_t begin, int32_t end, int64_t first, int64_t lines,
                      int shared) {
  const int32_t next = list->pairs - end < GROUP ? list->pairs : end + GROUP;
  for (int64_t l = 0; l < lines; l++) {
    const int64_t offset = BN_LINE_BYTES * (first + l);
    for (int32_t i = 2 * end; i < 2 * next; i++) {
      bn_prefetch_vector(w->digits + offset + w->stride * list->columns[i], shared);
    }
    if (begin < end) {
      add_half(sums[l], w, list, begin, end, offset);
      add_half(sums[l] + 32, w, list, begin, end, offset + 32);
    }
  }
}

/* Adds the columns [begin, end) that one row of activations needs. Returns their number. */
static int32_t add_columns(int32_t sums[][BN_LINE_DIGITS], const bn_ternary_vectors* w,
                           const int8_t* q, int32_t begin, int32_t end, int64_t first,
                           int64_t lines, int shared) {
  listed list;
  const int32_t count = list_columns(q, begin, end, &list);
  add_group(sums, w, &list, 0, 0, first, lines, shared); /* asks for the first */
  for (int32_t pair = 0; pair < list.pairs; pair += GROUP) {
    const int32_t after = list.pairs - pair < GROUP ? list.pairs : pair + GROUP;
    add_group(sums, w, &list, pair, after, first, lines, shared);
  }
  return count;
}

int64_t bn_sparse_product_avx2(const bn_ternary_vectors* w, const bn_quantized* a, const bn_rows* y,
                               int32_t count, int32_t begin, int32_t end) {
  if (w->order != BN_COLUMN_MAJOR) {
    return -1;
  }
  const int shared = count > 1;
  const bn_tiling tiling = bn_tiling_of(count, end - begin);
  int64_t read = 0;
  for (int64_t first = begin; first < end; first += tiling.lines) {
    const int64_t lines = end - first < tiling.lines ? end - first : tiling.lines;
    /* Below 2 * 128 * BN_MAX_COLUMNS < 2^25. */
    _Alignas(32) int32_t sums[BN_LINE_SUMS][BN_LINE_DIGITS];
    memset(sums, 0, (size_t)(count * lines) * sizeof sums[0]);
    for (int32_t k = 0; k < w->columns; k += tiling.columns) {
      const int32_t last = w->columns - k < tiling.columns ? w->columns : k + tiling.columns;
      int32_t used = shared ? bn_count_columns(a, count, k, last) : 0;
      for (int32_t t = 0; t < count; t++) {
        const int32_t needed = add_columns(sums + t * lines, w, a->values + t * a->stride, k, last,
                                           first, lines, shared);
        used = shared ? used : needed;
      }
      read += BN_LINE_BYTES * lines * used;
    }
    for (int32_t t = 0; t < count; t++) {
      const float scale = w->scale * a->scales[t];
      for (int64_t l = 0; l < lines; l++) {
        const int64_t row = BN_LINE_DIGITS * (first + l);
        for (int64_t r = 0; r < BN_LINE_DIGITS && row + r < w->rows; r++) {
          bn_row(y, t)[row + r] = (float)(sums[t * lines + l][r] - a->sums[t]) * scale;
        }
      }
    }
  }
  return read;
}
