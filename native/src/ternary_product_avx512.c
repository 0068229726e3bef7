#include "ternary_avx512.h"

int32_t bn_ternary_product_avx512(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                  int32_t count, int32_t begin, int32_t end) {
  if (w->layout != BN_PANEL_2BIT) {
    return BN_UNSUPPORTED;
  }
  if (count <= BN_GEMV_TOKENS_AVX512) {
    bn_gemv_2bit_avx512(w, a, y, count, begin, end);
  } else {
    bn_ternary_gemm_avx512(bn_unpack_2bit_avx512, 4 * (int64_t)bn_padded_columns(w), w, a, y, count,
                           begin, end);
  }
  return BN_OK;
}
