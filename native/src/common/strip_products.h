/* What the products over strips of a ternary matrix share, whatever their tier. */
#ifndef BITNET_STRIP_PRODUCTS_H
#define BITNET_STRIP_PRODUCTS_H

#include <stddef.h>

#include "bitnet.h"
#include "unroll.h"

/* Rows whose gates are looked at before any of them is computed, and the room of their list. */
#define BN_GATES 1024
#define BN_GATES_ROOM (BN_GATES + 16)
/* The most rows that are added up at a time. */
#define BN_MOST_ROWS 16
/* Columns whose activations are looked at before any of them is read. */
#define BN_LISTED 8192
/* Lines whose sums stay in the L1 cache while columns are added to them. */
#define BN_LINES 16

/* Where strip i starts. */
static inline const uint8_t* bn_strip(const bn_strips* w, int64_t i) {
  return w->digits + i * w->stride;
}

/*
 * Whether all products are finite: a sum of q * (u - 1) is at most 128 * columns in absolute value,
 * which is exact in float, and rounding is monotonic.
 */
static inline int bn_is_bounded(const bn_strips* w, float scale) {
  return __builtin_isfinite((float)(128 * w->columns) * scale);
}

/* Asks for bytes that are read once and soon. */
static inline void bn_prefetch_once(const uint8_t* p) { __builtin_prefetch(p, 0, 0); }

/*
 * Lists those rows of [begin, end) that are computed, all or those with an open gate, and makes the
 * others 0; returns their number. Up to 16 elements of the list behind it may be written too.
 */
typedef int32_t bn_list_rows(const float* gate, float* y, int32_t begin, int32_t end, int all,
                             int32_t* list);

/* The same one row after the other, for instruction sets that cannot compress lanes. */
static inline int32_t bn_list_rows_singly(const float* gate, float* y, int32_t begin, int32_t end,
                                          int all, int32_t* list) {
  int32_t count = 0;
  for (int32_t r = begin; r < end; r++) {
    list[count] = r;
    count += all | (gate[r] > 0.0f);
    y[r] = 0.0f;
  }
  return count;
}

/*
 * Sums of q * u over P rows, all of their first line, then all of their second, ...; of the P rows
 * that come next, the same lines are asked for.
 *
 * So many pages of memory are waited for at once, and the processor sees no stream that it would
 * run ahead on, beyond the end of the rows. On Zen 5, whose pages were of 4 KiB, 16 rows at a time
 * came 1.3 to 1.5 times as fast as 4, if a tenth to a half of the rows was read.
 */
typedef void bn_row_sums(const uint8_t* const* rows, const uint8_t* const* next, const int8_t* q,
                         int64_t columns, int32_t* sums);

/* bn_gated_product for an instruction set that adds up P rows at a time. */
BN_INLINE int64_t bn_gated_product_by(bn_list_rows* list_rows, bn_row_sums* row_sums, const int P,
                                      const bn_strips* w, const bn_quantized* a,
                                      const bn_rows* gate, const bn_rows* y, int32_t begin,
                                      int32_t end) {
  if (w->direction != BN_STRIPS_ROWS) {
    return -1;
  }
  const float scale = w->scale * a->scales[0];
  const int all = !bn_is_bounded(w, scale);
  int64_t read = 0;
  for (int32_t first = begin; first < end; first += BN_GATES) {
    const int32_t last = end - first < BN_GATES ? end : first + BN_GATES;
    int32_t list[BN_GATES_ROOM];
    const int32_t count = list_rows(gate->data, y->data, first, last, all, list);
    for (int32_t i = 0; i < count; i += P) {
      const uint8_t* rows[BN_MOST_ROWS];
      const uint8_t* next[BN_MOST_ROWS];
      int32_t sums[BN_MOST_ROWS];
      for (int32_t p = 0; p < P; p++) { /* the last row stands in for those that there are not */
        rows[p] = bn_strip(w, list[i + p < count ? i + p : count - 1]);
        next[p] = bn_strip(w, list[i + P + p < count ? i + P + p : count - 1]);
      }
      row_sums(rows, next, a->values, w->columns, sums);
      for (int32_t p = 0; p < P && i + p < count; p++) {
        y->data[list[i + p]] = (float)(sums[p] - a->sums[0]) * scale;
      }
    }
    read += w->stride * count;
  }
  return read;
}

#endif
