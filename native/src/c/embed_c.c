#include "common/kernels.h"
#include "common/matrix_elements.h"

int32_t bn_embed_c(const bn_matrix* table, const bn_batch* batch, const bn_rows* out, int32_t begin,
                   int32_t end) {
  for (int32_t r = begin; r < end; r++) {
    const uint8_t* row = bn_matrix_row(table, batch->tokens[r]);
    for (int32_t first = 0; first < table->columns; first += 256) {
      int32_t n = table->columns - first < 256 ? table->columns - first : 256;
      int32_t status = bn_decode_columns(table->type, row, first, n, bn_row(out, r) + first);
      if (status != BN_OK) {
        return status;
      }
    }
  }
  return BN_OK;
}
