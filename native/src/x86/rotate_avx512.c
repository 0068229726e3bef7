#include "lanes_avx512.h"

#include "common/rotate.h"

/* n of 8 pairs (x[2i], x[2i + 1]). */
BN_INLINE void rotate_adjacent(float* x, const float* cosines, const float* sines, int64_t n) {
  const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
  const __m512 cos = _mm512_permutexvar_ps(twice, bn_vload(cosines, n));
  const __m512 sin = _mm512_permutexvar_ps(twice, bn_vload(sines, n));
  const __m512 pairs = bn_vload(x, 2 * n);
  const __m512 swapped = _mm512_permute_ps(pairs, _MM_SHUFFLE(2, 3, 0, 1));
  const __m512 by_cos = _mm512_mul_ps(pairs, cos);   /* a cos, b cos */
  const __m512 by_sin = _mm512_mul_ps(swapped, sin); /* b sin, a sin */
  const __m512 sum = _mm512_add_ps(by_sin, by_cos);
  bn_vstore(x, _mm512_mask_sub_ps(sum, 0x5555, by_cos, by_sin), 2 * n);
}

int32_t bn_rotate_avx512(const bn_rope* rope, const bn_batch* batch, const bn_rows* x,
                         int32_t begin, int32_t end) {
  return bn_rotate_by(rotate_adjacent, rope, batch, x, begin, end);
}
