#include "common/kernels.h"
#include "lanes_neon.h"

/* n of 16 pairs (a[i], b[i]). */
BN_INLINE void rotate_halves(float* a, float* b, const float* cosines, const float* sines,
                             int64_t n) {
  const bn_lanes cos = bn_load16(cosines, n);
  const bn_lanes sin = bn_load16(sines, n);
  const bn_lanes x = bn_load16(a, n);
  const bn_lanes y = bn_load16(b, n);
  bn_store16(a, bn_minus16(bn_times16(x, cos), bn_times16(y, sin)), n);
  bn_store16(b, bn_plus16(bn_times16(x, sin), bn_times16(y, cos)), n);
}

/* Four pairs (x[2i], x[2i + 1]). */
BN_INLINE void rotate_adjacent(float* x, const float* cosines, const float* sines) {
  const float32x4_t cos = vld1q_f32(cosines);
  const float32x4_t sin = vld1q_f32(sines);
  const float32x4x2_t pairs = vld2q_f32(x);
  const float32x4_t a = pairs.val[0];
  const float32x4_t b = pairs.val[1];
  const float32x4x2_t rotated = {{vsubq_f32(vmulq_f32(a, cos), vmulq_f32(b, sin)),
                                  vaddq_f32(vmulq_f32(a, sin), vmulq_f32(b, cos))}};
  vst2q_f32(x, rotated);
}

/* n < 4 of them. */
static void rotate_rest(float* x, const float* cosines, const float* sines, int64_t n) {
  float parts[3][8] = {{0}};
  const size_t bytes = sizeof(float) * (size_t)n;
  memcpy(parts[0], x, 2 * bytes);
  memcpy(parts[1], cosines, bytes);
  memcpy(parts[2], sines, bytes);
  rotate_adjacent(parts[0], parts[1], parts[2]);
  memcpy(x, parts[0], 2 * bytes);
}

static void rotate_head(int32_t style, float* x, const float* cosines, const float* sines,
                        int64_t pairs) {
  int64_t i = 0;
  if (style == BN_ROPE_HALVES) {
    for (; i + 16 <= pairs; i += 16) {
      rotate_halves(x + i, x + pairs + i, cosines + i, sines + i, 16);
    }
    if (i < pairs) {
      rotate_halves(x + i, x + pairs + i, cosines + i, sines + i, pairs - i);
    }
  } else {
    for (; i + 4 <= pairs; i += 4) {
      rotate_adjacent(x + 2 * i, cosines + i, sines + i);
    }
    rotate_rest(x + 2 * i, cosines + i, sines + i, pairs - i);
  }
}

int32_t bn_rotate_neon(const bn_rope* rope, const bn_batch* batch, const bn_rows* x, int32_t begin,
                       int32_t end) {
  if (rope->style != BN_ROPE_HALVES && rope->style != BN_ROPE_ADJACENT) {
    return BN_UNSUPPORTED;
  }
  for (int32_t r = begin; r < end; r++) {
    const int64_t at = (int64_t)batch->positions[r] * rope->pairs;
    for (int32_t head = 0; head < x->columns; head += rope->head_dim) {
      rotate_head(rope->style, bn_row(x, r) + head, rope->cosines + at, rope->sines + at,
                  rope->pairs);
    }
  }
  return BN_OK;
}
