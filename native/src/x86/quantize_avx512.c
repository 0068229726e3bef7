#include <stddef.h>
#include <string.h>

#include "common/kernels.h"
#include "norm_avx512.h"

/*
 * norm(x), or x where there is no norm, in the first n, from i on, of 16 elements. Beyond them
 * stands 0 unless inverse is not finite, and then the norm of every element is not finite either.
 */
static inline __m512 normalized(const float* x, const float* weight, float inverse, int64_t i,
                                int64_t n) {
  return weight == NULL ? bn_load16(x + i, n) : bn_scaled16(x + i, weight + i, inverse, n);
}

/* The larger of |y| and those before, as bits: their order is that of the absolute values. */
static inline __m512i larger(__m512i largest, __m512 y) {
  const __m512i absolute = _mm512_set1_epi32(0x7fffffff);
  return _mm512_max_epu32(largest, _mm512_and_si512(_mm512_castps_si512(y), absolute));
}

/* The largest of |norm(x)| as bits: at least those of infinity if one is not finite. */
static inline uint32_t largest_bits(const float* x, const float* weight, float inverse, int64_t n) {
  __m512i largest = _mm512_setzero_si512();
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    largest = larger(largest, normalized(x, weight, inverse, i, 16));
  }
  if (i < n) {
    largest = larger(largest, normalized(x, weight, inverse, i, n - i));
  }
  return _mm512_reduce_max_epu32(largest);
}

/* Writes 16 elements y * s as int8 and adds them to sum. */
static inline __m512i round_part(__m512i sum, __m512 y, __m512 s, int8_t* q) {
  const __m512i v = _mm512_cvtps_epi32(_mm512_mul_ps(y, s));
  /* |v| <= 127: saturation is the definition's clamp, and never acts. */
  _mm_storeu_si128((__m128i*)q, _mm512_cvtsepi32_epi8(v));
  return _mm512_add_epi32(sum, v);
}

/* Writes norm(x) * s as int8, 16 columns at a time with zeros from n on; returns the sum. */
static inline int32_t round_row(const float* x, const float* weight, float inverse, float s,
                                int8_t* q, int64_t n) {
  const __m512 by = _mm512_set1_ps(s);
  __m512i sum = _mm512_setzero_si512();
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    sum = round_part(sum, normalized(x, weight, inverse, i, 16), by, q + i);
  }
  if (i < n) {
    sum = round_part(sum, normalized(x, weight, inverse, i, n - i), by, q + i);
  }
  return _mm512_reduce_add_epi32(sum);
}

int32_t bn_quantize_avx512(const bn_rows* x, const bn_norm* norm, const bn_quantized* out,
                           int32_t begin, int32_t end) {
  const int64_t n = x->columns;
  const int64_t written = (n + 15) / 16 * 16;
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
