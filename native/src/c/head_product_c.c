#include <string.h>

#include "common/kernels.h"
#include "common/matrix_elements.h"

/* Columns that are decoded at a time: a multiple of 16, so that each part starts in lane 0. */
#define BN_PART_COLUMNS 256
/* Tokens for which a row is decoded once. */
#define BN_TOKENS_C 16

/* Row r times tokens [token, token + tokens). */
static int32_t multiply(const bn_matrix* m, const bn_rows* x, const bn_rows* y, int32_t r,
                        int32_t token, int32_t tokens) {
  const uint8_t* row = bn_matrix_row(m, r);
  float weights[BN_PART_COLUMNS];
  float lanes[BN_TOKENS_C][BN_LANES];
  memset(lanes, 0, sizeof lanes);
  for (int32_t first = 0; first < m->columns; first += BN_PART_COLUMNS) {
    int32_t n = m->columns - first < BN_PART_COLUMNS ? m->columns - first : BN_PART_COLUMNS;
    int32_t status = bn_decode_columns(m->type, row, first, n, weights);
    if (status != BN_OK) {
      return status;
    }
    for (int32_t t = 0; t < tokens; t++) {
      bn_accumulate(lanes[t], bn_row(x, token + t) + first, weights, n);
    }
  }
  for (int32_t t = 0; t < tokens; t++) {
    bn_row(y, token + t)[r] = bn_fold(lanes[t]);
  }
  return BN_OK;
}

int32_t bn_head_product_c(const bn_matrix* m, const bn_rows* x, const bn_rows* y, int32_t count,
                          int32_t begin, int32_t end) {
  for (int32_t r = begin; r < end; r++) {
    for (int32_t t = 0; t < count; t += BN_TOKENS_C) {
      int32_t tokens = count - t < BN_TOKENS_C ? count - t : BN_TOKENS_C;
      int32_t status = multiply(m, x, y, r, t, tokens);
      if (status != BN_OK) {
        return status;
      }
    }
  }
  return BN_OK;
}
