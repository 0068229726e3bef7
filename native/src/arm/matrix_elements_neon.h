/*
 * Elements of embedding and head matrices as float32, 16 at a time; matrix_elements.h has the
 * formats.
 */
#ifndef BITNET_MATRIX_ELEMENTS_NEON_H
#define BITNET_MATRIX_ELEMENTS_NEON_H

#include "common/matrix_elements.h"
#include "lanes_neon.h"

/* scale * q of 16 integers. */
BN_INLINE void bn_scale_int8_neon(float* out, float scale, int8x16_t q) {
  const int16x8_t halves[2] = {vmovl_s8(vget_low_s8(q)), vmovl_high_s8(q)};
  const float32x4_t by = vdupq_n_f32(scale);
  BN_UNROLL for (int i = 0; i < 2; i++) {
    const float32x4_t low = vcvtq_f32_s32(vmovl_s16(vget_low_s16(halves[i])));
    const float32x4_t high = vcvtq_f32_s32(vmovl_high_s16(halves[i]));
    vst1q_f32(out + 8 * i, vmulq_f32(by, low));
    vst1q_f32(out + 8 * i + 4, vmulq_f32(by, high));
  }
}

static inline void bn_vdecode_q8_0(const uint8_t* block, float* out) {
  const float scale = bn_from_half(bn_load_u16(block));
  for (int j = 0; j < BN_Q8_0_BLOCK; j += 16) {
    bn_scale_int8_neon(out + j, scale, vreinterpretq_s8_u8(vld1q_u8(block + 2 + j)));
  }
}

static inline void bn_vdecode_q6_k(const uint8_t* block, float* out) {
  const float scale = bn_from_half(bn_load_u16(block + 208));
  for (int h = 0; h < 2; h++) {
    for (int g = 0; g < 4; g++) {
      const int8x16_t low_shift = vdupq_n_s8((int8_t)(-4 * (g >> 1)));
      const int8x16_t high_shift = vdupq_n_s8((int8_t)(-2 * g));
      for (int l = 0; l < 32; l += 16) {
        const uint8x16_t low = vld1q_u8(block + 64 * h + 32 * (g & 1) + l);
        const uint8x16_t high = vld1q_u8(block + 128 + 32 * h + l);
        const uint8x16_t low_bits = vandq_u8(vshlq_u8(low, low_shift), vdupq_n_u8(15));
        const uint8x16_t high_bits = vandq_u8(vshlq_u8(high, high_shift), vdupq_n_u8(3));
        const uint8x16_t u = vorrq_u8(low_bits, vshlq_n_u8(high_bits, 4));
        const int8x16_t q = vsubq_s8(vreinterpretq_s8_u8(u), vdupq_n_s8(32));
        const float s = scale * (float)(int8_t)block[192 + 8 * h + 2 * g + l / 16];
        bn_scale_int8_neon(out + 128 * h + 32 * g + l, s, q);
      }
    }
  }
}

#endif
