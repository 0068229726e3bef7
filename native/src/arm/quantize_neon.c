#include <stddef.h>
#include <string.h>

#include "common/kernels.h"
#include "norm_neon.h"

/*
 * norm(x), or x where there is no norm, in the first n, from i on, of 16 elements. Beyond them
 * stands 0 unless inverse is not finite, and then the norm of every element is not finite either.
 */
BN_INLINE bn_lanes normalized(const float* x, const float* weight, float inverse, int64_t i,
                              int64_t n) {
  return weight == NULL ? bn_load16(x + i, n) : bn_scaled16(x + i, weight + i, inverse, n);
}

/* The larger of |y| and those before, as bits: their order is that of the absolute values. */
BN_INLINE uint32x4_t larger(uint32x4_t largest, bn_lanes y) {
  BN_UNROLL for (int i = 0; i < 4; i++) {
    largest = vmaxq_u32(largest, vreinterpretq_u32_f32(vabsq_f32(y.val[i])));
  }
  return largest;
}

/* The largest of |norm(x)| as bits: at least those of infinity if one is not finite. */
static inline uint32_t largest_bits(const float* x, const float* weight, float inverse, int64_t n) {
  uint32x4_t largest = vdupq_n_u32(0);
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    largest = larger(largest, normalized(x, weight, inverse, i, 16));
  }
  if (i < n) {
    largest = larger(largest, normalized(x, weight, inverse, i, n - i));
  }
  return vmaxvq_u32(largest);
}

/* Writes 16 elements y * s as int8 and adds them to sum. */
BN_INLINE int32x4_t round_part(int32x4_t sum, bn_lanes y, float s, int8_t* q) {
  int32x4_t v[4];
  BN_UNROLL for (int i = 0; i < 4; i++) {
    v[i] = vcvtnq_s32_f32(vmulq_f32(y.val[i], vdupq_n_f32(s)));
    sum = vaddq_s32(sum, v[i]);
  }
  /* |v| <= 127: saturation is the definition's clamp, and never acts. */
  const int16x8_t low = vqmovn_high_s32(vqmovn_s32(v[0]), v[1]);
  const int16x8_t high = vqmovn_high_s32(vqmovn_s32(v[2]), v[3]);
  vst1q_s8(q, vqmovn_high_s16(vqmovn_s16(low), high));
  return sum;
}

/* Writes norm(x) * s as int8, 16 columns at a time with zeros from n on; returns the sum. */
static inline int32_t round_row(const float* x, const float* weight, float inverse, float s,
                                int8_t* q, int64_t n) {
  int32x4_t sum = vdupq_n_s32(0);
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    sum = round_part(sum, normalized(x, weight, inverse, i, 16), s, q + i);
  }
  if (i < n) {
    sum = round_part(sum, normalized(x, weight, inverse, i, n - i), s, q + i);
  }
  return vaddvq_s32(sum);
}

int32_t bn_quantize_neon(const bn_rows* x, const bn_norm* norm, const bn_quantized* out,
                         int32_t begin, int32_t end) {
  const int64_t n = x->columns;
  const int64_t written = (n + 15) / 16 * 16;
  const float* weight = norm->weight;
  for (int32_t r = begin; r < end; r++) {
    const float* in = bn_row(x, r);
    const float inverse = weight == NULL ? 1.0f : bn_inverse_rms(in, n, norm->epsilon);
    const uint32_t largest = largest_bits(in, weight, inverse, n);
    if (largest >= 0x7f800000) {
      return BN_NON_FINITE;
    }
    float amax = bn_float_of(largest);
    amax = amax > 1e-5f ? amax : 1e-5f;
    int8_t* q = out->values + r * out->stride;
    out->sums[r] = round_row(in, weight, inverse, 127.0f / amax, q, n);
    out->scales[r] = amax / 127.0f;
    memset(q + written, 0, (size_t)(out->stride - written));
  }
  return BN_OK;
}
