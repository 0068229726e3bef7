/* Elements of embedding and head matrices as float32, portable. */
#ifndef BITNET_MATRIX_ELEMENTS_H
#define BITNET_MATRIX_ELEMENTS_H

#include "bitnet.h"
#include "float_math.h"

#define BN_Q8_0_BLOCK 32
#define BN_Q8_0_BYTES 34
#define BN_Q6_K_BLOCK 256
#define BN_Q6_K_BYTES 210

/* 32 weights: float16 scale, int8[32]. */
static inline void bn_decode_q8_0(const uint8_t* block, float* out) {
  float scale = bn_from_half(bn_load_u16(block));
  for (int j = 0; j < BN_Q8_0_BLOCK; j++) {
    out[j] = scale * (float)(int8_t)block[2 + j];
  }
}

/*
 * 256 weights: ql[128], qh[64], int8 scales[16], float16 d. In each half of 128, row g of four runs
 * of 32 has its low bits in a nibble of ql and its high two bits at 2g of qh.
 */
static inline void bn_decode_q6_k(const uint8_t* block, float* out) {
  float scale = bn_from_half(bn_load_u16(block + 208));
  for (int h = 0; h < 2; h++) {
    for (int g = 0; g < 4; g++) {
      for (int l = 0; l < 32; l++) {
        int low = block[64 * h + 32 * (g & 1) + l] >> (g >> 1) * 4 & 15;
        int high = block[128 + 32 * h + l] >> 2 * g & 3;
        int s = (int8_t)block[192 + 8 * h + 2 * g + l / 16];
        out[128 * h + 32 * g + l] = scale * (float)s * (float)((low | high << 4) - 32);
      }
    }
  }
}

/*
 * Decodes columns [first, first + n) of a row; first is a multiple of 256 and n at most 256.
 * BN_UNSUPPORTED for an unknown type.
 */
static inline int32_t bn_decode_columns(int32_t type, const uint8_t* row, int64_t first, int32_t n,
                                        float* out) {
  switch (type) {
    case BN_TYPE_F32:
      memcpy(out, row + 4 * first, sizeof(float) * (size_t)n);
      return BN_OK;
    case BN_TYPE_F16:
      for (int32_t i = 0; i < n; i++) {
        out[i] = bn_from_half(bn_load_u16(row + 2 * (first + i)));
      }
      return BN_OK;
    case BN_TYPE_BF16:
      for (int32_t i = 0; i < n; i++) {
        out[i] = bn_float_of((uint32_t)bn_load_u16(row + 2 * (first + i)) << 16);
      }
      return BN_OK;
    case BN_TYPE_Q8_0:
      for (int32_t i = 0; i < n; i += BN_Q8_0_BLOCK) {
        bn_decode_q8_0(row + (first + i) / BN_Q8_0_BLOCK * BN_Q8_0_BYTES, out + i);
      }
      return BN_OK;
    case BN_TYPE_Q6_K:
      bn_decode_q6_k(row + first / BN_Q6_K_BLOCK * BN_Q6_K_BYTES, out);
      return BN_OK;
    default:
      return BN_UNSUPPORTED;
  }
}

#endif
