/*
 * Two tokens or more by smmla, which multiplies two rows by two tokens over eight columns; one by
 * sdot, since half of smmla's work were for nothing.
 */
#include "five_digits_neon.h"
#include "ternary_panels_i8mm.h"

/*
 * One panel and tokens [token, token + T), T > 1; of an odd number the last is multiplied twice.
 * The sums stay below BN_MAX_COLUMNS * 3 * 128 < 2^26.
 */
BN_INLINE void multiply(bn_quad_neon* quad, int64_t block_bytes, const bn_ternary* w,
                        const bn_quantized* a, const bn_rows* y, int32_t panel, int32_t token,
                        const int T) {
  const int64_t blocks = bn_padded_columns(w) / BN_BLOCK_COLUMNS;
  const uint8_t* block = w->panels + block_bytes * blocks * panel;
  const int8_t* q[BN_TOKENS_I8MM];
  bn_starts_i8mm(a, token, q, T);
  bn_sums_i8mm total;
  bn_clear_i8mm(&total, T);
  for (int64_t b = 0; b < blocks; b++, block += block_bytes) {
    bn_add_block_i8mm(quad, &total, block, q, b, T);
  }
  BN_UNROLL for (int t = 0; t < T; t++) {
    int32x4_t rows[BN_PANEL_PARTS];
    bn_sums_of_i8mm(&total, t, rows);
    bn_finish_neon(w, a, y, token + t, panel, rows);
  }
}

BN_INLINE void multiply_panel_2bit(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                   int32_t panel, int32_t token, int32_t tokens) {
  switch (tokens) {
    case 1:
      bn_multiply_dotprod(bn_quad_2bit_neon, BN_BLOCK_BYTES_2BIT, w, a, y, panel, token, 1, 3);
      break;
    case 2:
      multiply(bn_quad_2bit_neon, BN_BLOCK_BYTES_2BIT, w, a, y, panel, token, 2);
      break;
    case 3:
      multiply(bn_quad_2bit_neon, BN_BLOCK_BYTES_2BIT, w, a, y, panel, token, 3);
      break;
    default:
      multiply(bn_quad_2bit_neon, BN_BLOCK_BYTES_2BIT, w, a, y, panel, token, 4);
      break;
  }
}

BN_INLINE void multiply_2bit(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                             int32_t token, int32_t tokens, int32_t begin, int32_t end) {
  for (int32_t p = begin; p < end; p++) {
    multiply_panel_2bit(w, a, y, p, token, tokens);
  }
}

int32_t bn_ternary_product_i8mm(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                int32_t count, int32_t begin, int32_t end) {
  if (bn_is_five_digits_by_rows(w, a)) {
    return bn_five_by_two_bit(bn_repack_five_neon, bn_ternary_product_i8mm, w, a, y, count, begin,
                              end);
  }
  if (!bn_is_two_bit_by_rows(w, a)) {
    return BN_UNSUPPORTED;
  }
  const bn_portion once = {BN_TOKENS_I8MM, 1, BN_CACHED_BYTES_NEON, BN_QUADS_2BIT};
  bn_ternary_product_by(multiply_2bit, once, w, a, y, count, begin, end);
  return BN_OK;
}
