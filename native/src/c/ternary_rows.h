/* Rows of two-bit panels in portable C. */
#ifndef BITNET_TERNARY_ROWS_H
#define BITNET_TERNARY_ROWS_H

#include <string.h>

#include "common/ternary_panels.h"

/* Columns of a row that are unpacked at a time, a multiple of a block's. */
#define BN_TILE_COLUMNS 4096

/* The digits of one row in consecutive blocks of 16 columns. */
static inline void bn_unpack(const uint8_t* digits, int32_t columns, uint8_t* out) {
  for (int32_t k = 0; k < columns; k += BN_BLOCK_COLUMNS, digits += BN_BLOCK_BYTES_2BIT) {
    uint32_t quads; /* byte j has columns j, 4 + j, 8 + j and 12 + j */
    memcpy(&quads, digits, sizeof quads);
    for (int f = 0; f < 4; f++) {
      uint32_t u = quads >> 2 * f & 0x03030303;
      memcpy(out + k + 4 * f, &u, sizeof u);
    }
  }
}

/*
 * The sum of q * u over n columns, a multiple of 16, in 16-bit lanes that compilers vectorize,
 * lane_products products in each. A product is at least -128 * u and at most 127 * u.
 */
static inline int32_t bn_dot_digits(const int8_t* q, const uint8_t* u, int32_t n,
                                    int32_t lane_products) {
  int32_t sum = 0;
  for (int32_t k = 0; k < n;) {
    const int32_t most = BN_BLOCK_COLUMNS * lane_products;
    const int32_t end = n - k < most ? n : k + most;
    int16_t lanes[BN_BLOCK_COLUMNS] = {0};
    for (; k < end; k += BN_BLOCK_COLUMNS) {
      for (int l = 0; l < BN_BLOCK_COLUMNS; l++) {
        lanes[l] = (int16_t)(lanes[l] + q[k + l] * u[k + l]);
      }
    }
    for (int l = 0; l < BN_BLOCK_COLUMNS; l++) {
      sum += lanes[l];
    }
  }
  return sum;
}

/* Products that fit a 16-bit sum: 127 * 256 < 2^15, and with digits up to 3 85 * 384 < 2^15. */
static inline int32_t bn_lane_products(const bn_ternary* w) {
  return w->largest_digit < 3 ? 127 : 85;
}

#endif
