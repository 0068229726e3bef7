#include <string.h>

#include "common/kernels.h"
#include "common/ternary_panels.h"

/* Columns of a row that are unpacked at a time, a multiple of a block's. */
#define BN_TILE_COLUMNS 4096
/* Tokens for which a row is unpacked once. */
#define BN_TOKENS_C 64
/* Products that fit a 16-bit sum: 127 * 256 < 2^15, and with digits up to 3 85 * 384 < 2^15. */
#define BN_LANE_PRODUCTS 127
#define BN_LANE_PRODUCTS_TO_3 85

/* The digits of one row in consecutive blocks of 16 columns. */
static void unpack(const uint8_t* digits, int32_t columns, uint8_t* out) {
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
 * The sum of q * u over n columns, a multiple of 16, in 16-bit lanes that compilers make vectors
 * of, so many products in each. A product is at least -128 * u and at most 127 * u.
 */
static int32_t dot(const int8_t* q, const uint8_t* u, int32_t n, int32_t lane_products) {
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

/* Row row times tokens [token, token + tokens). Sums stay below BN_MAX_COLUMNS * 3 * 128 < 2^26. */
static void multiply(const bn_ternary* w, const bn_quantized* a, const bn_rows* y, int64_t row,
                     int32_t token, int32_t tokens) {
  const int32_t columns = bn_padded_columns(w);
  const uint8_t* digits = w->panels + row / BN_PANEL_ROWS * 4 * columns + row % BN_PANEL_ROWS * 4;
  const int8_t* q = a->values + token * a->stride;
  const int32_t lane_products = w->largest_digit < 3 ? BN_LANE_PRODUCTS : BN_LANE_PRODUCTS_TO_3;
  uint8_t u[BN_TILE_COLUMNS];
  int32_t sums[BN_TOKENS_C] = {0};
  for (int32_t k = 0; k < columns; k += BN_TILE_COLUMNS) {
    const int32_t n = columns - k < BN_TILE_COLUMNS ? columns - k : BN_TILE_COLUMNS;
    unpack(digits + (int64_t)k / BN_BLOCK_COLUMNS * BN_BLOCK_BYTES_2BIT, n, u);
    for (int32_t t = 0; t < tokens; t++) {
      sums[t] += dot(q + t * a->stride + k, u, n, lane_products);
    }
  }
  /* The sum of q * u less that of q is that of q * (u - 1). */
  for (int32_t t = 0; t < tokens; t++) {
    bn_row(y, token + t)[row] =
        (float)(sums[t] - a->sums[token + t]) * (w->scale * a->scales[token + t]);
  }
}

int32_t bn_ternary_product_c(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                             int32_t count, int32_t begin, int32_t end) {
  if (!bn_is_two_bit_with_one_scale(w)) {
    return BN_UNSUPPORTED;
  }
  int64_t last = BN_PANEL_ROWS * (int64_t)end;
  last = last < w->rows ? last : w->rows;
  for (int64_t row = BN_PANEL_ROWS * (int64_t)begin; row < last; row++) {
    for (int32_t t = 0; t < count; t += BN_TOKENS_C) {
      multiply(w, a, y, row, t, count - t < BN_TOKENS_C ? count - t : BN_TOKENS_C);
    }
  }
  return BN_OK;
}
