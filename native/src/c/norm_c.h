/* RMSNorm of one row, portable. */
#ifndef BITNET_NORM_C_H
#define BITNET_NORM_C_H

#include "bitnet.h"
#include "common/float_math.h"

/* 1 / sqrt(mean of squares + epsilon). */
static inline float bn_inverse_rms(const float* x, int32_t n, float epsilon) {
  return bn_inverse_root(bn_dot(x, x, n) / (float)n, epsilon);
}

#endif
