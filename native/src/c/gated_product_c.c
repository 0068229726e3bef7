#include "common/kernels.h"
#include "common/sparse_products.h"

/* Sum of q * (u - 1) over a row. */
static int32_t row_sum(const uint8_t* digits, const int8_t* q, int64_t columns) {
  int32_t sum = 0;
  for (int64_t first = 0; first < columns; first += 64) {
    const uint8_t* line = digits + first / BN_LINE_DIGITS * BN_LINE_BYTES;
    const int shift = (int)(first % BN_LINE_DIGITS / 64 * 2);
    const int64_t n = columns - first < 64 ? columns - first : 64;
    for (int64_t j = 0; j < n; j++) {
      sum += q[first + j] * ((line[j] >> shift & 3) - 1);
    }
  }
  return sum;
}

int64_t bn_gated_product_c(const bn_ternary_vectors* w, const bn_quantized* a, const bn_rows* gate,
                           const bn_rows* y, int32_t count, int32_t begin, int32_t end) {
  if (w->order != BN_ROW_MAJOR) {
    return -1;
  }
  int64_t read = 0;
  for (int64_t row = begin; row < end; row++) {
    int used = 0;
    for (int32_t t = 0; t < count; t++) {
      const float scale = w->scale * a->scales[t];
      float* out = bn_row(y, t) + row;
      *out = 0.0f;
      if (bn_row(gate, t)[row] > 0.0f || !bn_is_bounded(w, scale)) {
        *out = (float)row_sum(bn_ternary_vector(w, row), a->values + t * a->stride, w->columns) *
               scale;
        used = 1;
      }
    }
    read += used ? w->stride : 0;
  }
  return read;
}
