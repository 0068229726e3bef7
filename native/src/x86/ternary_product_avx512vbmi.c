/* Only panels of five digits a byte gain by these instructions. */
#include "five_digits_avx512.h"

int32_t bn_ternary_product_avx512vbmi(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                      int32_t count, int32_t begin, int32_t end) {
  if (!bn_is_five_digits_by_rows(w, a)) {
    return bn_ternary_product_avx512(w, a, y, count, begin, end);
  }
  bn_five_product_avx512(w, a, y, count, begin, end);
  return BN_OK;
}
