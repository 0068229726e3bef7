#include "kernels.h"

int32_t bn_ternary_product_c(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                             int32_t count, int32_t begin, int32_t end) {
  if (w->layout != BN_PANEL_2BIT) {
    return BN_UNSUPPORTED;
  }
  const int64_t columns = w->columns;
  const int64_t panel_bytes = (columns + 15) / 16 * 64;
  for (int64_t row = 16 * (int64_t)begin; row < 16 * (int64_t)end && row < w->rows; row++) {
    const uint8_t* digits = w->panels + row / 16 * panel_bytes + row % 16 * 4;
    for (int32_t t = 0; t < count; t++) {
      const int8_t* q = a->values + t * a->stride;
      int32_t acc = 0;
      for (int64_t k = 0; k < columns; k++) {
        int64_t i = k % 16;
        int32_t u = digits[k / 16 * 64 + i % 4] >> 2 * (i / 4) & 3;
        acc += q[k] * (u - 1);
      }
      bn_row(y, t)[row] = (float)acc * (w->scale * a->scales[t]);
    }
  }
  return BN_OK;
}
