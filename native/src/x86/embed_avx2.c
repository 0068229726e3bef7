#include <string.h>

#include "common/kernels.h"
#include "matrix_elements_avx2.h"

/* Decodes a row of n elements; BN_UNSUPPORTED for an unknown type. */
static int32_t decode_row(int32_t type, const uint8_t* row, int64_t n, float* out) {
  switch (type) {
    case BN_TYPE_F32:
      memcpy(out, row, sizeof(float) * (size_t)n);
      return BN_OK;
    case BN_TYPE_F16:
      for (int64_t i = 0; i < n; i += 8) {
        bn_store8(out + i, bn_load_half8(row + 2 * i, n - i), n - i);
      }
      return BN_OK;
    case BN_TYPE_BF16:
      for (int64_t i = 0; i < n; i += 8) {
        bn_store8(out + i, bn_load_bfloat8(row + 2 * i, n - i), n - i);
      }
      return BN_OK;
    case BN_TYPE_Q8_0:
      for (int64_t i = 0; i < n; i += BN_Q8_0_BLOCK) {
        bn_decode_q8_0_avx2(row + i / BN_Q8_0_BLOCK * BN_Q8_0_BYTES, out + i);
      }
      return BN_OK;
    case BN_TYPE_Q6_K:
      for (int64_t i = 0; i < n; i += BN_Q6_K_BLOCK) {
        bn_decode_q6_k_avx2(row + i / BN_Q6_K_BLOCK * BN_Q6_K_BYTES, out + i);
      }
      return BN_OK;
    default:
      return BN_UNSUPPORTED;
  }
}

int32_t bn_embed_avx2(const bn_matrix* table, const bn_batch* batch, const bn_rows* out,
                      int32_t begin, int32_t end) {
  for (int32_t r = begin; r < end; r++) {
    const uint8_t* row = bn_matrix_row(table, batch->tokens[r]);
    int32_t status = decode_row(table->type, row, table->columns, bn_row(out, r));
    if (status != BN_OK) {
      return status;
    }
  }
  return BN_OK;
}
