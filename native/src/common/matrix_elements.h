/* Elements of embedding and head matrices as float32, portable. */
#ifndef BITNET_MATRIX_ELEMENTS_H
#define BITNET_MATRIX_ELEMENTS_H

#include "bitnet.h"
#include "float_math.h"

#define BN_Q4_BLOCK 32
#define BN_Q4_BYTES 18
#define BN_Q8_0_BLOCK 32
#define BN_Q8_0_BYTES 34
#define BN_Q6_K_BLOCK 256
#define BN_Q6_K_BYTES 210
/* Of the four-bit and five-bit blocks of 256. */
#define BN_QK_BLOCK 256
#define BN_Q4_K_BYTES 144
#define BN_Q5_K_BYTES 176

/* The values of the codes of Q4_0 and IQ4_NL. */
static const int8_t bn_q4_0_values[16] = {-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7};
static const int8_t bn_iq4_nl_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                            1,    13,   25,  38,  53,  69,  89,  113};

/*
 * 32 weights: float16 scale, 16 bytes, of which byte j has the code of weight j in its lower nibble
 * and that of weight j + 16 in its upper one.
 */
static inline void bn_decode_q4(const uint8_t* block, const int8_t values[16], float* out) {
  float scale = bn_from_half(bn_load_u16(block));
  for (int j = 0; j < 16; j++) {
    out[j] = scale * (float)values[block[2 + j] & 15];
    out[16 + j] = scale * (float)values[block[2 + j] >> 4];
  }
}

/*
 * The scale (which = 0) or minimum (1) of run g of eight, six bits each in 12 bytes: of the first
 * four runs in bytes 0 to 3 or 4 to 7; of the others the lower four bits are a nibble of bytes 8 to
 * 11, and the upper two stand above those of the run four before.
 */
static inline float bn_qk_six_bits(const uint8_t* bytes, int g, int which) {
  int own = bytes[4 * which + g % 4];
  return (float)(g < 4 ? own & 63 : (bytes[4 + g] >> 4 * which & 15) | own >> 6 << 4);
}

/*
 * 256 weights: float16 d and m, 12 bytes of scales and minimums, where codes have five bits 32
 * bytes of the fifth, and qs[128]. Run g of 32 has its low bits in the nibbles g % 2 of 32 bytes,
 * and its fifth at bit g. Only the difference is rounded.
 */
static inline void bn_decode_qk(const uint8_t* block, const int five, float* out) {
  const float d = bn_from_half(bn_load_u16(block));
  const float m = bn_from_half(bn_load_u16(block + 2));
  const uint8_t* high = block + 16;
  const uint8_t* low = five ? high + 32 : high;
  for (int g = 0; g < 8; g++) {
    const float scale = d * bn_qk_six_bits(block + 4, g, 0);
    const float minimum = m * bn_qk_six_bits(block + 4, g, 1);
    for (int l = 0; l < 32; l++) {
      int q = low[32 * (g / 2) + l] >> g % 2 * 4 & 15;
      q |= five ? (high[l] >> g & 1) << 4 : 0;
      out[32 * g + l] = scale * (float)q - minimum;
    }
  }
}

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
    case BN_TYPE_Q4_0:
      for (int32_t i = 0; i < n; i += BN_Q4_BLOCK) {
        bn_decode_q4(row + (first + i) / BN_Q4_BLOCK * BN_Q4_BYTES, bn_q4_0_values, out + i);
      }
      return BN_OK;
    case BN_TYPE_IQ4_NL:
      for (int32_t i = 0; i < n; i += BN_Q4_BLOCK) {
        bn_decode_q4(row + (first + i) / BN_Q4_BLOCK * BN_Q4_BYTES, bn_iq4_nl_values, out + i);
      }
      return BN_OK;
    case BN_TYPE_Q4_K:
      bn_decode_qk(row + first / BN_QK_BLOCK * BN_Q4_K_BYTES, 0, out);
      return BN_OK;
    case BN_TYPE_Q5_K:
      bn_decode_qk(row + first / BN_QK_BLOCK * BN_Q5_K_BYTES, 1, out);
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
