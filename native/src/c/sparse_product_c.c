#include <string.h>

#include "common/kernels.h"
#include "common/strip_products.h"

/* Adds q times the digits of a line to the sums of its rows. */
static void add_line(int32_t sums[BN_LINE_DIGITS], const uint8_t* line, int32_t q) {
  for (int f = 0; f < 4; f++) {
    for (int j = 0; j < 64; j++) {
      sums[64 * f + j] += q * (line[j] >> 2 * f & 3);
    }
  }
}

int64_t bn_sparse_product_c(const bn_strips* w, const bn_quantized* a, const bn_rows* y,
                            int32_t begin, int32_t end) {
  if (w->direction != BN_STRIPS_COLUMNS) {
    return -1;
  }
  const float scale = w->scale * a->scales[0];
  int64_t read = 0;
  for (int64_t first = begin; first < end; first += BN_LINES) {
    const int64_t lines = end - first < BN_LINES ? end - first : BN_LINES;
    int32_t sums[BN_LINES][BN_LINE_DIGITS]; /* at most 2 * 128 * BN_MAX_COLUMNS < 2^25 */
    memset(sums, 0, sizeof sums);
    for (int64_t k = 0; k < w->columns; k++) {
      if (a->values[k] != 0) {
        const uint8_t* line = bn_strip(w, k) + BN_LINE_BYTES * first;
        for (int64_t l = 0; l < lines; l++, line += BN_LINE_BYTES) {
          add_line(sums[l], line, a->values[k]);
        }
        read += BN_LINE_BYTES * lines;
      }
    }
    const int64_t row = BN_LINE_DIGITS * first;
    const int64_t rows = w->rows - row;
    for (int64_t r = 0; r < BN_LINE_DIGITS * lines && r < rows; r++) {
      const int32_t sum = sums[r / BN_LINE_DIGITS][r % BN_LINE_DIGITS] - a->sums[0];
      y->data[row + r] = (float)sum * scale;
    }
  }
  return read;
}
