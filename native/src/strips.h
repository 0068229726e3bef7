/* What the products over strips of a ternary matrix share, whatever their tier. */
#ifndef BITNET_STRIPS_H
#define BITNET_STRIPS_H

#include <stddef.h>

#include "bitnet.h"
#include "unroll.h"

/* Rows whose gates are looked at before any of them is computed, and the room of their list. */
#define BN_GATES 512
#define BN_GATES_ROOM (BN_GATES + 16)
/*
 * Rows that are asked for together, all of their first line, then all of their second, ...: the
 * processor then sees no stream that it would run ahead on, beyond the end of the rows. On Zen 5
 * the fifth of the rows comes at 18 GB/s, against 14 for row after row; half of them takes as long
 * as a dense product, and all of them a fifth longer.
 */
#define BN_ROWS 16
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

/* Sum of q * u over a row. */
typedef int32_t bn_row_sum(const uint8_t* strip, const int8_t* q, int64_t columns);

/* Asks for lines [begin, end) of rows [from, to) of the list, as far as it goes. */
static inline void bn_prefetch_rows(const bn_strips* w, const int32_t* list, int32_t count,
                                    int32_t from, int32_t to, int64_t begin, int64_t end) {
  for (int64_t l = begin; l < end; l++) {
    for (int32_t i = from; i < to && i < count; i++) {
      bn_prefetch_once(bn_strip(w, list[i]) + BN_LINE_BYTES * l);
    }
  }
}

/* bn_gated_product for an instruction set. */
BN_INLINE int64_t bn_gated_product_by(bn_list_rows* list_rows, bn_row_sum* row_sum,
                                      const bn_strips* w, const bn_quantized* a,
                                      const bn_rows* gate, const bn_rows* y, int32_t begin,
                                      int32_t end) {
  if (w->direction != BN_STRIPS_ROWS) {
    return -1;
  }
  const float scale = w->scale * a->scales[0];
  const int all = !bn_is_bounded(w, scale);
  const int64_t lines = w->stride / BN_LINE_BYTES;
  int64_t read = 0;
  for (int32_t first = begin; first < end; first += BN_GATES) {
    const int32_t last = end - first < BN_GATES ? end : first + BN_GATES;
    int32_t list[BN_GATES_ROOM];
    const int32_t count = list_rows(gate->data, y->data, first, last, all, list);
    bn_prefetch_rows(w, list, count, 0, BN_ROWS, 0, lines);
    for (int32_t i = 0; i < count; i++) {
      const int32_t part = i % BN_ROWS; /* with each row, a part of the next ones' lines */
      const int32_t next = i - part + BN_ROWS;
      bn_prefetch_rows(w, list, count, next, next + BN_ROWS, lines * part / BN_ROWS,
                       lines * (part + 1) / BN_ROWS);
      const int32_t sum = row_sum(bn_strip(w, list[i]), a->values, w->columns);
      y->data[list[i]] = (float)(sum - a->sums[0]) * scale;
    }
    read += w->stride * count;
  }
  return read;
}

#endif
