#include <stddef.h>
#include <string.h>

#include "kernels.h"
#include "norm_avx2.h"

/* norm(x), or x where there is no norm, in the first n of 8 elements; zeros beyond. */
static inline __m256 normalized(const float* x, const float* weight, float inverse, int64_t i,
                                int64_t n) {
  return weight == NULL ? bn_load8(x + i, n) : bn_scaled8(x + i, weight + i, inverse, n);
}

/* The largest of |norm(x)| as bits: the order of the absolute values, non-finite on top. */
static inline uint32_t largest_bits(const float* x, const float* weight, float inverse, int64_t n) {
  const __m256i absolute = _mm256_set1_epi32(0x7fffffff);
  __m256i largest = _mm256_setzero_si256();
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    __m256i bits = _mm256_castps_si256(normalized(x, weight, inverse, i, 8));
    largest = _mm256_max_epu32(largest, _mm256_and_si256(bits, absolute));
  }
  if (i < n) {
    /* 0 * inverse may be NaN in lanes without an element: the mask drops them. */
    __m256i bits = _mm256_castps_si256(normalized(x, weight, inverse, i, n - i));
    bits = _mm256_and_si256(bits, _mm256_and_si256(absolute, bn_mask8(n - i)));
    largest = _mm256_max_epu32(largest, bits);
  }
  __m128i m = _mm_max_epu32(_mm256_castsi256_si128(largest), _mm256_extracti128_si256(largest, 1));
  m = _mm_max_epu32(m, _mm_shuffle_epi32(m, _MM_SHUFFLE(1, 0, 3, 2)));
  m = _mm_max_epu32(m, _mm_shuffle_epi32(m, _MM_SHUFFLE(2, 3, 0, 1)));
  return (uint32_t)_mm_cvtsi128_si32(m);
}

static inline int32_t sum_of(__m256i v) {
  __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, _MM_SHUFFLE(1, 0, 3, 2)));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, _MM_SHUFFLE(2, 3, 0, 1)));
  return _mm_cvtsi128_si32(s);
}

/* Stores 8 integers as int8. |v| <= 127: saturation is the definition's clamp, and never acts. */
static inline void store_int8(int8_t* q, __m256i v) {
  __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  _mm_storel_epi64((__m128i*)q, _mm_packs_epi16(words, words));
}

/* Writes norm(x) * s as int8, 8 columns at a time with zeros from n on; returns the sum. */
static inline int32_t round_row(const float* x, const float* weight, float inverse, float s,
                                int8_t* q, int64_t n) {
  const __m256 by = _mm256_set1_ps(s);
  __m256i sum = _mm256_setzero_si256();
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    __m256i v = _mm256_cvtps_epi32(_mm256_mul_ps(normalized(x, weight, inverse, i, 8), by));
    store_int8(q + i, v);
    sum = _mm256_add_epi32(sum, v);
  }
  if (i < n) {
    __m256 part = _mm256_mul_ps(normalized(x, weight, inverse, i, n - i), by);
    __m256i v = _mm256_and_si256(_mm256_cvtps_epi32(part), bn_mask8(n - i));
    store_int8(q + i, v);
    sum = _mm256_add_epi32(sum, v);
  }
  return sum_of(sum);
}

int32_t bn_quantize_avx2(const bn_rows* x, const bn_norm* norm, const bn_quantized* out,
                         int32_t begin, int32_t end) {
  const int64_t n = x->columns;
  const int64_t written = (n + 7) / 8 * 8;
  const float* weight = norm->weight;
  for (int32_t r = begin; r < end; r++) {
    const float* in = bn_row(x, r);
    const float inverse = weight == NULL ? 1.0f : bn_inverse_rms(in, n, norm->epsilon);
    const uint32_t largest = largest_bits(in, weight, inverse, n);
    if (largest >= 0x7f800000) {
      return BN_NON_FINITE;
    }
    float amax = bn_float_of(largest);
    amax = amax > 1e-5f ? amax : 1e-5f;
    int8_t* q = out->values + r * out->stride;
    out->sums[r] = round_row(in, weight, inverse, 127.0f / amax, q, n);
    out->scales[r] = amax / 127.0f;
    memset(q + written, 0, (size_t)(out->stride - written));
  }
  return BN_OK;
}
