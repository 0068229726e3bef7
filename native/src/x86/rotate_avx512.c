#include "common/kernels.h"
#include "lanes_avx512.h"

/* n of 16 pairs (a[i], b[i]). */
static inline void rotate_halves(float* a, float* b, const float* cosines, const float* sines,
                                 int64_t n) {
  const __m512 cos = bn_load16(cosines, n);
  const __m512 sin = bn_load16(sines, n);
  const __m512 x = bn_load16(a, n);
  const __m512 y = bn_load16(b, n);
  bn_store16(a, _mm512_sub_ps(_mm512_mul_ps(x, cos), _mm512_mul_ps(y, sin)), n);
  bn_store16(b, _mm512_add_ps(_mm512_mul_ps(x, sin), _mm512_mul_ps(y, cos)), n);
}

/* n of 8 pairs (x[2i], x[2i + 1]). */
static inline void rotate_adjacent(float* x, const float* cosines, const float* sines, int64_t n) {
  const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
  const __m512 cos = _mm512_permutexvar_ps(twice, bn_load16(cosines, n));
  const __m512 sin = _mm512_permutexvar_ps(twice, bn_load16(sines, n));
  const __m512 pairs = bn_load16(x, 2 * n);
  const __m512 swapped = _mm512_permute_ps(pairs, _MM_SHUFFLE(2, 3, 0, 1));
  const __m512 by_cos = _mm512_mul_ps(pairs, cos);   /* a cos, b cos */
  const __m512 by_sin = _mm512_mul_ps(swapped, sin); /* b sin, a sin */
  const __m512 sum = _mm512_add_ps(by_sin, by_cos);
  bn_store16(x, _mm512_mask_sub_ps(sum, 0x5555, by_cos, by_sin), 2 * n);
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
    for (; i + 8 <= pairs; i += 8) {
      rotate_adjacent(x + 2 * i, cosines + i, sines + i, 8);
    }
    if (i < pairs) {
      rotate_adjacent(x + 2 * i, cosines + i, sines + i, pairs - i);
    }
  }
}

int32_t bn_rotate_avx512(const bn_rope* rope, const bn_batch* batch, const bn_rows* x,
                         int32_t begin, int32_t end) {
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
