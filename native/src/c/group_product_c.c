#include "common/float_math.h"
#include "common/kernels.h"
#include "common/ternary_panels.h"
#include "ternary_rows.h"

/* Tokens for which a row is unpacked once. */
#define BN_TOKENS_C 64

/* Row row times tokens [token, token + tokens). */
static void multiply(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                     const bn_groups* groups, int64_t row, int32_t token, int32_t tokens) {
  const int64_t panel = row / BN_PANEL_ROWS;
  const int64_t in_panel = row % BN_PANEL_ROWS;
  const uint8_t* digits = w->panels + panel * 4 * bn_padded_columns(w) + 4 * in_panel;
  const uint16_t* scales = w->group_scales + BN_PANEL_ROWS * groups->count * panel + in_panel;
  const int8_t* q = a->values + token * a->stride;
  const int32_t lane_products = bn_lane_products(w);
  uint8_t u[BN_TILE_COLUMNS];
  float out[BN_TOKENS_C] = {0};
  for (int64_t g = 0; g < groups->count; g++) {
    int32_t sums[BN_TOKENS_C];
    for (int32_t t = 0; t < tokens; t++) { /* of q * u less that of q: that of q * (u - 1) */
      sums[t] = -bn_group_sum(a, groups, token + t, g);
    }
    const int64_t end = BN_BLOCK_COLUMNS * bn_group_end(w, groups, g);
    for (int64_t k = BN_BLOCK_COLUMNS * groups->blocks * g; k < end; k += BN_TILE_COLUMNS) {
      const int32_t n = (int32_t)(end - k < BN_TILE_COLUMNS ? end - k : BN_TILE_COLUMNS);
      bn_unpack(digits + k / BN_BLOCK_COLUMNS * BN_BLOCK_BYTES_2BIT, n, u);
      for (int32_t t = 0; t < tokens; t++) {
        sums[t] += bn_dot_digits(q + t * a->stride + k, u, n, lane_products);
      }
    }
    const float scale = bn_from_half(scales[BN_PANEL_ROWS * g]);
    for (int32_t t = 0; t < tokens; t++) {
      out[t] = bn_fma((float)sums[t], scale * bn_group_factor(a, groups, token + t, g), out[t]);
    }
  }
  for (int32_t t = 0; t < tokens; t++) {
    bn_row(y, token + t)[row] = out[t] * bn_row_factor(a, groups, token + t);
  }
}

int32_t bn_group_product_c(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                           int32_t count, int32_t begin, int32_t end) {
  if (!bn_is_two_bit_by_groups(w, a)) {
    return BN_UNSUPPORTED;
  }
  const bn_groups groups = bn_groups_of(w, a);
  int64_t last = BN_PANEL_ROWS * (int64_t)end;
  last = last < w->rows ? last : w->rows;
  for (int64_t row = BN_PANEL_ROWS * (int64_t)begin; row < last; row++) {
    for (int32_t t = 0; t < count; t += BN_TOKENS_C) {
      const int32_t tokens = count - t < BN_TOKENS_C ? count - t : BN_TOKENS_C;
      multiply(w, a, y, &groups, row, t, tokens);
    }
  }
  return BN_OK;
}
