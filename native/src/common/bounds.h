/* From the sums of a panel's rows to their bounds, portable. */
#ifndef BITNET_BOUNDS_H
#define BITNET_BOUNDS_H

#include "low_bit.h"

#define BN_MINUS_INFINITY (-__builtin_inff())

/* A row's logit by the codes, and its upper bound. */
typedef struct bn_bound {
  float value;
  float upper;
} bn_bound;

/*
 * From a row's sums with both bytes, its scale's factor (2 or 0.5), and which of its norms is the
 * residual's. 256 * high + low is exact in a double.
 */
static inline bn_bound bn_bound_of(const bn_low_bit* s, const bn_activation16* x, int64_t row,
                                   int32_t high, int32_t low, float factor, int32_t residual) {
  const float* from = bn_scales_and_norms(s, row / BN_LOW_BIT_ROWS) + row % BN_LOW_BIT_ROWS;
  const float t = (float)(256.0 * (double)high + (double)low);
  const float value = t * (factor * (from[0] * x->scale));
  const float off = (from[residual] * x->error_weight + from[48] * x->norm_weight) + x->slack;
  return (bn_bound){value, value + off};
}

/* By the coarse plane alone, whose sums are in bounds->sums. */
static inline bn_bound bn_coarse_bound(const bn_low_bit* s, const bn_activation16* x,
                                       const bn_bounds* bounds, int64_t row) {
  const int32_t* sums = bounds->sums + 32 * (row / BN_LOW_BIT_ROWS) + row % BN_LOW_BIT_ROWS;
  return bn_bound_of(s, x, row, sums[0], sums[16], 2.0f, 16);
}

/* From the sums of c >> 2 times both bytes, which are in bounds->sums, to a panel's bounds. */
static inline void bn_bound_panel(const bn_low_bit* s, const bn_activation16* x,
                                  const bn_bounds* bounds, int32_t panel) {
  int32_t* sums = bounds->sums + 32 * (int64_t)panel;
  float value = BN_MINUS_INFINITY;
  float upper = BN_MINUS_INFINITY;
  for (int32_t r = 0; r < BN_LOW_BIT_ROWS; r++) {
    if (r < bn_panel_rows(s, panel)) {
      sums[r] = 2 * sums[r] - 15 * x->high_sum;
      sums[16 + r] = 2 * sums[16 + r] - 15 * x->low_sum;
      const bn_bound b = bn_coarse_bound(s, x, bounds, BN_LOW_BIT_ROWS * (int64_t)panel + r);
      value = b.value > value ? b.value : value;
      upper = b.upper > upper ? b.upper : upper;
    } else {
      sums[r] = sums[16 + r] = 0;
    }
  }
  bounds->panel_value[panel] = value + 0.0f; /* of two zeros always the same */
  bounds->panel_upper[panel] = upper;
  bounds->panel_refined[panel] = 0;
}

/* How many of panels [begin, end) reach the threshold. */
static inline int32_t bn_panels_reached(const bn_bounds* bounds, int32_t begin, int32_t end) {
  int32_t reached = 0;
  for (int32_t panel = begin; panel < end; panel++) {
    reached += bounds->panel_upper[panel] >= bounds->threshold;
  }
  return reached;
}

/* Which rows of a panel reach the threshold by the coarse plane, as a bit mask. */
static inline uint32_t bn_rows_to_refine(const bn_low_bit* s, const bn_activation16* x,
                                         const bn_bounds* bounds, int32_t panel) {
  uint32_t mask = 0;
  if (bounds->panel_upper[panel] >= bounds->threshold) {
    for (int32_t r = 0; r < bn_panel_rows(s, panel); r++) {
      const bn_bound b = bn_coarse_bound(s, x, bounds, BN_LOW_BIT_ROWS * (int64_t)panel + r);
      mask |= (uint32_t)(b.upper >= bounds->threshold) << r;
    }
  }
  return mask;
}

/* From the sums of c & 3 times both bytes of the rows in the mask to a panel's bounds. */
static inline void bn_refine_panel(const bn_low_bit* s, const bn_activation16* x,
                                   const bn_bounds* bounds, int32_t panel, uint32_t mask,
                                   const int32_t* high, const int32_t* low) {
  bounds->panel_refined[panel] = __builtin_popcount(mask);
  if (mask == 0) {
    return;
  }
  const int32_t* sums = bounds->sums + 32 * (int64_t)panel;
  float largest = BN_MINUS_INFINITY;
  for (int32_t r = 0; r < BN_LOW_BIT_ROWS; r++) {
    const int64_t row = BN_LOW_BIT_ROWS * (int64_t)panel + r;
    float upper = BN_MINUS_INFINITY;
    if (mask >> r & 1) {
      upper = bn_bound_of(s, x, row, 4 * sums[r] + 2 * high[r] - 3 * x->high_sum,
                          4 * sums[16 + r] + 2 * low[r] - 3 * x->low_sum, 0.5f, 32)
                  .upper;
    } else if (r < bn_panel_rows(s, panel)) {
      upper = bn_coarse_bound(s, x, bounds, row).upper;
    }
    bounds->upper[row] = upper;
    largest = upper > largest ? upper : largest;
  }
  bounds->panel_upper[panel] = largest;
}

#endif
