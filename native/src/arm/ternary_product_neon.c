/* By multiplications of bytes to 16 bits, which every ARMv8-A has. */
#include "five_digits_neon.h"
#include "ternary_words_neon.h"

/* The 32-bit sums stay below BN_MAX_COLUMNS * 3 * 128 < 2^26. */
BN_INLINE void multiply(bn_quad_neon* quad, int64_t block_bytes, const bn_ternary* w,
                        const bn_quantized* a, const bn_rows* y, int32_t panel, int32_t token,
                        const int T) {
  const int64_t blocks = bn_padded_columns(w) / BN_BLOCK_COLUMNS;
  const uint8_t* digits = w->panels + block_bytes * blocks * panel;
  const int8_t* q = a->values + token * a->stride;
  bn_sums_neon total;
  BN_UNROLL for (int t = 0; t < T; t++) {
    BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) {
      total.part[t][p][0] = total.part[t][p][1] = vdupq_n_s32(0);
    }
  }
  const int64_t most = bn_word_blocks_neon(w);
  for (int64_t b = 0; b < blocks; b += most) {
    const int64_t n = blocks - b < most ? blocks - b : most;
    bn_add_blocks_neon(quad, block_bytes, &total, digits + block_bytes * b,
                       q + BN_BLOCK_COLUMNS * b, a->stride, n, T);
  }
  BN_UNROLL for (int t = 0; t < T; t++) {
    int32x4_t rows[BN_PANEL_PARTS];
    BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) {
      rows[p] = vpaddq_s32(total.part[t][p][0], total.part[t][p][1]);
    }
    bn_finish_neon(w, a, y, token + t, panel, rows);
  }
}

BN_INLINE void multiply_panel_2bit(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                   int32_t panel, int32_t token, int32_t tokens) {
  switch (tokens) {
    case 1:
      multiply(bn_quad_2bit_neon, BN_BLOCK_BYTES_2BIT, w, a, y, panel, token, 1);
      break;
    default:
      multiply(bn_quad_2bit_neon, BN_BLOCK_BYTES_2BIT, w, a, y, panel, token, 2);
      break;
  }
}

BN_INLINE void multiply_2bit(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                             int32_t token, int32_t tokens, int32_t begin, int32_t end) {
  for (int32_t p = begin; p < end; p++) {
    multiply_panel_2bit(w, a, y, p, token, tokens);
  }
}

int32_t bn_ternary_product_neon(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                int32_t count, int32_t begin, int32_t end) {
  if (bn_is_five_digits_by_rows(w, a)) {
    return bn_five_by_two_bit(bn_repack_five_neon, bn_ternary_product_neon, w, a, y, count, begin,
                              end);
  }
  if (!bn_is_two_bit_by_rows(w, a)) {
    return BN_UNSUPPORTED;
  }
  const bn_portion once = {BN_TOKENS_NEON, 1, BN_CACHED_BYTES_NEON, BN_QUADS_2BIT};
  bn_ternary_product_by(multiply_2bit, once, w, a, y, count, begin, end);
  return BN_OK;
}
