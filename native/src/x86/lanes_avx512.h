/*
 * The vectors of AVX-512: 16 float lanes in a register, and their integers. common/vectors.h says
 * what each function is for; float_math.h defines what it computes.
 */
#ifndef BITNET_LANES_AVX512_H
#define BITNET_LANES_AVX512_H

#include <immintrin.h>
#include <stdint.h>

#include "common/float_math.h"
#include "common/unroll.h"

typedef __m512 bn_vector;
typedef __m512i bn_integers;
#define BN_WIDTH 16

/* The first n lanes; all 16 for a larger n. */
static inline __mmask16 bn_mask16(int64_t n) {
  return n >= 16 ? (__mmask16)0xffff : (__mmask16)((1u << n) - 1);
}

/* The first n elements, then zeros; reads no others. */
static inline __m512 bn_vload(const float* p, int64_t n) {
  return _mm512_maskz_loadu_ps(bn_mask16(n), p);
}

static inline void bn_vstore(float* p, __m512 v, int64_t n) {
  _mm512_mask_storeu_ps(p, bn_mask16(n), v);
}

/* The same from float16. */
static inline __m512 bn_vload_f16(const void* p, int64_t n) {
  return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(bn_mask16(n), p));
}

/* The same from bfloat16. */
static inline __m512 bn_vload_bf16(const void* p, int64_t n) {
  __m256i upper = _mm256_maskz_loadu_epi16(bn_mask16(n), p);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(upper), 16));
}

/* Stores the first n lanes as float16, ties to even. */
static inline void bn_vstore_f16(uint16_t* p, __m512 v, int64_t n) {
  __m256i half = _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  _mm256_mask_storeu_epi16(p, bn_mask16(n), half);
}

static inline __m512 bn_vall(float x) { return _mm512_set1_ps(x); }

static inline __m512 bn_vadd(__m512 a, __m512 b) { return _mm512_add_ps(a, b); }

static inline __m512 bn_vsub(__m512 a, __m512 b) { return _mm512_sub_ps(a, b); }

static inline __m512 bn_vmul(__m512 a, __m512 b) { return _mm512_mul_ps(a, b); }

/* acc + a * b, fused, in the first n lanes. */
static inline __m512 bn_vfma(__m512 acc, __m512 a, __m512 b, int64_t n) {
  return _mm512_mask3_fmadd_ps(a, b, acc, bn_mask16(n));
}

/* acc + a in the first n lanes. */
static inline __m512 bn_vaccumulate(__m512 acc, __m512 a, int64_t n) {
  return _mm512_mask_add_ps(acc, bn_mask16(n), acc, a);
}

/* 16 lanes to one: the upper half is added to the lower, four times. */
BN_INLINE float bn_vfold(const __m512 lanes[1]) {
  __m256 v = _mm256_add_ps(_mm512_castps512_ps256(lanes[0]), _mm512_extractf32x8_ps(lanes[0], 1));
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

static inline __m512 bn_vexp(__m512 x) {
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

/* x / (1 + exp(-u)). */
static inline __m512 bn_vlogistic(__m512 x, __m512 u) {
  __m512 negated = _mm512_xor_ps(u, _mm512_set1_ps(-0.0f));
  return _mm512_div_ps(x, _mm512_add_ps(_mm512_set1_ps(1.0f), bn_vexp(negated)));
}

/* max(x, 0)^2; NaN for NaN. */
static inline __m512 bn_vrelu_squared(__m512 x) {
  __m512 r = _mm512_max_ps(_mm512_setzero_ps(), x);
  return _mm512_mul_ps(r, r);
}

/* ---- Integers ---- */

/* |v| as bits, which order as the values do; those of a NaN are above infinity's. */
static inline __m512i bn_vmagnitude(__m512 v) {
  return _mm512_and_si512(_mm512_castps_si512(v), _mm512_set1_epi32(0x7fffffff));
}

static inline __m512i bn_vround(__m512 v) { return _mm512_cvtps_epi32(v); }

static inline __m512i bn_izero(void) { return _mm512_setzero_si512(); }

static inline __m512i bn_iadd(__m512i a, __m512i b) { return _mm512_add_epi32(a, b); }

static inline __m512i bn_imax(__m512i a, __m512i b) { return _mm512_max_epu32(a, b); }

static inline uint32_t bn_ilargest(__m512i v) { return _mm512_reduce_max_epu32(v); }

static inline int32_t bn_isum(__m512i v) { return _mm512_reduce_add_epi32(v); }

/* Stores all lanes as int8, saturating. */
static inline void bn_istore_int8(int8_t* p, __m512i v) {
  _mm_storeu_si128((__m128i*)p, _mm512_cvtsepi32_epi8(v));
}

#endif
