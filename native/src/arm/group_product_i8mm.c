/*
 * Matrices with scales by groups: the sums of a group become floats before the next begins. Two
 * tokens or more by smmla; one by sdot.
 */
#include "ternary_panels_i8mm.h"

/* One panel and tokens [token, token + T), T > 1; of an odd number the last is multiplied twice. */
BN_INLINE void multiply(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                        const bn_groups* groups, int32_t panel, int32_t token, const int T) {
  const int64_t row = BN_PANEL_ROWS * (int64_t)panel;
  const uint8_t* block =
      w->panels + BN_BLOCK_BYTES_2BIT * (bn_padded_columns(w) / BN_BLOCK_COLUMNS) * (int64_t)panel;
  const uint16_t* scales = w->group_scales + groups->count * row;
  const int8_t* q[BN_TOKENS_I8MM];
  bn_starts_i8mm(a, token, q, T);
  bn_vector out[BN_TOKENS_I8MM];
  BN_UNROLL for (int t = 0; t < T; t++) { out[t] = bn_vall(0.0f); }
  int64_t b = 0;
  for (int64_t g = 0; g < groups->count; g++, scales += BN_PANEL_ROWS) {
    bn_sums_i8mm total;
    bn_clear_i8mm(&total, T);
    const int64_t end = bn_group_end(w, groups, g);
    for (; b < end; b++, block += BN_BLOCK_BYTES_2BIT) {
      bn_add_block_i8mm(bn_quad_2bit_neon, &total, block, q, b, T);
    }
    const bn_vector weights = bn_vload_f16(scales, BN_PANEL_ROWS);
    BN_UNROLL for (int t = 0; t < T; t++) {
      const int32x4_t less = vdupq_n_s32(bn_group_sum(a, groups, token + t, g));
      int32x4_t products[BN_PANEL_PARTS];
      bn_sums_of_i8mm(&total, t, products);
      BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) {
        products[p] = vsubq_s32(products[p], less);
      }
      bn_add_group_neon(&out[t], products, weights, bn_group_factor(a, groups, token + t, g));
    }
  }
  BN_UNROLL for (int t = 0; t < T; t++) {
    const bn_vector factor = bn_vall(bn_row_factor(a, groups, token + t));
    bn_vstore(bn_row(y, token + t) + row, bn_vmul(out[t], factor), w->rows - row);
  }
}

static void multiply_panels(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                            int32_t token, int32_t tokens, int32_t begin, int32_t end) {
  const bn_groups groups = bn_groups_of(w, a);
  for (int32_t p = begin; p < end; p++) {
    switch (tokens) {
      case 2:
        multiply(w, a, y, &groups, p, token, 2);
        break;
      case 3:
        multiply(w, a, y, &groups, p, token, 3);
        break;
      default:
        multiply(w, a, y, &groups, p, token, 4);
        break;
    }
  }
}

int32_t bn_group_product_i8mm(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                              int32_t count, int32_t begin, int32_t end) {
  if (count == 1) { /* more are never shared out so that one is left alone */
    return bn_group_product_dotprod(w, a, y, count, begin, end);
  }
  if (!bn_is_two_bit_by_groups(w, a)) {
    return BN_UNSUPPORTED;
  }
  const bn_portion once = {BN_TOKENS_I8MM, 1, BN_CACHED_BYTES_NEON, BN_QUADS_2BIT};
  bn_ternary_product_by(multiply_panels, once, w, a, y, count, begin, end);
  return BN_OK;
}
