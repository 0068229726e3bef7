/*
 * Columns of embedding and head matrices as float32, by an instruction set's vectors:
 * matrix_elements_<isa>.h, included before this, decodes a block of each block format.
 */
#ifndef BITNET_DECODE_COLUMNS_H
#define BITNET_DECODE_COLUMNS_H

#include "matrix_elements.h"
#include "unroll.h"

/* Elements [i, i + n) of a row in a format without blocks, the first BN_WIDTH of them, then zeros.
 */
BN_INLINE bn_vector bn_velements(const int32_t type, const uint8_t* row, int64_t i, int64_t n) {
  switch (type) {
    case BN_TYPE_F16:
      return bn_vload_f16(row + 2 * i, n);
    case BN_TYPE_BF16:
      return bn_vload_bf16(row + 2 * i, n);
    default:
      return bn_vload((const float*)(const void*)(row + 4 * i), n);
  }
}

/* bn_vdecode_columns for a format without blocks. */
BN_INLINE void bn_vdecode_elements(const int32_t type, const uint8_t* row, int64_t first, int64_t n,
                                   float* out) {
  int64_t i = 0;
  for (; i + BN_WIDTH <= n; i += BN_WIDTH) {
    bn_vstore(out + i, bn_velements(type, row, first + i, BN_WIDTH), BN_WIDTH);
  }
  if (i < n) {
    bn_vstore(out + i, bn_velements(type, row, first + i, n - i), n - i);
  }
}

/*
 * Decodes columns [first, first + n) of a row, first a multiple of 256; writes no others.
 * BN_UNSUPPORTED for an unknown type.
 */
BN_INLINE int32_t bn_vdecode_columns(int32_t type, const uint8_t* row, int64_t first, int64_t n,
                                     float* out) {
  switch (type) {
    case BN_TYPE_F32:
      memcpy(out, row + 4 * first, sizeof(float) * (size_t)n);
      return BN_OK;
    case BN_TYPE_F16:
      bn_vdecode_elements(BN_TYPE_F16, row, first, n, out);
      return BN_OK;
    case BN_TYPE_BF16:
      bn_vdecode_elements(BN_TYPE_BF16, row, first, n, out);
      return BN_OK;
    case BN_TYPE_Q8_0:
      for (int64_t i = 0; i < n; i += BN_Q8_0_BLOCK) {
        bn_vdecode_q8_0(row + (first + i) / BN_Q8_0_BLOCK * BN_Q8_0_BYTES, out + i);
      }
      return BN_OK;
    case BN_TYPE_Q6_K:
      for (int64_t i = 0; i < n; i += BN_Q6_K_BLOCK) {
        bn_vdecode_q6_k(row + (first + i) / BN_Q6_K_BLOCK * BN_Q6_K_BYTES, out + i);
      }
      return BN_OK;
    default:
      return BN_UNSUPPORTED;
  }
}

#endif
