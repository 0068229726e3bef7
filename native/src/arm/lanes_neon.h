/*
 * The vectors of NEON: 16 float lanes in four registers, and their integers. common/vectors.h says
 * what each function is for; float_math.h defines what it computes. All of it is ARMv8-A as it
 * came.
 */
#ifndef BITNET_LANES_NEON_H
#define BITNET_LANES_NEON_H

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

#include "common/float_math.h"
#include "common/unroll.h"

/* Lanes 4 * i .. 4 * i + 3 are val[i]. */
typedef float32x4x4_t bn_vector;
typedef int32x4x4_t bn_integers;
#define BN_WIDTH 16

/* x in every lane. */
BN_INLINE bn_vector bn_vall(float x) {
  const float32x4_t v = vdupq_n_f32(x);
  return (bn_vector){{v, v, v, v}};
}

BN_INLINE bn_vector bn_vadd(bn_vector a, bn_vector b) {
  BN_UNROLL for (int i = 0; i < 4; i++) { a.val[i] = vaddq_f32(a.val[i], b.val[i]); }
  return a;
}

BN_INLINE bn_vector bn_vsub(bn_vector a, bn_vector b) {
  BN_UNROLL for (int i = 0; i < 4; i++) { a.val[i] = vsubq_f32(a.val[i], b.val[i]); }
  return a;
}

BN_INLINE bn_vector bn_vmul(bn_vector a, bn_vector b) {
  BN_UNROLL for (int i = 0; i < 4; i++) { a.val[i] = vmulq_f32(a.val[i], b.val[i]); }
  return a;
}

/* Bytes at any address. */
BN_INLINE uint8x16_t bn_load_bytes16(const void* p) { return vld1q_u8((const uint8_t*)p); }

/* The first n of 16 elements of the given size, then zeros, as a whole in part; reads no others. */
BN_INLINE const void* bn_copy16(uint8_t part[64], const void* p, int64_t n, size_t size) {
  memset(part, 0, 16 * size);
  memcpy(part, p, n > 0 ? (size_t)n * size : 0);
  return part;
}

/* Four elements at any address. */
BN_INLINE float32x4_t bn_load4(const void* p) { return vreinterpretq_f32_u8(bn_load_bytes16(p)); }

/* The first n elements, then zeros; reads no others. */
BN_INLINE bn_vector bn_vload(const float* p, int64_t n) {
  uint8_t part[64];
  const uint8_t* from = n >= 16 ? (const uint8_t*)p : bn_copy16(part, p, n, sizeof(float));
  bn_vector v;
  BN_UNROLL for (int i = 0; i < 4; i++) { v.val[i] = bn_load4(from + 16 * i); }
  return v;
}

BN_INLINE void bn_vstore(float* p, bn_vector v, int64_t n) {
  if (n >= 16) {
    BN_UNROLL for (int i = 0; i < 4; i++) { vst1q_f32(p + 4 * i, v.val[i]); }
    return;
  }
  float part[16];
  BN_UNROLL for (int i = 0; i < 4; i++) { vst1q_f32(part + 4 * i, v.val[i]); }
  memcpy(p, part, n > 0 ? sizeof(float) * (size_t)n : 0);
}

/* Eight elements from float16. */
BN_INLINE float32x4x2_t bn_load_half8(const uint8_t* p) {
  const float16x8_t half = vreinterpretq_f16_u8(bn_load_bytes16(p));
  return (float32x4x2_t){{vcvt_f32_f16(vget_low_f16(half)), vcvt_high_f32_f16(half)}};
}

/* Eight elements from bfloat16. */
BN_INLINE float32x4x2_t bn_load_bfloat8(const uint8_t* p) {
  const uint16x8_t upper = vreinterpretq_u16_u8(bn_load_bytes16(p));
  return (float32x4x2_t){{vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(upper), 16)),
                          vreinterpretq_f32_u32(vshll_high_n_u16(upper, 16))}};
}

/* The first n elements from float16, then zeros; reads no others. */
BN_INLINE bn_vector bn_vload_f16(const void* p, int64_t n) {
  uint8_t part[64];
  const uint8_t* from = n >= 16 ? (const uint8_t*)p : bn_copy16(part, p, n, sizeof(uint16_t));
  const float32x4x2_t low = bn_load_half8(from);
  const float32x4x2_t high = bn_load_half8(from + 16);
  return (bn_vector){{low.val[0], low.val[1], high.val[0], high.val[1]}};
}

/* The same from bfloat16. */
BN_INLINE bn_vector bn_vload_bf16(const void* p, int64_t n) {
  uint8_t part[64];
  const uint8_t* from = n >= 16 ? (const uint8_t*)p : bn_copy16(part, p, n, sizeof(uint16_t));
  const float32x4x2_t low = bn_load_bfloat8(from);
  const float32x4x2_t high = bn_load_bfloat8(from + 16);
  return (bn_vector){{low.val[0], low.val[1], high.val[0], high.val[1]}};
}

/* Stores the first n lanes as float16, ties to even. */
BN_INLINE void bn_vstore_f16(uint16_t* p, bn_vector v, int64_t n) {
  uint16_t part[16];
  uint16_t* to = n >= 16 ? p : part;
  BN_UNROLL for (int i = 0; i < 4; i += 2) {
    const float16x4_t low = vcvt_f16_f32(v.val[i]);
    vst1q_u16(to + 4 * i, vreinterpretq_u16_f16(vcvt_high_f16_f32(low, v.val[i + 1])));
  }
  if (n < 16) {
    memcpy(p, part, n > 0 ? sizeof(uint16_t) * (size_t)n : 0);
  }
}

/* The first n lanes of a, the others of b. */
BN_INLINE bn_vector bn_vselect(bn_vector a, bn_vector b, int64_t n) {
  if (n >= 16) {
    return a;
  }
  static const int32_t numbers[4] = {0, 1, 2, 3};
  const int32x4_t lane = vld1q_s32(numbers);
  BN_UNROLL for (int i = 0; i < 4; i++) {
    const uint32x4_t first = vcltq_s32(lane, vdupq_n_s32((int32_t)n - 4 * i));
    a.val[i] = vbslq_f32(first, a.val[i], b.val[i]);
  }
  return a;
}

/* acc + a * b, fused, in the first n lanes. */
BN_INLINE bn_vector bn_vfma(bn_vector acc, bn_vector a, bn_vector b, int64_t n) {
  bn_vector sum;
  BN_UNROLL for (int i = 0; i < 4; i++) { sum.val[i] = vfmaq_f32(acc.val[i], a.val[i], b.val[i]); }
  return bn_vselect(sum, acc, n);
}

/* acc + a in the first n lanes. */
BN_INLINE bn_vector bn_vaccumulate(bn_vector acc, bn_vector a, int64_t n) {
  return bn_vselect(bn_vadd(acc, a), acc, n);
}

/* 16 lanes to four: the upper half is added to the lower, twice. */
BN_INLINE float32x4_t bn_fold_to_4(bn_vector v) {
  return vaddq_f32(vaddq_f32(v.val[0], v.val[2]), vaddq_f32(v.val[1], v.val[3]));
}

/* 16 lanes to one: the upper half is added to the lower, four times. */
BN_INLINE float bn_vfold(const bn_vector lanes[1]) {
  const float32x4_t four = bn_fold_to_4(lanes[0]);
  return vpadds_f32(vadd_f32(vget_low_f32(four), vget_high_f32(four)));
}

BN_INLINE float32x4_t bn_exp4(float32x4_t x) {
  /* fmax and fmin return NaN if either is NaN. */
  float32x4_t c = vmaxq_f32(x, vdupq_n_f32(BN_EXP_LOW));
  c = vminq_f32(c, vdupq_n_f32(BN_EXP_HIGH));
  const float32x4_t n = vrndnq_f32(vmulq_f32(c, vdupq_n_f32(BN_LOG2_E)));
  float32x4_t r = vfmsq_f32(c, n, vdupq_n_f32(BN_LN2_HIGH));
  r = vfmsq_f32(r, n, vdupq_n_f32(BN_LN2_LOW));
  float32x4_t p = vfmaq_f32(vdupq_n_f32(BN_EXP_C5), vdupq_n_f32(BN_EXP_C6), r);
  p = vfmaq_f32(vdupq_n_f32(BN_EXP_C4), p, r);
  p = vfmaq_f32(vdupq_n_f32(BN_EXP_C3), p, r);
  p = vfmaq_f32(vdupq_n_f32(BN_EXP_C2), p, r);
  p = vfmaq_f32(vdupq_n_f32(1.0f), p, r);
  p = vfmaq_f32(vdupq_n_f32(1.0f), p, r);
  const int32x4_t bias = vdupq_n_s32(127);
  const int32x4_t k = vcvtq_s32_f32(n);
  const int32x4_t half = vshrq_n_s32(k, 1);
  const int32x4_t first = vshlq_n_s32(vaddq_s32(half, bias), 23);
  const int32x4_t second = vshlq_n_s32(vaddq_s32(vsubq_s32(k, half), bias), 23);
  return vmulq_f32(vmulq_f32(p, vreinterpretq_f32_s32(first)), vreinterpretq_f32_s32(second));
}

BN_INLINE bn_vector bn_vexp(bn_vector x) {
  BN_UNROLL for (int i = 0; i < 4; i++) { x.val[i] = bn_exp4(x.val[i]); }
  return x;
}

/* x / (1 + exp(-u)). */
BN_INLINE bn_vector bn_vlogistic(bn_vector x, bn_vector u) {
  BN_UNROLL for (int i = 0; i < 4; i++) {
    const float32x4_t e = bn_exp4(vnegq_f32(u.val[i]));
    x.val[i] = vdivq_f32(x.val[i], vaddq_f32(vdupq_n_f32(1.0f), e));
  }
  return x;
}

/* max(x, 0)^2; NaN for NaN. */
BN_INLINE bn_vector bn_vrelu_squared(bn_vector x) {
  BN_UNROLL for (int i = 0; i < 4; i++) {
    const float32x4_t r = vmaxq_f32(x.val[i], vdupq_n_f32(0.0f));
    x.val[i] = vmulq_f32(r, r);
  }
  return x;
}

/* ---- Integers ---- */

/* |v| as bits, which order as the values do; those of a NaN are above infinity's. */
BN_INLINE bn_integers bn_vmagnitude(bn_vector v) {
  bn_integers bits;
  BN_UNROLL for (int i = 0; i < 4; i++) {
    bits.val[i] = vreinterpretq_s32_f32(vabsq_f32(v.val[i]));
  }
  return bits;
}

BN_INLINE bn_integers bn_vround(bn_vector v) {
  bn_integers rounded;
  BN_UNROLL for (int i = 0; i < 4; i++) { rounded.val[i] = vcvtnq_s32_f32(v.val[i]); }
  return rounded;
}

BN_INLINE bn_integers bn_izero(void) {
  const int32x4_t zero = vdupq_n_s32(0);
  return (bn_integers){{zero, zero, zero, zero}};
}

BN_INLINE bn_integers bn_iadd(bn_integers a, bn_integers b) {
  BN_UNROLL for (int i = 0; i < 4; i++) { a.val[i] = vaddq_s32(a.val[i], b.val[i]); }
  return a;
}

BN_INLINE bn_integers bn_imax(bn_integers a, bn_integers b) {
  BN_UNROLL for (int i = 0; i < 4; i++) { a.val[i] = vmaxq_s32(a.val[i], b.val[i]); }
  return a;
}

BN_INLINE uint32_t bn_ilargest(bn_integers v) {
  const int32x4_t four = vmaxq_s32(vmaxq_s32(v.val[0], v.val[1]), vmaxq_s32(v.val[2], v.val[3]));
  return (uint32_t)vmaxvq_s32(four);
}

BN_INLINE int32_t bn_isum(bn_integers v) {
  return vaddvq_s32(vaddq_s32(vaddq_s32(v.val[0], v.val[1]), vaddq_s32(v.val[2], v.val[3])));
}

/* Stores all lanes as int8, saturating. */
BN_INLINE void bn_istore_int8(int8_t* p, bn_integers v) {
  const int16x8_t low = vqmovn_high_s32(vqmovn_s32(v.val[0]), v.val[1]);
  const int16x8_t high = vqmovn_high_s32(vqmovn_s32(v.val[2]), v.val[3]);
  vst1q_s8(p, vqmovn_high_s16(vqmovn_s16(low), high));
}

#endif
