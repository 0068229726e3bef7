#include "lanes_neon.h"

#include "common/rotate.h"

/* Four pairs (x[2i], x[2i + 1]). */
BN_INLINE void rotate_four(float* x, const float* cosines, const float* sines) {
  const float32x4_t cos = vld1q_f32(cosines);
  const float32x4_t sin = vld1q_f32(sines);
  const float32x4x2_t pairs = vld2q_f32(x);
  const float32x4_t a = pairs.val[0];
  const float32x4_t b = pairs.val[1];
  const float32x4x2_t rotated = {{vsubq_f32(vmulq_f32(a, cos), vmulq_f32(b, sin)),
                                  vaddq_f32(vmulq_f32(a, sin), vmulq_f32(b, cos))}};
  vst2q_f32(x, rotated);
}

/* n <= 8 of them. */
BN_INLINE void rotate_adjacent(float* x, const float* cosines, const float* sines, int64_t n) {
  for (; n >= 4; n -= 4, x += 8, cosines += 4, sines += 4) {
    rotate_four(x, cosines, sines);
  }
  if (n > 0) {
    float parts[3][8] = {{0}};
    const size_t bytes = sizeof(float) * (size_t)n;
    memcpy(parts[0], x, 2 * bytes);
    memcpy(parts[1], cosines, bytes);
    memcpy(parts[2], sines, bytes);
    rotate_four(parts[0], parts[1], parts[2]);
    memcpy(x, parts[0], 2 * bytes);
  }
}

int32_t bn_rotate_neon(const bn_rope* rope, const bn_batch* batch, const bn_rows* x, int32_t begin,
                       int32_t end) {
  return bn_rotate_by(rotate_adjacent, rope, batch, x, begin, end);
}
