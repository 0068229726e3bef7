/* bn_refine_bounds for an instruction set that adds up several rows at a time. */
#ifndef BITNET_REFINE_BOUNDS_H
#define BITNET_REFINE_BOUNDS_H

#include "bounds.h"
#include "unroll.h"

/* Panels whose rows are listed before any is added up, and the most rows of such a list. */
#define BN_REFINED_PANELS 32
#define BN_REFINED_ROWS (BN_REFINED_PANELS * BN_LOW_BIT_ROWS)
/* The most rows that are added up at a time. */
#define BN_MOST_REFINED 4

/*
 * Sums of the codes of P rows of the fine plane times both bytes, sums[d] by row; of the P rows
 * that come next, the same lines are asked for.
 */
typedef void bn_fine_sums(const uint8_t* const* rows, const uint8_t* const* next, int64_t row_bytes,
                          const bn_activation16* x, int32_t sums[2][BN_MOST_REFINED]);

/* Lists the rows of panels [begin, end) that reach the threshold, and says which as bit masks. */
static inline int32_t bn_list_refined(const bn_low_bit* s, const bn_activation16* x,
                                      const bn_bounds* bounds, int32_t begin, int32_t end,
                                      int32_t* list, uint32_t* masks) {
  int32_t count = 0;
  for (int32_t panel = begin; panel < end; panel++) {
    const uint32_t mask = bn_rows_to_refine(s, x, bounds, panel);
    for (uint32_t left = mask; left != 0; left &= left - 1) {
      list[count++] = BN_LOW_BIT_ROWS * panel + __builtin_ctz(left);
    }
    masks[panel - begin] = mask;
  }
  return count;
}

/* Refines panels [begin, end), at most BN_REFINED_PANELS, for one row of activations. */
BN_INLINE void bn_refine_panels(bn_fine_sums* fine_sums, const int P, const bn_low_bit* s,
                                const bn_activation16* x, const bn_bounds* bounds, int32_t begin,
                                int32_t end) {
  const int64_t row_bytes = bn_fine_row_bytes(s);
  int32_t list[BN_REFINED_ROWS];
  uint32_t masks[BN_REFINED_PANELS];
  int32_t by_row[2][BN_REFINED_ROWS]; /* from the first panel's first row on */
  const int32_t count = bn_list_refined(s, x, bounds, begin, end, list, masks);
  for (int32_t i = 0; i < count; i += P) {
    const uint8_t* rows[BN_MOST_REFINED];
    const uint8_t* next[BN_MOST_REFINED];
    int32_t sums[2][BN_MOST_REFINED];
    for (int32_t p = 0; p < P; p++) { /* the last row replaces missing ones */
      rows[p] = s->fine + row_bytes * list[i + p < count ? i + p : count - 1];
      next[p] = s->fine + row_bytes * list[i + P + p < count ? i + P + p : count - 1];
    }
    fine_sums(rows, next, row_bytes, x, sums);
    for (int32_t p = 0; p < P && i + p < count; p++) {
      const int32_t row = list[i + p] - BN_LOW_BIT_ROWS * begin;
      by_row[0][row] = sums[0][p];
      by_row[1][row] = sums[1][p];
    }
  }
  for (int32_t panel = begin; panel < end; panel++) {
    const int32_t row = BN_LOW_BIT_ROWS * (panel - begin);
    bn_refine_panel(s, x, bounds, panel, masks[panel - begin], by_row[0] + row, by_row[1] + row);
  }
}

/* Rows of activations take turns at as many panels as a cache holds. */
BN_INLINE int32_t bn_refine_bounds_by(bn_fine_sums* fine_sums, const int P, const bn_low_bit* s,
                                      const bn_activation16* x, const bn_bounds* bounds,
                                      int32_t count, int32_t begin, int32_t end) {
  for (int32_t from = begin; from < end; from += BN_REFINED_PANELS) {
    const int32_t to = end - from < BN_REFINED_PANELS ? end : from + BN_REFINED_PANELS;
    for (int32_t t = 0; t < count; t++) {
      bn_refine_panels(fine_sums, P, s, x + t, bounds + t, from, to);
    }
  }
  return BN_OK;
}

#endif
