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

/* Logits of 16 rows by the codes, and their upper bounds. */
typedef struct {
  __m512 value;
  __m512 upper;
} bn_bounds_avx512;

/* bn_bound_of a panel's rows. */
static inline bn_bounds_avx512 bn_bounds_of_avx512(const bn_low_bit* s, const bn_activation16* x,
                                                   int32_t panel, __m512i high, __m512i low,
                                                   float factor, int32_t residual) {
  const float* from = bn_scales_and_norms(s, panel);
  const __m512 scale = _mm512_mul_ps(_mm512_load_ps(from), _mm512_set1_ps(x->scale));
  const __m512 value =
      _mm512_mul_ps(bn_join_bytes(high, low), _mm512_mul_ps(_mm512_set1_ps(factor), scale));
  const __m512 by_residual =
      _mm512_mul_ps(_mm512_load_ps(from + residual), _mm512_set1_ps(x->error_weight));
  const __m512 by_norm = _mm512_mul_ps(_mm512_load_ps(from + 48), _mm512_set1_ps(x->norm_weight));
  const __m512 off = _mm512_add_ps(_mm512_add_ps(by_residual, by_norm), _mm512_set1_ps(x->slack));
  return (bn_bounds_avx512){value, _mm512_add_ps(value, off)};
}

/* Which of a panel's rows there are. */
static inline __mmask16 bn_rows_there_avx512(const bn_low_bit* s, int32_t panel) {
  return (__mmask16)((1u << bn_panel_rows(s, panel)) - 1);
}

static inline float bn_largest_avx512(__mmask16 mask, __m512 values) {
  return _mm512_reduce_max_ps(_mm512_mask_mov_ps(_mm512_set1_ps(BN_MINUS_INFINITY), mask, values));
}

/* Twice the sums less 15 times the bytes' own. */
static inline __m512i bn_center_avx512(__m512i sums, int32_t bytes) {
  return _mm512_sub_epi32(_mm512_add_epi32(sums, sums), _mm512_set1_epi32(15 * bytes));
}

/* From the sums of a panel's c >> 2 times both bytes to its bounds. */
static inline void bn_bound_panel_avx512(const bn_low_bit* s, const bn_activation16* x,
                                         const bn_bounds* bounds, int32_t panel, __m512i high,
                                         __m512i low) {
  const __mmask16 there = bn_rows_there_avx512(s, panel);
  const __m512i high_sums = _mm512_maskz_mov_epi32(there, bn_center_avx512(high, x->high_sum));
  const __m512i low_sums = _mm512_maskz_mov_epi32(there, bn_center_avx512(low, x->low_sum));
  int32_t* to = bounds->sums + 32 * (int64_t)panel;
  _mm512_store_si512(to, high_sums);
  _mm512_store_si512(to + 16, low_sums);
  const bn_bounds_avx512 b = bn_bounds_of_avx512(s, x, panel, high_sums, low_sums, 2.0f, 16);
  bounds->panel_value[panel] = bn_largest_avx512(there, b.value) + 0.0f;
  bounds->panel_upper[panel] = bn_largest_avx512(there, b.upper);
  bounds->panel_refined[panel] = 0;
}

/* Upper bounds by the coarse plane alone, whose sums are in bounds->sums. */
static inline __m512 bn_coarse_upper_avx512(const bn_low_bit* s, const bn_activation16* x,
                                            const bn_bounds* bounds, int32_t panel) {
  const int32_t* sums = bounds->sums + 32 * (int64_t)panel;
  return bn_bounds_of_avx512(s, x, panel, _mm512_load_si512(sums), _mm512_load_si512(sums + 16),
                             2.0f, 16)
      .upper;
}

/* bn_rows_to_refine. */
static inline __mmask16 bn_rows_to_refine_avx512(const bn_low_bit* s, const bn_activation16* x,
                                                 const bn_bounds* bounds, int32_t panel) {
  if (!(bounds->panel_upper[panel] >= bounds->threshold)) {
    return 0;
  }
  return _mm512_mask_cmp_ps_mask(bn_rows_there_avx512(s, panel),
                                 bn_coarse_upper_avx512(s, x, bounds, panel),
                                 _mm512_set1_ps(bounds->threshold), _CMP_GE_OQ);
}

/* 4 * coarse + 2 * fine - 3 * the bytes' own sum. */
static inline __m512i bn_join_planes_avx512(const int32_t* coarse, __m512i fine, int32_t bytes) {
  const __m512i sums =
      _mm512_add_epi32(_mm512_slli_epi32(_mm512_load_si512(coarse), 2), _mm512_slli_epi32(fine, 1));
  return _mm512_sub_epi32(sums, _mm512_set1_epi32(3 * bytes));
}

/* From the sums of c & 3 times both bytes of a panel's rows in the mask, not 0, to its bounds. */
static inline void bn_refine_panel_avx512(const bn_low_bit* s, const bn_activation16* x,
                                          const bn_bounds* bounds, int32_t panel, __mmask16 mask,
                                          __m512i high, __m512i low) {
  const int32_t* coarse = bounds->sums + 32 * (int64_t)panel;
  const bn_bounds_avx512 refined =
      bn_bounds_of_avx512(s, x, panel, bn_join_planes_avx512(coarse, high, x->high_sum),
                          bn_join_planes_avx512(coarse + 16, low, x->low_sum), 0.5f, 32);
  const __m512 upper = _mm512_mask_mov_ps(
      _mm512_mask_mov_ps(_mm512_set1_ps(BN_MINUS_INFINITY), bn_rows_there_avx512(s, panel),
                         bn_coarse_upper_avx512(s, x, bounds, panel)),
      mask, refined.upper);
  _mm512_store_ps(bounds->upper + BN_LOW_BIT_ROWS * (int64_t)panel, upper);
  bounds->panel_upper[panel] = _mm512_reduce_max_ps(upper);
  bounds->panel_refined[panel] = __builtin_popcount(mask);
}

#endif
