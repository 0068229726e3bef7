/* From the sums of a panel's rows to their bounds, portable. */
#ifndef BITNET_BOUNDS_H
#define BITNET_BOUNDS_H

#include "low_bit.h"

#define BN_MINUS_INFINITY (-__builtin_inff())

/*
 * Sets the bounds of a row: its sums with both bytes, its scale's factor (2 or 0.5), and which of
 * its norms is the residual's. 256 * high + low is exact in a double.
 */
static inline void bn_set_bounds(const bn_low_bit* s, const bn_activation16* x,
                                 const bn_bounds* bounds, int64_t row, int32_t high, int32_t low,
                                 float factor, int32_t residual) {
  const float* from = bn_scales_and_norms(s, row / BN_LOW_BIT_ROWS) + row % BN_LOW_BIT_ROWS;
  const float t = (float)(256.0 * (double)high + (double)low);
  const float value = t * (factor * (from[0] * x->scale));
  const float off = (from[residual] * x->error_weight + from[48] * x->norm_weight) + x->slack;
  bounds->lower[row] = value - off;
  bounds->upper[row] = value + off;
}

/* Sets the panel's own values from the bounds of its 16 rows. */
static inline void bn_set_panel_bounds(const bn_bounds* bounds, int32_t panel, int32_t refined) {
  float middle = BN_MINUS_INFINITY;
  float upper = BN_MINUS_INFINITY;
  for (int64_t r = 0; r < BN_LOW_BIT_ROWS; r++) {
    const int64_t row = BN_LOW_BIT_ROWS * (int64_t)panel + r;
    const float sum = bounds->lower[row] + bounds->upper[row];
    middle = sum > middle ? sum : middle;
    upper = bounds->upper[row] > upper ? bounds->upper[row] : upper;
  }
  bounds->panel_middle[panel] = middle;
  bounds->panel_upper[panel] = upper;
  bounds->panel_refined[panel] = refined;
}

/* From the sums of c >> 2 times both bytes, which are in bounds->sums, to a panel's bounds. */
static inline void bn_bound_panel(const bn_low_bit* s, const bn_activation16* x,
                                  const bn_bounds* bounds, int32_t panel) {
  int32_t* sums = bounds->sums + 32 * (int64_t)panel;
  for (int32_t r = 0; r < BN_LOW_BIT_ROWS; r++) {
    const int64_t row = BN_LOW_BIT_ROWS * (int64_t)panel + r;
    if (row < s->rows) {
      sums[r] = 2 * sums[r] - 15 * x->high_sum;
      sums[16 + r] = 2 * sums[16 + r] - 15 * x->low_sum;
      bn_set_bounds(s, x, bounds, row, sums[r], sums[16 + r], 2.0f, 16);
    } else {
      sums[r] = sums[16 + r] = 0;
      bounds->lower[row] = bounds->upper[row] = BN_MINUS_INFINITY;
    }
  }
  bn_set_panel_bounds(bounds, panel, 0);
}

/* Which rows of a panel reach the threshold, as a bit mask. */
static inline uint32_t bn_rows_to_refine(const bn_low_bit* s, const bn_bounds* bounds,
                                         int32_t panel) {
  const float threshold = bounds->threshold;
  uint32_t mask = 0;
  if (bounds->panel_upper[panel] >= threshold) {
    for (int32_t r = 0; r < bn_panel_rows(s, panel); r++) {
      const float upper = bounds->upper[BN_LOW_BIT_ROWS * (int64_t)panel + r];
      mask |= (uint32_t)(upper >= threshold) << r;
    }
  }
  return mask;
}

/* From the sums of c & 3 times both bytes of the rows in the mask to a panel's bounds. */
static inline void bn_refine_panel(const bn_low_bit* s, const bn_activation16* x,
                                   const bn_bounds* bounds, int32_t panel, uint32_t mask,
                                   const int32_t* high, const int32_t* low) {
  if (mask == 0) {
    bounds->panel_refined[panel] = 0;
    return;
  }
  const int32_t* sums = bounds->sums + 32 * (int64_t)panel;
  for (int32_t r = 0; r < BN_LOW_BIT_ROWS; r++) {
    const int64_t row = BN_LOW_BIT_ROWS * (int64_t)panel + r;
    if (mask >> r & 1) {
      bn_set_bounds(s, x, bounds, row, 4 * sums[r] + 2 * high[r] - 3 * x->high_sum,
                    4 * sums[16 + r] + 2 * low[r] - 3 * x->low_sum, 0.5f, 32);
    }
  }
  bn_set_panel_bounds(bounds, panel, __builtin_popcount(mask));
}

#endif
