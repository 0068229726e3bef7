/*
 * Elements of embedding and head matrices as float32, 16 at a time; matrix_elements.h has the
 * formats.
 */
#ifndef BITNET_MATRIX_ELEMENTS_NEON_H
#define BITNET_MATRIX_ELEMENTS_NEON_H

#include "common/matrix_elements.h"
#include "lanes_neon.h"

/* 16 integers times a scale. */
BN_INLINE bn_vector bn_scale_int8_neon(int8x16_t q, float scale) {
  const int16x8_t halves[2] = {vmovl_s8(vget_low_s8(q)), vmovl_high_s8(q)};
  const float32x4_t by = vdupq_n_f32(scale);
  bn_vector out;
  BN_UNROLL for (int i = 0; i < 2; i++) {
    const float32x4_t low = vcvtq_f32_s32(vmovl_s16(vget_low_s16(halves[i])));
    const float32x4_t high = vcvtq_f32_s32(vmovl_high_s16(halves[i]));
    out.val[2 * i] = vmulq_f32(by, low);
    out.val[2 * i + 1] = vmulq_f32(by, high);
  }
  return out;
}

/* Weights [16 * part, 16 * part + 16) of a block of Q8_0. */
BN_INLINE bn_vector bn_vq8_0_weights(const uint8_t* block, int part) {
  const int8x16_t q = vreinterpretq_s8_u8(bn_load_bytes16(block + 2 + 16 * part));
  return bn_scale_int8_neon(q, bn_from_half(bn_load_u16(block)));
}

/* Weights [16 * part, 16 * part + 16) of a block of Q4_0 or IQ4_NL, by the values of codes. */
BN_INLINE bn_vector bn_vq4_weights(const uint8_t* block, const int8_t values[16], int part) {
  const uint8x16_t codes = bn_load_bytes16(block + 2);
  const uint8x16_t low = part == 0 ? vandq_u8(codes, vdupq_n_u8(15)) : vshrq_n_u8(codes, 4);
  const int8x16_t q = vqtbl1q_s8(vld1q_s8(values), low);
  return bn_scale_int8_neon(q, bn_from_half(bn_load_u16(block)));
}

/* The scales of 16 weights each of a block of Q6_K. */
BN_INLINE void bn_vq6_k_scales(const uint8_t* block, float scales[16]) {
  const int8x16_t s = vreinterpretq_s8_u8(bn_load_bytes16(block + 192));
  const float d = bn_from_half(bn_load_u16(block + 208));
  bn_vstore(scales, bn_scale_int8_neon(s, d), 16);
}

/* Weights [64 * k, 64 * k + 64) of a block of Q6_K, two runs, whose scales are given. */
BN_INLINE void bn_vq6_k_weights(const uint8_t* block, const float scales[16], int k,
                                bn_vector w[4]) {
  const uint8_t* lows = block + 64 * (k / 2);
  const uint8_t* highs = block + 128 + 32 * (k / 2);
  for (int part = 0; part < 4; part++) {
    const int run = 2 * (k % 2) + part / 2;
    const uint8x16_t low = bn_load_bytes16(lows + 16 * part);
    const uint8x16_t high = bn_load_bytes16(highs + 16 * (part % 2));
    const uint8x16_t low_bits =
        vandq_u8(vshlq_u8(low, vdupq_n_s8((int8_t)(-4 * (k % 2)))), vdupq_n_u8(15));
    const uint8x16_t high_bits =
        vandq_u8(vshlq_u8(high, vdupq_n_s8((int8_t)(-2 * run))), vdupq_n_u8(3));
    const uint8x16_t u = vorrq_u8(low_bits, vshlq_n_u8(high_bits, 4));
    const int8x16_t q = vsubq_s8(vreinterpretq_s8_u8(u), vdupq_n_s8(32));
    w[part] = bn_scale_int8_neon(q, scales[4 * k + part]);
  }
}

#endif
