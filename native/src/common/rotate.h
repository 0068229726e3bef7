/* bn_rotate, but for pairs of adjacent elements, which every instruction set shuffles its own way.
 */
#ifndef BITNET_ROTATE_H
#define BITNET_ROTATE_H

#include "kernels.h"
#include "vectors.h"

/* Pairs of adjacent elements in a vector. */
#define BN_PAIRS (BN_WIDTH / 2)

/* Rotates n <= BN_PAIRS pairs (x[2i], x[2i + 1]). */
typedef void bn_rotate_adjacent_fn(float* x, const float* cosines, const float* sines, int64_t n);

/* Rotates n <= BN_WIDTH pairs (a[i], b[i]). */
BN_INLINE void bn_rotate_halves(float* a, float* b, const float* cosines, const float* sines,
                                int64_t n) {
  const bn_vector cos = bn_vload(cosines, n);
  const bn_vector sin = bn_vload(sines, n);
  const bn_vector x = bn_vload(a, n);
  const bn_vector y = bn_vload(b, n);
  bn_vstore(a, bn_vsub(bn_vmul(x, cos), bn_vmul(y, sin)), n);
  bn_vstore(b, bn_vadd(bn_vmul(x, sin), bn_vmul(y, cos)), n);
}

BN_INLINE void bn_rotate_head(bn_rotate_adjacent_fn* adjacent, int32_t style, float* x,
                              const float* cosines, const float* sines, int64_t pairs) {
  int64_t i = 0;
  if (style == BN_ROPE_HALVES) {
    for (; i + BN_WIDTH <= pairs; i += BN_WIDTH) {
      bn_rotate_halves(x + i, x + pairs + i, cosines + i, sines + i, BN_WIDTH);
    }
    if (i < pairs) {
      bn_rotate_halves(x + i, x + pairs + i, cosines + i, sines + i, pairs - i);
    }
  } else {
    for (; i + BN_PAIRS <= pairs; i += BN_PAIRS) {
      adjacent(x + 2 * i, cosines + i, sines + i, BN_PAIRS);
    }
    if (i < pairs) {
      adjacent(x + 2 * i, cosines + i, sines + i, pairs - i);
    }
  }
}

BN_INLINE int32_t bn_rotate_by(bn_rotate_adjacent_fn* adjacent, const bn_rope* rope,
                               const bn_batch* batch, const bn_rows* x, int32_t begin,
                               int32_t end) {
  if (rope->style != BN_ROPE_HALVES && rope->style != BN_ROPE_ADJACENT) {
    return BN_UNSUPPORTED;
  }
  for (int32_t r = begin; r < end; r++) {
    const int64_t at = (int64_t)batch->positions[r] * rope->pairs;
    for (int32_t head = 0; head < x->columns; head += rope->head_dim) {
      bn_rotate_head(adjacent, rope->style, bn_row(x, r) + head, rope->cosines + at,
                     rope->sines + at, rope->pairs);
    }
  }
  return BN_OK;
}

#endif
