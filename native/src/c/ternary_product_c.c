#include "common/five_digits.h"
#include "common/kernels.h"
#include "common/ternary_panels.h"
#include "ternary_rows.h"

/* Tokens for which a row is unpacked once. */
#define BN_TOKENS_C 64
/* Row row times tokens [token, token + tokens). Sums stay below BN_MAX_COLUMNS * 3 * 128 < 2^26. */
static void multiply(const bn_ternary* w, const bn_quantized* a, const bn_rows* y, int64_t row,
                     int32_t token, int32_t tokens) {
  const int32_t columns = bn_padded_columns(w);
  const uint8_t* digits = w->panels + row / BN_PANEL_ROWS * 4 * columns + row % BN_PANEL_ROWS * 4;
  const int8_t* q = a->values + token * a->stride;
  const int32_t lane_products = bn_lane_products(w);
  uint8_t u[BN_TILE_COLUMNS];
  int32_t sums[BN_TOKENS_C] = {0};
  for (int32_t k = 0; k < columns; k += BN_TILE_COLUMNS) {
    const int32_t n = columns - k < BN_TILE_COLUMNS ? columns - k : BN_TILE_COLUMNS;
    bn_unpack(digits + (int64_t)k / BN_BLOCK_COLUMNS * BN_BLOCK_BYTES_2BIT, n, u);
    for (int32_t t = 0; t < tokens; t++) {
      sums[t] += bn_dot_digits(q + t * a->stride + k, u, n, lane_products);
    }
  }
  /* The sum of q * u less that of q is that of q * (u - 1). */
  const float scale = w->row_scales == NULL ? w->scale : w->row_scales[row];
  for (int32_t t = 0; t < tokens; t++) {
    bn_row(y, token + t)[row] =
        (float)(sums[t] - a->sums[token + t]) * (scale * a->scales[token + t]);
  }
}

int32_t bn_ternary_product_c(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                             int32_t count, int32_t begin, int32_t end) {
  if (bn_is_five_digits_by_rows(w, a)) {
    return bn_five_by_two_bit(bn_repack_five_portable, bn_ternary_product_c, w, a, y, count, begin,
                              end);
  }
  if (!bn_is_two_bit_by_rows(w, a)) {
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
