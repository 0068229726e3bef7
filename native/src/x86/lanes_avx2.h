/*
 * The vectors of AVX2: 8 float lanes in a register, and their integers. common/vectors.h says what
 * each function is for; float_math.h defines what it computes.
 */
#ifndef BITNET_LANES_AVX2_H
#define BITNET_LANES_AVX2_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "common/float_math.h"
#include "common/unroll.h"

typedef __m256 bn_vector;
typedef __m256i bn_integers;
#define BN_WIDTH 8

/* All bits of the first n lanes, for |n| < 2^31. */
static inline __m256i bn_mask8(int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int32_t)n),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/*
 * The first n elements, then zeros; reads no others. Not by a masked load: an emulator may touch
 * the memory of masked lanes (qemu does), and a rest comes once in a row.
 */
static inline __m256 bn_vload(const float* p, int64_t n) {
  if (n >= 8) {
    return _mm256_loadu_ps(p);
  }
  float part[8] = {0};
  for (int64_t l = 0; l < n; l++) {
    part[l] = p[l];
  }
  return _mm256_loadu_ps(part);
}

static inline void bn_vstore(float* p, __m256 v, int64_t n) {
  if (n >= 8) {
    _mm256_storeu_ps(p, v);
    return;
  }
  float part[8];
  _mm256_storeu_ps(part, v);
  for (int64_t l = 0; l < n; l++) {
    p[l] = part[l];
  }
}

/* The first n of 8 16-bit elements, then zeros; reads no others. */
static inline __m128i bn_load8_u16(const void* p, int64_t n) {
  if (n >= 8) {
    return _mm_loadu_si128((const __m128i*)p);
  }
  uint16_t part[8] = {0};
  for (int64_t l = 0; l < n; l++) {
    part[l] = bn_load_u16((const uint8_t*)p + 2 * l);
  }
  return _mm_loadu_si128((const __m128i*)part);
}

/* The first n elements from float16, then zeros. */
static inline __m256 bn_vload_f16(const void* p, int64_t n) {
  return _mm256_cvtph_ps(bn_load8_u16(p, n));
}

/* The same from bfloat16. */
static inline __m256 bn_vload_bf16(const void* p, int64_t n) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bn_load8_u16(p, n)), 16));
}

/* Stores the first n lanes as float16, ties to even. */
static inline void bn_vstore_f16(uint16_t* p, __m256 v, int64_t n) {
  __m128i half = _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  if (n >= 8) {
    _mm_storeu_si128((__m128i*)p, half);
    return;
  }
  uint16_t part[8];
  _mm_storeu_si128((__m128i*)part, half);
  for (int64_t l = 0; l < n; l++) {
    p[l] = part[l];
  }
}

/* The first n lanes of a, the others of b. */
static inline __m256 bn_vselect(__m256 a, __m256 b, int64_t n) {
  return n >= 8 ? a : _mm256_blendv_ps(b, a, _mm256_castsi256_ps(bn_mask8(n)));
}

static inline __m256 bn_vall(float x) { return _mm256_set1_ps(x); }

static inline __m256 bn_vadd(__m256 a, __m256 b) { return _mm256_add_ps(a, b); }

static inline __m256 bn_vsub(__m256 a, __m256 b) { return _mm256_sub_ps(a, b); }

static inline __m256 bn_vmul(__m256 a, __m256 b) { return _mm256_mul_ps(a, b); }

/* acc + a * b, fused, in the first n lanes. */
static inline __m256 bn_vfma(__m256 acc, __m256 a, __m256 b, int64_t n) {
  return bn_vselect(_mm256_fmadd_ps(a, b, acc), acc, n);
}

/* acc + a in the first n lanes. */
static inline __m256 bn_vaccumulate(__m256 acc, __m256 a, int64_t n) {
  return bn_vselect(_mm256_add_ps(acc, a), acc, n);
}

/* 16 lanes to one: the upper half is added to the lower, four times. */
BN_INLINE float bn_vfold(const __m256 lanes[2]) {
  __m256 v = _mm256_add_ps(lanes[0], lanes[1]);
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

static inline __m256 bn_vexp(__m256 x) {
  /* maxps and minps return their second operand if either is NaN. */
  __m256 c = _mm256_max_ps(_mm256_set1_ps(BN_EXP_LOW), x);
  c = _mm256_min_ps(_mm256_set1_ps(BN_EXP_HIGH), c);
  __m256 n = _mm256_round_ps(_mm256_mul_ps(c, _mm256_set1_ps(BN_LOG2_E)),
                             _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(BN_LN2_HIGH), c);
  r = _mm256_fnmadd_ps(n, _mm256_set1_ps(BN_LN2_LOW), r);
  __m256 p = _mm256_fmadd_ps(_mm256_set1_ps(BN_EXP_C6), r, _mm256_set1_ps(BN_EXP_C5));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(BN_EXP_C4));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(BN_EXP_C3));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(BN_EXP_C2));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f));
  /* For NaN the factors are arbitrary, but p is NaN. */
  const __m256i bias = _mm256_set1_epi32(127);
  __m256i k = _mm256_cvtps_epi32(n);
  __m256i half = _mm256_srai_epi32(k, 1);
  __m256i first = _mm256_slli_epi32(_mm256_add_epi32(half, bias), 23);
  __m256i second = _mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(k, half), bias), 23);
  return _mm256_mul_ps(_mm256_mul_ps(p, _mm256_castsi256_ps(first)), _mm256_castsi256_ps(second));
}

/* x / (1 + exp(-u)). */
static inline __m256 bn_vlogistic(__m256 x, __m256 u) {
  __m256 negated = _mm256_xor_ps(u, _mm256_set1_ps(-0.0f));
  return _mm256_div_ps(x, _mm256_add_ps(_mm256_set1_ps(1.0f), bn_vexp(negated)));
}

/* max(x, 0)^2; NaN for NaN. */
static inline __m256 bn_vrelu_squared(__m256 x) {
  __m256 r = _mm256_max_ps(_mm256_setzero_ps(), x);
  return _mm256_mul_ps(r, r);
}

/* ---- Integers ---- */

/* |v| as bits, which order as the values do; those of a NaN are above infinity's. */
static inline __m256i bn_vmagnitude(__m256 v) {
  return _mm256_and_si256(_mm256_castps_si256(v), _mm256_set1_epi32(0x7fffffff));
}

static inline __m256i bn_vround(__m256 v) { return _mm256_cvtps_epi32(v); }

static inline __m256i bn_izero(void) { return _mm256_setzero_si256(); }

static inline __m256i bn_iadd(__m256i a, __m256i b) { return _mm256_add_epi32(a, b); }

static inline __m256i bn_imax(__m256i a, __m256i b) { return _mm256_max_epu32(a, b); }

static inline uint32_t bn_ilargest(__m256i v) {
  __m128i m = _mm_max_epu32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  m = _mm_max_epu32(m, _mm_shuffle_epi32(m, _MM_SHUFFLE(1, 0, 3, 2)));
  m = _mm_max_epu32(m, _mm_shuffle_epi32(m, _MM_SHUFFLE(2, 3, 0, 1)));
  return (uint32_t)_mm_cvtsi128_si32(m);
}

static inline int32_t bn_isum(__m256i v) {
  __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, _MM_SHUFFLE(1, 0, 3, 2)));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, _MM_SHUFFLE(2, 3, 0, 1)));
  return _mm_cvtsi128_si32(s);
}

/* Stores all lanes as int8, saturating. */
static inline void bn_istore_int8(int8_t* p, __m256i v) {
  __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  _mm_storel_epi64((__m128i*)p, _mm_packs_epi16(words, words));
}

#endif
