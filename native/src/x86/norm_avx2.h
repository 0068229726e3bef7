/* RMSNorm, 8 elements at a time. */
#ifndef BITNET_NORM_AVX2_H
#define BITNET_NORM_AVX2_H

#include "lanes_avx2.h"

/* 1 / sqrt(mean of squares + epsilon). */
static inline float bn_inverse_rms(const float* x, int64_t n, float epsilon) {
  return bn_inverse_root(bn_dot16(x, x, n) / (float)n, epsilon);
}

/* (x * inverse) * weight in the first n of 8 elements; zeros beyond. */
static inline __m256 bn_scaled8(const float* x, const float* weight, float inverse, int64_t n) {
  __m256 scaled = _mm256_mul_ps(bn_load8(x, n), _mm256_set1_ps(inverse));
  return _mm256_mul_ps(scaled, bn_load8(weight, n));
}

#endif
