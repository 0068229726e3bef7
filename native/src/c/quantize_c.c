#include <stddef.h>
#include <string.h>

#include "common/float_math.h"
#include "common/kernels.h"

static float normalized(const float* x, const float* weight, float inverse, int32_t i) {
  return weight == NULL ? x[i] : x[i] * inverse * weight[i];
}

/* Quantizes elements [begin, end) by s; returns their sum. */
static int32_t quantize(const float* x, const float* weight, float inverse, float s, int8_t* q,
                        int32_t begin, int32_t end) {
  int32_t sum = 0;
  for (int32_t i = begin; i < end; i++) {
    int32_t v = (int32_t)bn_rint(normalized(x, weight, inverse, i) * s);
    v = v < -128 ? -128 : v > 127 ? 127 : v;
    q[i] = (int8_t)v;
    sum += v;
  }
  return sum;
}

int32_t bn_quantize_c(const bn_rows* x, const bn_norm* norm, const bn_quantized* out, int32_t begin,
                      int32_t end) {
  const int32_t n = x->columns;
  const float* weight = norm->weight;
  const int32_t blocks = bn_runs(n, out->block_columns);
  const int32_t block = out->block_columns == 0 ? n : out->block_columns;
  const int32_t groups = bn_runs(n, out->group_columns);
  const int32_t group = out->group_columns == 0 ? n : out->group_columns;
  for (int32_t r = begin; r < end; r++) {
    const float* in = bn_row(x, r);
    float inverse = weight == NULL ? 1.0f : bn_inverse_rms(in, n, norm->epsilon);
    int8_t* q = out->values + r * out->stride;
    int32_t sum = 0;
    for (int32_t b = 0; b < blocks; b++) {
      const int32_t first = b * block;
      const int32_t last = b + 1 < blocks ? first + block : n;
      uint32_t largest = 0; /* as bits: the order of the absolute values, non-finite on top */
      for (int32_t i = first; i < last; i++) {
        uint32_t bits = bn_bits_of(normalized(in, weight, inverse, i)) & 0x7fffffff;
        largest = bits > largest ? bits : largest;
      }
      if (largest >= 0x7f800000) {
        return BN_NON_FINITE;
      }
      float amax = bn_float_of(largest);
      amax = amax > 1e-5f ? amax : 1e-5f;
      out->scales[(int64_t)r * blocks + b] = amax / 127.0f;
      for (int32_t i = first; i < last; i += group) {
        const int32_t end_of_group = last - i < group ? last : i + group;
        const int32_t part = quantize(in, weight, inverse, 127.0f / amax, q, i, end_of_group);
        if (out->group_sums != NULL) {
          out->group_sums[(int64_t)r * groups + i / group] = part;
        }
        sum += part;
      }
    }
    memset(q + n, 0, (size_t)(out->stride - n));
    out->sums[r] = sum;
  }
  return BN_OK;
}
