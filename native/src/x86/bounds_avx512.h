/* From the sums of 16 rows to their bounds; bounds.h has the operations. */
#ifndef BITNET_BOUNDS_AVX512_H
#define BITNET_BOUNDS_AVX512_H

#include <immintrin.h>

#include "common/bounds.h"

/* 256 * high + low, exact, rounded to float. */
static inline __m512 bn_join_bytes(__m512i high, __m512i low) {
  const __m512d by = _mm512_set1_pd(256.0);
  __m256 parts[2];
  for (int i = 0; i < 2; i++) {
    const __m256i h = i == 0 ? _mm512_castsi512_si256(high) : _mm512_extracti32x8_epi32(high, 1);
    const __m256i l = i == 0 ? _mm512_castsi512_si256(low) : _mm512_extracti32x8_epi32(low, 1);
    const __m512d joined =
        _mm512_add_pd(_mm512_mul_pd(by, _mm512_cvtepi32_pd(h)), _mm512_cvtepi32_pd(l));
    parts[i] = _mm512_cvtpd_ps(joined);
  }
  return _mm512_insertf32x8(_mm512_castps256_ps512(parts[0]), parts[1], 1);
}

/* Sets the bounds of a panel's rows, -infinity outside the mask, and the panel's own. */
static inline void bn_set_bounds_avx512(const bn_low_bit* s, const bn_activation16* x,
                                        const bn_bounds* bounds, int32_t panel, __mmask16 mask,
                                        __m512i high, __m512i low, float factor, int32_t residual) {
  const float* from = bn_scales_and_norms(s, panel);
  const __m512 scale = _mm512_mul_ps(_mm512_load_ps(from), _mm512_set1_ps(x->scale));
  const __m512 value =
      _mm512_mul_ps(bn_join_bytes(high, low), _mm512_mul_ps(_mm512_set1_ps(factor), scale));
  const __m512 by_residual =
      _mm512_mul_ps(_mm512_load_ps(from + residual), _mm512_set1_ps(x->error_weight));
  const __m512 by_norm = _mm512_mul_ps(_mm512_load_ps(from + 48), _mm512_set1_ps(x->norm_weight));
  const __m512 off = _mm512_add_ps(_mm512_add_ps(by_residual, by_norm), _mm512_set1_ps(x->slack));
  const __m512 none = _mm512_set1_ps(BN_MINUS_INFINITY);
  const __m512 lower = _mm512_mask_sub_ps(none, mask, value, off);
  const __m512 upper = _mm512_mask_add_ps(none, mask, value, off);
  _mm512_store_ps(bounds->lower + BN_LOW_BIT_ROWS * (int64_t)panel, lower);
  _mm512_store_ps(bounds->upper + BN_LOW_BIT_ROWS * (int64_t)panel, upper);
  bounds->panel_lower[panel] = _mm512_reduce_max_ps(lower);
  bounds->panel_upper[panel] = _mm512_reduce_max_ps(upper);
}

#endif
