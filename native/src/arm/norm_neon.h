/* RMSNorm, 16 elements at a time. */
#ifndef BITNET_NORM_NEON_H
#define BITNET_NORM_NEON_H

#include "lanes_neon.h"

/* 1 / sqrt(mean of squares + epsilon). */
static inline float bn_inverse_rms(const float* x, int64_t n, float epsilon) {
  return bn_inverse_root(bn_dot16(x, x, n) / (float)n, epsilon);
}

/* (x * inverse) * weight in the first n of 16 elements; zeros beyond. */
static inline bn_lanes bn_scaled16(const float* x, const float* weight, float inverse, int64_t n) {
  bn_lanes scaled = bn_times16(bn_load16(x, n), bn_all16(inverse));
  return bn_times16(scaled, bn_load16(weight, n));
}

#endif
