/* Matrices with scales by groups: the sums of a group become floats before the next begins. */
#include "ternary_panels_dotprod.h"

/* One panel and tokens [token, token + T). */
BN_INLINE void multiply(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                        const bn_groups* groups, int32_t panel, int32_t token, const int T,
                        const int S) {
  const int64_t row = BN_PANEL_ROWS * (int64_t)panel;
  const uint8_t* block =
      w->panels + BN_BLOCK_BYTES_2BIT * (bn_padded_columns(w) / BN_BLOCK_COLUMNS) * (int64_t)panel;
  const uint16_t* scales = w->group_scales + groups->count * row;
  const int8_t* q = a->values + token * a->stride;
  bn_vector out[BN_TOKENS_DOTPROD];
  BN_UNROLL for (int t = 0; t < T; t++) { out[t] = bn_vall(0.0f); }
  int64_t b = 0;
  for (int64_t g = 0; g < groups->count; g++, scales += BN_PANEL_ROWS) {
    bn_sums_dotprod sums;
    BN_UNROLL for (int t = 0; t < T; t++) {
      /* Sums of q * u from less the sum of q on are those of q * (u - 1). */
      const int32x4_t less = vdupq_n_s32(-bn_group_sum(a, groups, token + t, g));
      BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) {
        sums.part[t][0][p] = less;
        BN_UNROLL for (int s = 1; s < S; s++) { sums.part[t][s][p] = vdupq_n_s32(0); }
      }
    }
    const int64_t end = bn_group_end(w, groups, g);
    for (; b < end; b++, block += BN_BLOCK_BYTES_2BIT, q += BN_BLOCK_COLUMNS) {
      bn_add_block_dotprod(bn_quad_2bit_neon, &sums, block, q, a->stride, T, S);
    }
    const bn_vector weights = bn_vload_f16(scales, BN_PANEL_ROWS);
    BN_UNROLL for (int t = 0; t < T; t++) {
      int32x4_t products[BN_PANEL_PARTS];
      BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) {
        products[p] = bn_total_dotprod(&sums, t, p, S);
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
      case 1:
        multiply(w, a, y, &groups, p, token, 1, 3);
        break;
      case 2:
        multiply(w, a, y, &groups, p, token, 2, 1);
        break;
      case 3:
        multiply(w, a, y, &groups, p, token, 3, 1);
        break;
      default:
        multiply(w, a, y, &groups, p, token, 4, 1);
        break;
    }
  }
}

int32_t bn_group_product_dotprod(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                 int32_t count, int32_t begin, int32_t end) {
  if (!bn_is_two_bit_by_groups(w, a)) {
    return BN_UNSUPPORTED;
  }
  const bn_portion once = {BN_TOKENS_DOTPROD, 1, BN_CACHED_BYTES_NEON, BN_QUADS_2BIT};
  bn_ternary_product_by(multiply_panels, once, w, a, y, count, begin, end);
  return BN_OK;
}
