/* What products with a ternary matrix by rows or columns share in every tier. */
#ifndef BITNET_SPARSE_PRODUCTS_H
#define BITNET_SPARSE_PRODUCTS_H

#include <stddef.h>
#include <string.h>

#include "kernels.h"
#include "unroll.h"

/* Rows whose gates are looked at before any of them is computed, and the room of their list. */
#define BN_GATES 1024
#define BN_GATES_ROOM (BN_GATES + 16)
/* The most rows that are added up at a time. */
#define BN_MOST_ROWS 16
/* Columns whose activations are looked at before any of them is read. */
#define BN_LISTED 4096
/*
 * Lines whose sums stay in the L1 cache while columns are added to them, and the most such sums of
 * all rows of activations. They are on the stack, of which Java leaves native code 80 KiB.
 */
#define BN_LINES 16
#define BN_LINE_SUMS 32
/*
 * Bytes of a matrix that stay in the L2 cache while each of several rows of activations takes what
 * it needs of them.
 */
#define BN_SHARED_BYTES (384 * 1024)

/* Where row or column i starts. */
static inline const uint8_t* bn_ternary_vector(const bn_ternary_vectors* w, int64_t i) {
  return w->digits + i * w->stride;
}

/*
 * Whether all products are finite: a sum of q * (u - 1) is at most 128 * columns in absolute value,
 * which is exact in float, and rounding is monotonic.
 */
static inline int bn_is_bounded(const bn_ternary_vectors* w, float scale) {
  return __builtin_isfinite((float)(128 * w->columns) * scale);
}

/* Asks for bytes that are read soon, by several rows of activations or once. */
BN_INLINE void bn_prefetch_vector(const uint8_t* p, int shared) {
  if (shared) {
    __builtin_prefetch(p, 0, 3);
  } else {
    __builtin_prefetch(p, 0, 0);
  }
}

/* How many rows or columns are shared at a time when `bytes` bytes of each are read. A
 * multiple of 64. */
static inline int32_t bn_shared_vectors(int64_t bytes, int32_t most) {
  const int64_t count = BN_SHARED_BYTES / bytes / 64 * 64;
  return count < 64 ? 64 : count < most ? (int32_t)count : most;
}

/*
 * Lists those rows of [begin, end) that are computed, all or the active ones, whose gate is above
 * 0, and makes the others 0; returns their number. Up to 16 elements of the list behind it may be
 * written too.
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
 * Sums of q * u over P rows, all of their first line, then all of their second, ...; of P rows that
 * come later, the same lines are asked for, shared or not.
 *
 * So many pages of memory are waited for at once, and the processor sees no stream that it would
 * run ahead on, beyond the end of the rows. On Zen 5, whose pages were of 4 KiB, 16 rows at a time
 * came 1.3 to 1.5 times as fast as 4, if a tenth to a half of the rows was read.
 */
typedef void bn_row_sums(const uint8_t* const* rows, const uint8_t* const* next, int shared,
                         const int8_t* q, int64_t columns, int32_t* sums);

/*
 * The products of one row of activations with the listed rows of w, P at a time; those that many
 * rows ahead are asked for.
 */
BN_INLINE void bn_multiply_listed(bn_row_sums* row_sums, const int P, const int ahead,
                                  const bn_ternary_vectors* w, const bn_quantized* a, int32_t t,
                                  float* y, int shared, const int32_t* list, int32_t count) {
  const float scale = w->scale * a->scales[t];
  for (int32_t i = 0; i < count; i += P) {
    const uint8_t* rows[BN_MOST_ROWS];
    const uint8_t* next[BN_MOST_ROWS];
    int32_t sums[BN_MOST_ROWS];
    for (int32_t p = 0; p < P; p++) { /* the last row replaces missing ones */
      rows[p] = bn_ternary_vector(w, list[i + p < count ? i + p : count - 1]);
      next[p] = bn_ternary_vector(w, list[i + ahead + p < count ? i + ahead + p : count - 1]);
    }
    row_sums(rows, next, shared, a->values + t * a->stride, w->columns, sums);
    for (int32_t p = 0; p < P && i + p < count; p++) {
      y[list[i + p]] = (float)(sums[p] - a->sums[t]) * scale;
    }
  }
}

/*
 * bn_gated_product for an instruction set that adds up P rows at a time. Several rows of
 * activations share as many rows of w as a cache holds, each with a list of its own.
 */
BN_INLINE int64_t bn_gated_product_by(bn_list_rows* list_rows, bn_row_sums* row_sums, const int P,
                                      const int ahead, const bn_ternary_vectors* w,
                                      const bn_quantized* a, const bn_rows* gate, const bn_rows* y,
                                      int32_t count, int32_t begin, int32_t end) {
  if (w->order != BN_ROW_MAJOR) {
    return -1;
  }
  const int shared = count > 1;
  const int32_t most = shared ? bn_shared_vectors(w->stride, BN_GATES) : BN_GATES;
  int64_t read = 0;
  for (int32_t first = begin; first < end; first += most) {
    const int32_t last = end - first < most ? end : first + most;
    uint8_t used[BN_GATES];
    memset(used, 0, shared ? sizeof used : 0);
    for (int32_t t = 0; t < count; t++) {
      const int all = !bn_is_bounded(w, w->scale * a->scales[t]);
      int32_t list[BN_GATES_ROOM];
      const int32_t listed = list_rows(bn_row(gate, t), bn_row(y, t), first, last, all, list);
      bn_multiply_listed(row_sums, P, ahead, w, a, t, bn_row(y, t), shared, list, listed);
      for (int32_t i = 0; shared && i < listed; i++) {
        used[list[i] - first] = 1;
      }
      read += shared ? 0 : w->stride * listed;
    }
    for (int32_t i = 0; shared && i < last - first; i++) {
      read += used[i] ? w->stride : 0;
    }
  }
  return read;
}

/*
 * How bn_sparse_product reads w: `lines` lines at a time, each for `columns` columns at a time,
 * which several rows of activations share.
 */
typedef struct bn_tiling {
  int32_t lines;
  int32_t columns;
} bn_tiling;

static inline bn_tiling bn_tiling_of(int32_t count, int32_t lines) {
  const int32_t most = count > BN_LINE_SUMS / BN_LINES ? BN_LINE_SUMS / count : BN_LINES;
  const int32_t parts = (lines + most - 1) / most;
  bn_tiling tiling = {most, BN_LISTED};
  if (count > 1 && parts > 0) {
    tiling.lines = (lines + parts - 1) / parts;
    tiling.columns = bn_shared_vectors(BN_LINE_BYTES * tiling.lines, BN_LISTED);
  }
  return tiling;
}

/* How many of the columns [begin, end) some of the first count rows do not multiply by 0. */
static inline int32_t bn_count_columns(const bn_quantized* a, int32_t count, int32_t begin,
                                       int32_t end) {
  uint8_t any[BN_LISTED] = {0};
  for (int32_t t = 0; t < count; t++) {
    const int8_t* q = a->values + t * a->stride + begin;
    for (int32_t k = 0; k < end - begin; k++) {
      any[k] |= (uint8_t)q[k];
    }
  }
  int32_t used = 0;
  for (int32_t k = 0; k < end - begin; k++) {
    used += any[k] != 0;
  }
  return used;
}

#endif
