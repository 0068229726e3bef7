/*
 * Columns of embedding and head matrices as float32, by an instruction set's vectors. What it has
 * for blocks is in matrix_elements_<isa>.h, which is included before this:
 *
 *   bn_vq8_0_weights(block, part)          vector number part of a block of Q8_0
 *   bn_vq4_weights(block, values, part)    the same of Q4_0 or IQ4_NL, by the values of its codes
 *   bn_vq6_k_scales(block, scales)         the 16 scales of a block of Q6_K
 *   bn_vq6_k_weights(block, scales, k, w)  four of its vectors, number 4 * k and on
 */
#ifndef BITNET_DECODE_COLUMNS_H
#define BITNET_DECODE_COLUMNS_H

#include "matrix_elements.h"
#include "unroll.h"
#include "vectors.h"

/* Calls of bn_vq6_k_weights for a block of Q6_K. */
#define BN_Q6_K_QUADS (BN_Q6_K_BLOCK / (4 * BN_WIDTH))

/* Elements [i, i + n) of a row in a format without blocks, as many as a vector has, then zeros. */
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

/* Columns of a block of Q8_0, Q4_0 and IQ4_NL. */
#define BN_SHORT_BLOCK 32

/* Bytes of such a block. */
BN_INLINE int bn_short_block_bytes(const int type) {
  return type == BN_TYPE_Q8_0 ? BN_Q8_0_BYTES : BN_Q4_BYTES;
}

/* Vector number part of such a block. */
BN_INLINE bn_vector bn_vshort_block(const int type, const uint8_t* block, int part) {
  switch (type) {
    case BN_TYPE_Q4_0:
      return bn_vq4_weights(block, bn_q4_0_values, part);
    case BN_TYPE_IQ4_NL:
      return bn_vq4_weights(block, bn_iq4_nl_values, part);
    default:
      return bn_vq8_0_weights(block, part);
  }
}

/* bn_vdecode_columns for such blocks. */
BN_INLINE void bn_vdecode_short_blocks(const int type, const uint8_t* row, int64_t first, int64_t n,
                                       float* out) {
  row += first / BN_SHORT_BLOCK * bn_short_block_bytes(type);
  for (int64_t i = 0; i < n; i += BN_SHORT_BLOCK, row += bn_short_block_bytes(type)) {
    BN_UNROLL for (int part = 0; part < BN_SHORT_BLOCK / BN_WIDTH; part++) {
      bn_vstore(out + i + BN_WIDTH * part, bn_vshort_block(type, row, part), BN_WIDTH);
    }
  }
}

/* A block of Q6_K. */
static inline void bn_vdecode_q6_k(const uint8_t* block, float* out) {
  float scales[16];
  bn_vq6_k_scales(block, scales);
  for (int k = 0; k < BN_Q6_K_QUADS; k++) {
    bn_vector w[4];
    bn_vq6_k_weights(block, scales, k, w);
    for (int part = 0; part < 4; part++) {
      bn_vstore(out + BN_WIDTH * (4 * k + part), w[part], BN_WIDTH);
    }
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
      bn_vdecode_short_blocks(BN_TYPE_Q8_0, row, first, n, out);
      return BN_OK;
    case BN_TYPE_Q4_0:
      bn_vdecode_short_blocks(BN_TYPE_Q4_0, row, first, n, out);
      return BN_OK;
    case BN_TYPE_IQ4_NL:
      bn_vdecode_short_blocks(BN_TYPE_IQ4_NL, row, first, n, out);
      return BN_OK;
    case BN_TYPE_Q6_K:
      row += first / BN_Q6_K_BLOCK * BN_Q6_K_BYTES;
      for (int64_t i = 0; i < n; i += BN_Q6_K_BLOCK, row += BN_Q6_K_BYTES) {
        bn_vdecode_q6_k(row, out + i);
      }
      return BN_OK;
    default: /* by the portable code, which compilers make vectors of */
      for (int64_t i = 0; i < n; i += 256) {
        const int32_t some = (int32_t)(n - i < 256 ? n - i : 256);
        const int32_t status = bn_decode_columns(type, row, first + i, some, out + i);
        if (status != BN_OK) {
          return status;
        }
      }
      return BN_OK;
  }
}

#endif
