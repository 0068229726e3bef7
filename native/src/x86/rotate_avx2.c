#include "common/kernels.h"
#include "lanes_avx2.h"

/* n of 8 pairs (a[i], b[i]). */
static inline void rotate_halves(float* a, float* b, const float* cosines, const float* sines,
                                 int64_t n) {
  const __m256 cos = bn_load8(cosines, n);
  const __m256 sin = bn_load8(sines, n);
  const __m256 x = bn_load8(a, n);
  const __m256 y = bn_load8(b, n);
  bn_store8(a, _mm256_sub_ps(_mm256_mul_ps(x, cos), _mm256_mul_ps(y, sin)), n);
  bn_store8(b, _mm256_add_ps(_mm256_mul_ps(x, sin), _mm256_mul_ps(y, cos)), n);
}

/* n of 4 pairs (x[2i], x[2i + 1]). */
static inline void rotate_adjacent(float* x, const float* cosines, const float* sines, int64_t n) {
  const __m256i twice = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);
  const __m256 cos = _mm256_permutevar8x32_ps(bn_load8(cosines, n), twice);
  const __m256 sin = _mm256_permutevar8x32_ps(bn_load8(sines, n), twice);
  const __m256 pairs = bn_load8(x, 2 * n);
  const __m256 swapped = _mm256_permute_ps(pairs, _MM_SHUFFLE(2, 3, 0, 1));
  const __m256 by_cos = _mm256_mul_ps(pairs, cos);   /* a cos, b cos */
  const __m256 by_sin = _mm256_mul_ps(swapped, sin); /* b sin, a sin */
  bn_store8(x, _mm256_addsub_ps(by_cos, by_sin), 2 * n);
}

static void rotate_head(int32_t style, float* x, const float* cosines, const float* sines,
                        int64_t pairs) {
  int64_t i = 0;
  if (style == BN_ROPE_HALVES) {
    for (; i + 8 <= pairs; i += 8) {
      rotate_halves(x + i, x + pairs + i, cosines + i, sines + i, 8);
    }
    if (i < pairs) {
      rotate_halves(x + i, x + pairs + i, cosines + i, sines + i, pairs - i);
    }
  } else {
    for (; i + 4 <= pairs; i += 4) {
      rotate_adjacent(x + 2 * i, cosines + i, sines + i, 4);
    }
    if (i < pairs) {
      rotate_adjacent(x + 2 * i, cosines + i, sines + i, pairs - i);
    }
  }
}

int32_t bn_rotate_avx2(const bn_rope* rope, const bn_batch* batch, const bn_rows* x, int32_t begin,
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
