#include <stddef.h>
#include <string.h>

#include "common/kernels.h"
#include "norm_avx2.h"

/*
 * norm(x), or x where there is no norm, in the first n, from i on, of 8 elements. Beyond them
 * stands 0 unless inverse is not finite, and then the norm of every element is not finite either.
 */
static inline __m256 normalized(const float* x, const float* weight, float inverse, int64_t i,
                                int64_t n) {
  return weight == NULL ? bn_load8(x + i, n) : bn_scaled8(x + i, weight + i, inverse, n);
}

/* The larger of |y| and those before, as bits: their order is that of the absolute values. */
static inline __m256i larger(__m256i largest, __m256 y) {
  const __m256i absolute = _mm256_set1_epi32(0x7fffffff);
  return _mm256_max_epu32(largest, _mm256_and_si256(_mm256_castps_si256(y), absolute));
}

/* The largest of |norm(x)| as bits: at least those of infinity if one is not finite. */
static inline uint32_t largest_bits(const float* x, const float* weight, float inverse, int64_t n) {
  __m256i largest = _mm256_setzero_si256();
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    largest = larger(largest, normalized(x, weight, inverse, i, 8));
  }
  if (i < n) {
    largest = larger(largest, normalized(x, weight, inverse, i, n - i));
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

/* Writes 8 elements y * s as int8 and adds them to sum. */
static inline __m256i round_part(__m256i sum, __m256 y, __m256 s, int8_t* q) {
  const __m256i v = _mm256_cvtps_epi32(_mm256_mul_ps(y, s));
  store_int8(q, v);
  return _mm256_add_epi32(sum, v);
}

/* Writes norm(x) * s as int8, 8 columns at a time with zeros from n on; returns the sum. */
static inline int32_t round_row(const float* x, const float* weight, float inverse, float s,
                                int8_t* q, int64_t n) {
  const __m256 by = _mm256_set1_ps(s);
  __m256i sum = _mm256_setzero_si256();
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    sum = round_part(sum, normalized(x, weight, inverse, i, 8), by, q + i);
  }
  if (i < n) {
    sum = round_part(sum, normalized(x, weight, inverse, i, n - i), by, q + i);
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
