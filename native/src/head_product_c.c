#include "kernels.h"
#include "matrix_c.h"

int32_t bn_head_product_c(const bn_matrix* m, const bn_rows* x, const bn_rows* y, int32_t count,
                          int32_t begin, int32_t end) {
  float weights[256]; /* a multiple of 16, so a part of a row starts in lane 0 */
  for (int32_t r = begin; r < end; r++) {
    const uint8_t* row = bn_matrix_row(m, r);
    for (int32_t t = 0; t < count; t++) {
      float lanes[BN_LANES] = {0};
      for (int32_t first = 0; first < m->columns; first += 256) {
        int32_t n = m->columns - first < 256 ? m->columns - first : 256;
        int32_t status = bn_decode_columns(m->type, row, first, n, weights);
        if (status != BN_OK) {
          return status;
        }
        bn_accumulate(lanes, bn_row(x, t) + first, weights, n);
      }
      bn_row(y, t)[r] = bn_fold(lanes);
    }
  }
  return BN_OK;
}
