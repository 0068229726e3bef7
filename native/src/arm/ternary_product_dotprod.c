#include "five_digits_neon.h"
#include "ternary_panels_dotprod.h"

BN_INLINE void multiply_panel_2bit(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                   int32_t panel, int32_t token, int32_t tokens) {
  switch (tokens) {
    case 1:
      bn_multiply_dotprod(bn_quad_2bit_neon, BN_BLOCK_BYTES_2BIT, w, a, y, panel, token, 1, 3);
      break;
    case 2:
      bn_multiply_dotprod(bn_quad_2bit_neon, BN_BLOCK_BYTES_2BIT, w, a, y, panel, token, 2, 1);
      break;
    case 3:
      bn_multiply_dotprod(bn_quad_2bit_neon, BN_BLOCK_BYTES_2BIT, w, a, y, panel, token, 3, 1);
      break;
    default:
      bn_multiply_dotprod(bn_quad_2bit_neon, BN_BLOCK_BYTES_2BIT, w, a, y, panel, token, 4, 1);
      break;
  }
}

BN_INLINE void multiply_2bit(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                             int32_t token, int32_t tokens, int32_t begin, int32_t end) {
  for (int32_t p = begin; p < end; p++) {
    multiply_panel_2bit(w, a, y, p, token, tokens);
  }
}

int32_t bn_ternary_product_dotprod(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                   int32_t count, int32_t begin, int32_t end) {
  if (bn_is_five_digits_by_rows(w, a)) {
    return bn_five_by_two_bit(bn_repack_five_neon, bn_ternary_product_dotprod, w, a, y, count,
                              begin, end);
  }
  if (!bn_is_two_bit_by_rows(w, a)) {
    return BN_UNSUPPORTED;
  }
  const bn_portion once = {BN_TOKENS_DOTPROD, 1, BN_CACHED_BYTES_NEON, BN_QUADS_2BIT};
  bn_ternary_product_by(multiply_2bit, once, w, a, y, count, begin, end);
  return BN_OK;
}
