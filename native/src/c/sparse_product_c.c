#include <string.h>

#include "common/kernels.h"
#include "common/sparse_products.h"

/* Adds q times the digits of a line to the sums of its rows. */
static void add_line(int32_t sums[BN_LINE_DIGITS], const uint8_t* line, int32_t q) {
  for (int f = 0; f < 4; f++) {
    for (int j = 0; j < 64; j++) {
      sums[64 * f + j] += q * (line[j] >> 2 * f & 3);
    }
  }
}

int64_t bn_sparse_product_c(const bn_ternary_vectors* w, const bn_quantized* a, const bn_rows* y,
                            int32_t count, int32_t begin, int32_t end) {
  if (w->order != BN_COLUMN_MAJOR) {
    return -1;
  }
  int64_t read = 0;
  for (int64_t l = begin; l < end; l++) {
    int32_t sums[BN_MOST_SPARSE_ROWS][BN_LINE_DIGITS]; /* below 2 * 128 * BN_MAX_COLUMNS < 2^25 */
    memset(sums, 0, sizeof sums);
    for (int64_t k = 0; k < w->columns; k++) {
      int used = 0;
      for (int32_t t = 0; t < count; t++) {
        const int8_t q = a->values[t * a->stride + k];
        if (q != 0) {
          add_line(sums[t], bn_ternary_vector(w, k) + BN_LINE_BYTES * l, q);
          used = 1;
        }
      }
      read += used ? BN_LINE_BYTES : 0;
    }
    const int64_t row = BN_LINE_DIGITS * l;
    for (int32_t t = 0; t < count; t++) {
      const float scale = w->scale * a->scales[t];
      for (int64_t r = 0; r < BN_LINE_DIGITS && row + r < w->rows; r++) {
        bn_row(y, t)[row + r] = (float)(sums[t][r] - a->sums[t]) * scale;
      }
    }
  }
  return read;
}
