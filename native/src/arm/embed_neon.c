#include "common/kernels.h"
#include "matrix_elements_neon.h"

int32_t bn_embed_neon(const bn_matrix* table, const bn_batch* batch, const bn_rows* out,
                      int32_t begin, int32_t end) {
  for (int32_t r = begin; r < end; r++) {
    const uint8_t* row = bn_matrix_row(table, batch->tokens[r]);
    int32_t status = bn_decode_columns_neon(table->type, row, 0, table->columns, bn_row(out, r));
    if (status != BN_OK) {
      return status;
    }
  }
  return BN_OK;
}
