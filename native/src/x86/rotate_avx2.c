#include "lanes_avx2.h"

#include "common/rotate.h"

/* The first n of 4 elements in the lower lanes; reads no others. */
BN_INLINE __m256 load_4(const float* p, int64_t n) {
  return n >= 4 ? _mm256_castps128_ps256(_mm_loadu_ps(p)) : bn_vload(p, n);
}

/* n of 4 pairs (x[2i], x[2i + 1]). */
BN_INLINE void rotate_adjacent(float* x, const float* cosines, const float* sines, int64_t n) {
  const __m256i twice = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);
  const __m256 cos = _mm256_permutevar8x32_ps(load_4(cosines, n), twice);
  const __m256 sin = _mm256_permutevar8x32_ps(load_4(sines, n), twice);
  const __m256 pairs = bn_vload(x, 2 * n);
  const __m256 swapped = _mm256_permute_ps(pairs, _MM_SHUFFLE(2, 3, 0, 1));
  const __m256 by_cos = _mm256_mul_ps(pairs, cos);   /* a cos, b cos */
  const __m256 by_sin = _mm256_mul_ps(swapped, sin); /* b sin, a sin */
  bn_vstore(x, _mm256_addsub_ps(by_cos, by_sin), 2 * n);
}

int32_t bn_rotate_avx2(const bn_rope* rope, const bn_batch* batch, const bn_rows* x, int32_t begin,
                       int32_t end) {
  return bn_rotate_by(rotate_adjacent, rope, batch, x, begin, end);
}
