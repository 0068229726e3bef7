/*
 * The vectors of an instruction set, whose lanes_<isa>.h is included before this, and what is built
 * of them the same way everywhere. The rest of what float_math.h has for a float is there for the
 * lanes of a vector, by the same operations in the same order.
 *
 * A bn_vector is BN_WIDTH float lanes, and bn_integers as many of int32:
 *
 *   bn_vall(x)                           x in every lane
 *   bn_vload, _f16, _bf16 (p, n)         the first n elements, then zeros; reads no others
 *   bn_vstore, _f16 (p, v, n)            stores the first n lanes, to float16 with ties to even
 *   bn_vadd, bn_vsub, bn_vmul (a, b)
 *   bn_vfma(acc, a, b, n)                acc + a * b, fused, in the first n lanes
 *   bn_vaccumulate(acc, a, n)            acc + a in the first n lanes
 *   bn_vexp, bn_vrelu_squared
 *   bn_vlogistic(x, u)                   x / (1 + exp(-u))
 *   bn_vfold(lanes)                      the end of a reduction
 *   bn_vmagnitude(v), bn_vround(v)       |v| as bits; the nearest integers, ties to even
 *   bn_izero, bn_iadd, bn_imax           of integers, the last one without a sign
 *   bn_isum(v), bn_ilargest(v)           over all lanes
 *   bn_istore_int8(p, v)                 stores all lanes, saturating
 *
 * A count n of BN_WIDTH or more means all lanes. A reduction keeps its 16 lanes in BN_PARTS
 * vectors, and adds elements i and on, part by part, in rising i. Lanes from n on keep their value
 * there: adding even +0 to them would turn -0 into +0.
 */
#ifndef BITNET_VECTORS_H
#define BITNET_VECTORS_H

#include "float_math.h"
#include "unroll.h"

/* Vectors that hold the 16 lanes of a reduction. */
#define BN_PARTS (BN_LANES / BN_WIDTH)

/* Adds the products of elements [0, n), at most 16, to the lanes of a dot product. */
BN_INLINE void bn_vdot_part(bn_vector lanes[BN_PARTS], const float* a, const float* b, int64_t n) {
  BN_UNROLL for (int p = 0; p < BN_PARTS; p++) {
    const int64_t at = BN_WIDTH * p;
    lanes[p] = bn_vfma(lanes[p], bn_vload(a + at, n - at), bn_vload(b + at, n - at), n - at);
  }
}

/* Dot product of n elements. */
static inline float bn_vdot(const float* a, const float* b, int64_t n) {
  bn_vector lanes[BN_PARTS];
  BN_UNROLL for (int p = 0; p < BN_PARTS; p++) { lanes[p] = bn_vall(0.0f); }
  int64_t i = 0;
  for (; i + BN_LANES <= n; i += BN_LANES) {
    bn_vdot_part(lanes, a + i, b + i, BN_LANES);
  }
  if (i < n) {
    bn_vdot_part(lanes, a + i, b + i, n - i);
  }
  return bn_vfold(lanes);
}

/* RMSNorm's factor, 1 / sqrt(mean of squares + epsilon). */
static inline float bn_vinverse_rms(const float* x, int64_t n, float epsilon) {
  return bn_inverse_root(bn_vdot(x, x, n) / (float)n, epsilon);
}

/* RMSNorm, (x * inverse) * weight, of the first n elements; zeros beyond if inverse is finite. */
BN_INLINE bn_vector bn_vnormalized(const float* x, const float* weight, float inverse, int64_t n) {
  return bn_vmul(bn_vmul(bn_vload(x, n), bn_vall(inverse)), bn_vload(weight, n));
}

#endif
