/* Matrices with scales by groups: the sums of a group become floats before the next begins. */
#include "ternary_words_neon.h"

/* The products of the blocks of group g. */
BN_INLINE void add_group(const bn_ternary* w, const bn_quantized* a, const bn_groups* groups,
                         int64_t g, const uint8_t* digits, int32_t token, bn_sums_neon* sums,
                         const int T) {
  BN_UNROLL for (int t = 0; t < T; t++) {
    BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) {
      sums->part[t][p][0] = sums->part[t][p][1] = vdupq_n_s32(0);
    }
  }
  const int64_t most = bn_word_blocks_neon(w);
  const int64_t end = bn_group_end(w, groups, g);
  for (int64_t b = g * groups->blocks; b < end; b += most) {
    bn_add_blocks_neon(bn_quad_2bit_neon, BN_BLOCK_BYTES_2BIT, sums,
                       digits + BN_BLOCK_BYTES_2BIT * b,
                       a->values + token * a->stride + BN_BLOCK_COLUMNS * b, a->stride,
                       end - b < most ? end - b : most, T);
  }
}

/* One panel and tokens [token, token + T). */
BN_INLINE void multiply(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                        const bn_groups* groups, int32_t panel, int32_t token, const int T) {
  const int64_t row = BN_PANEL_ROWS * (int64_t)panel;
  const uint8_t* digits =
      w->panels + BN_BLOCK_BYTES_2BIT * (bn_padded_columns(w) / BN_BLOCK_COLUMNS) * (int64_t)panel;
  const uint16_t* scales = w->group_scales + groups->count * row;
  bn_vector out[BN_TOKENS_NEON];
  BN_UNROLL for (int t = 0; t < T; t++) { out[t] = bn_vall(0.0f); }
  for (int64_t g = 0; g < groups->count; g++, scales += BN_PANEL_ROWS) {
    bn_sums_neon sums;
    add_group(w, a, groups, g, digits, token, &sums, T);
    const bn_vector weights = bn_vload_f16(scales, BN_PANEL_ROWS);
    BN_UNROLL for (int t = 0; t < T; t++) {
      const int32x4_t less = vdupq_n_s32(bn_group_sum(a, groups, token + t, g));
      int32x4_t products[BN_PANEL_PARTS];
      BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) {
        products[p] = vsubq_s32(vpaddq_s32(sums.part[t][p][0], sums.part[t][p][1]), less);
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
    if (tokens == 1) {
      multiply(w, a, y, &groups, p, token, 1);
    } else {
      multiply(w, a, y, &groups, p, token, 2);
    }
  }
}

int32_t bn_group_product_neon(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                              int32_t count, int32_t begin, int32_t end) {
  if (!bn_is_two_bit_by_groups(w, a)) {
    return BN_UNSUPPORTED;
  }
  const bn_portion once = {BN_TOKENS_NEON, 1, BN_CACHED_BYTES_NEON, BN_QUADS_2BIT};
  bn_ternary_product_by(multiply_panels, once, w, a, y, count, begin, end);
  return BN_OK;
}
