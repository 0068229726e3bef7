/* RMSNorm, 16 elements at a time. */
#ifndef BITNET_NORM_AVX512_H
#define BITNET_NORM_AVX512_H

#include "lanes_avx512.h"

/* 1 / sqrt(mean of squares + epsilon). */
static inline float bn_inverse_rms(const float* x, int64_t n, float epsilon) {
  return bn_inverse_root(bn_dot16(x, x, n) / (float)n, epsilon);
}

/* (x * inverse) * weight in the first n of 16 elements; zeros beyond. */
static inline __m512 bn_scaled16(const float* x, const float* weight, float inverse, int64_t n) {
  __m512 scaled = _mm512_mul_ps(bn_load16(x, n), _mm512_set1_ps(inverse));
  return _mm512_mul_ps(scaled, bn_load16(weight, n));
}

#endif
