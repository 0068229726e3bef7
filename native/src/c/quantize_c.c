#include <stddef.h>
#include <string.h>

#include "common/float_math.h"
#include "common/kernels.h"

static float normalized(const float* x, const float* weight, float inverse, int32_t i) {
  return weight == NULL ? x[i] : x[i] * inverse * weight[i];
}

int32_t bn_quantize_c(const bn_rows* x, const bn_norm* norm, const bn_quantized* out, int32_t begin,
                      int32_t end) {
  const int32_t n = x->columns;
  const float* weight = norm->weight;
  for (int32_t r = begin; r < end; r++) {
    const float* in = bn_row(x, r);
    float inverse = weight == NULL ? 1.0f : bn_inverse_rms(in, n, norm->epsilon);
    uint32_t largest = 0; /* as bits: the order of the absolute values, non-finite on top */
    for (int32_t i = 0; i < n; i++) {
      uint32_t bits = bn_bits_of(normalized(in, weight, inverse, i)) & 0x7fffffff;
      largest = bits > largest ? bits : largest;
    }
    if (largest >= 0x7f800000) {
      return BN_NON_FINITE;
    }
    float amax = bn_float_of(largest);
    amax = amax > 1e-5f ? amax : 1e-5f;
    float s = 127.0f / amax;
    int8_t* q = out->values + r * out->stride;
    int32_t sum = 0;
    for (int32_t i = 0; i < n; i++) {
      int32_t v = (int32_t)bn_rint(normalized(in, weight, inverse, i) * s);
      v = v < -128 ? -128 : v > 127 ? 127 : v;
      q[i] = (int8_t)v;
      sum += v;
    }
    memset(q + n, 0, (size_t)(out->stride - n));
    out->scales[r] = amax / 127.0f;
    out->sums[r] = sum;
  }
  return BN_OK;
}
