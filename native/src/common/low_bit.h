/* The layout of a low-bit copy, and what of its arithmetic is done once for a row or 256 weights.
 */
#ifndef BITNET_LOW_BIT_H
#define BITNET_LOW_BIT_H

#include <string.h>

#include "kernels.h"

#define BN_LOW_BIT_ROWS 16
/* Columns in 64 bytes of the coarse and of the fine plane. */
#define BN_COARSE_COLUMNS 8
#define BN_FINE_COLUMNS 256

/* Rows whose largest weight is below this are copied as zeros: 1 / scale might overflow. */
#define BN_LOW_BIT_LEAST 0x1p-120f
/* No less than the norm of such a row of BN_MAX_COLUMNS weights. */
#define BN_LOW_BIT_LEAST_NORM 0x1p-111f

static inline int64_t bn_coarse_panel_bytes(const bn_low_bit* s) {
  return ((int64_t)s->columns + BN_COARSE_COLUMNS - 1) / BN_COARSE_COLUMNS * 64;
}

static inline int64_t bn_fine_row_bytes(const bn_low_bit* s) {
  return ((int64_t)s->columns + BN_FINE_COLUMNS - 1) / BN_FINE_COLUMNS * 64;
}

static inline float* bn_scales_and_norms(const bn_low_bit* s, int64_t panel) {
  return s->scales_and_norms + 64 * panel;
}

/* How many rows of the panel there are. */
static inline int32_t bn_panel_rows(const bn_low_bit* s, int32_t panel) {
  const int32_t left = s->rows - BN_LOW_BIT_ROWS * panel;
  return left < BN_LOW_BIT_ROWS ? left : BN_LOW_BIT_ROWS;
}

/* Puts the codes of columns [first, first + 256) of a row into both planes. */
static inline void bn_store_codes(const bn_low_bit* s, int64_t row, int64_t first,
                                  const uint8_t codes[BN_FINE_COLUMNS]) {
  uint8_t* fine = s->fine + row * bn_fine_row_bytes(s) + first / 4;
  for (int j = 0; j < 64; j++) {
    fine[j] = (uint8_t)((codes[j] & 3) | (codes[64 + j] & 3) << 2 | (codes[128 + j] & 3) << 4 |
                        (codes[192 + j] & 3) << 6);
  }
  const int64_t left = (s->columns - first + BN_COARSE_COLUMNS - 1) / BN_COARSE_COLUMNS;
  const int64_t blocks = left < 32 ? left : 32;
  uint8_t* to = s->coarse + row / BN_LOW_BIT_ROWS * bn_coarse_panel_bytes(s) +
                first / BN_COARSE_COLUMNS * 64 + row % BN_LOW_BIT_ROWS * 4;
  for (int64_t b = 0; b < blocks; b++) {
    uint8_t quad[4];
    for (int j = 0; j < 4; j++) {
      quad[j] = (uint8_t)(codes[8 * b + j] >> 2 | codes[8 * b + 4 + j] >> 2 << 4);
    }
    memcpy(to + 64 * b, quad, sizeof quad);
  }
}

/*
 * The scale and norms of a row with the largest weight max, whose squared norms in units of its
 * scale are given: of the coarse and of the fine residual, and of the row.
 *
 * With u = 2^-24, z = w * (31.5 / max) is off from w / scale by at most 31.5 * 2^-22 for each
 * weight, so a residual's norm by at most 2^-17 * sqrt(columns). A sum of up to 2^17 squares in 16
 * lanes is off by a share of at most 8204 * u < 2^-10.9 of itself, its root by half of that; the
 * factor 1 + 2^-11 makes up for it and for the few roundings here.
 */
static inline void bn_store_scales_and_norms(const bn_low_bit* s, int64_t row, float max,
                                             float coarse, float fine, float norm) {
  float* to = bn_scales_and_norms(s, row / BN_LOW_BIT_ROWS) + row % BN_LOW_BIT_ROWS;
  if (max < BN_LOW_BIT_LEAST) {
    to[0] = 0.0f;
    to[16] = to[32] = to[48] = BN_LOW_BIT_LEAST_NORM;
    return;
  }
  const float scale = max / 31.5f;
  const float slack = 0x1p-17f * __builtin_sqrtf((float)s->columns);
  const float up = 1.0f + 0x1p-11f;
  to[0] = scale;
  to[16] = scale * (__builtin_sqrtf(coarse) + slack) * up;
  to[32] = scale * (__builtin_sqrtf(fine) + slack) * up;
  to[48] = scale * __builtin_sqrtf(norm) * up;
}

#endif
