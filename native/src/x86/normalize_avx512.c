#include <stddef.h>
#include <string.h>

#include "common/kernels.h"
#include "norm_avx512.h"

int32_t bn_normalize_avx512(const bn_rows* x, const bn_norm* norm, const bn_rows* out,
                            int32_t begin, int32_t end) {
  const int64_t n = x->columns;
  const float* weight = norm->weight;
  for (int32_t r = begin; r < end; r++) {
    const float* in = bn_row(x, r);
    float* y = bn_row(out, r);
    if (weight == NULL) {
      memmove(y, in, sizeof(float) * (size_t)n);
      continue;
    }
    const float inverse = bn_inverse_rms(in, n, norm->epsilon);
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
      bn_store16(y + i, bn_scaled16(in + i, weight + i, inverse, 16), 16);
    }
    if (i < n) {
      bn_store16(y + i, bn_scaled16(in + i, weight + i, inverse, n - i), n - i);
    }
  }
  return BN_OK;
}
