/*
 * 16 float lanes in one register: loads and stores of the first n lanes, float16 and bfloat16, the
 * order of reductions and exp, as float_math.h defines them.
 *
 * A reduction is acc = bn_fma16(acc, a, b, n) over rising parts of 16 and bn_fold16(acc) at the
 * end. Lanes from n on keep their value there: adding even +0 to them would turn -0 into +0.
 */
#ifndef BITNET_LANES_AVX512_H
#define BITNET_LANES_AVX512_H

#include <immintrin.h>
#include <stdint.h>

#include "common/float_math.h"

/* The first n lanes; all 16 for a larger n. */
static inline __mmask16 bn_mask16(int64_t n) {
  return n >= 16 ? (__mmask16)0xffff : (__mmask16)((1u << n) - 1);
}

/* The first n elements, then zeros; reads no others. */
static inline __m512 bn_load16(const float* p, int64_t n) {
  return _mm512_maskz_loadu_ps(bn_mask16(n), p);
}

static inline void bn_store16(float* p, __m512 v, int64_t n) {
  _mm512_mask_storeu_ps(p, bn_mask16(n), v);
}

/* The same from float16. */
static inline __m512 bn_load_half16(const void* p, int64_t n) {
  return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(bn_mask16(n), p));
}

/* The same from bfloat16. */
static inline __m512 bn_load_bfloat16(const void* p, int64_t n) {
  __m256i upper = _mm256_maskz_loadu_epi16(bn_mask16(n), p);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(upper), 16));
}

/* Stores the first n lanes as float16, ties to even. */
static inline void bn_store_half16(uint16_t* p, __m512 v, int64_t n) {
  __m256i half = _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  _mm256_mask_storeu_epi16(p, bn_mask16(n), half);
}

/* acc + a * b, fused, in the first n lanes. */
static inline __m512 bn_fma16(__m512 acc, __m512 a, __m512 b, int64_t n) {
  return _mm512_mask3_fmadd_ps(a, b, acc, bn_mask16(n));
}

/* acc + a in the first n lanes. */
static inline __m512 bn_add16(__m512 acc, __m512 a, int64_t n) {
  return _mm512_mask_add_ps(acc, bn_mask16(n), acc, a);
}

/* 8 lanes to one: the upper half is added to the lower, three times. */
static inline float bn_fold8(__m256 v) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

/* 16 lanes to one: the upper half is added to the lower, four times. */
static inline float bn_fold16(__m512 v) {
  return bn_fold8(_mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1)));
}

static inline __m512 bn_exp16(__m512 x) {
  /* maxps and minps return their second operand if either is NaN. */
  __m512 c = _mm512_max_ps(_mm512_set1_ps(BN_EXP_LOW), x);
  c = _mm512_min_ps(_mm512_set1_ps(BN_EXP_HIGH), c);
  __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(c, _mm512_set1_ps(BN_LOG2_E)),
                                  _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(BN_LN2_HIGH), c);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(BN_LN2_LOW), r);
  __m512 p = _mm512_fmadd_ps(_mm512_set1_ps(BN_EXP_C6), r, _mm512_set1_ps(BN_EXP_C5));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(BN_EXP_C4));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(BN_EXP_C3));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(BN_EXP_C2));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
  /* p * 2^n, rounded once; of the definition's two products the first is exact. */
  return _mm512_scalef_ps(p, n);
}

/* x / (1 + exp(-x)). */
static inline __m512 bn_silu16(__m512 x) {
  __m512 negated = _mm512_xor_ps(x, _mm512_set1_ps(-0.0f));
  return _mm512_div_ps(x, _mm512_add_ps(_mm512_set1_ps(1.0f), bn_exp16(negated)));
}

/* max(x, 0)^2; NaN for NaN. */
static inline __m512 bn_relu_squared16(__m512 x) {
  __m512 r = _mm512_max_ps(_mm512_setzero_ps(), x);
  return _mm512_mul_ps(r, r);
}

/* Dot product of n elements. */
static inline float bn_dot16(const float* a, const float* b, int64_t n) {
  __m512 acc = _mm512_setzero_ps();
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    acc = bn_fma16(acc, bn_load16(a + i, 16), bn_load16(b + i, 16), 16);
  }
  if (i < n) {
    acc = bn_fma16(acc, bn_load16(a + i, n - i), bn_load16(b + i, n - i), n - i);
  }
  return bn_fold16(acc);
}

#endif
