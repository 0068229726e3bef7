#include "common/kernels.h"
#include "common/strip_products.h"

/* Sum of q * (u - 1) over a row. */
static int32_t row_sum(const uint8_t* strip, const int8_t* q, int64_t columns) {
  int32_t sum = 0;
  for (int64_t first = 0; first < columns; first += 64) {
    const uint8_t* line = strip + first / BN_LINE_DIGITS * BN_LINE_BYTES;
    const int shift = (int)(first % BN_LINE_DIGITS / 64 * 2);
    const int64_t n = columns - first < 64 ? columns - first : 64;
    for (int64_t j = 0; j < n; j++) {
      sum += q[first + j] * ((line[j] >> shift & 3) - 1);
    }
  }
  return sum;
}

int64_t bn_gated_product_c(const bn_strips* w, const bn_quantized* a, const bn_rows* gate,
                           const bn_rows* y, int32_t begin, int32_t end) {
  if (w->direction != BN_STRIPS_ROWS) {
    return -1;
  }
  const float scale = w->scale * a->scales[0];
  const int all = !bn_is_bounded(w, scale);
  int64_t read = 0;
  for (int64_t row = begin; row < end; row++) {
    y->data[row] = 0.0f;
    if (all || gate->data[row] > 0.0f) {
      y->data[row] = (float)row_sum(bn_strip(w, row), a->values, w->columns) * scale;
      read += w->stride;
    }
  }
  return read;
}
