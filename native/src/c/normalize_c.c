#include <stddef.h>
#include <string.h>

#include "common/float_math.h"
#include "common/kernels.h"

int32_t bn_normalize_c(const bn_rows* x, const bn_norm* norm, const bn_rows* out, int32_t begin,
                       int32_t end) {
  for (int32_t r = begin; r < end; r++) {
    const float* in = bn_row(x, r);
    float* y = bn_row(out, r);
    if (norm->weight == NULL) {
      memmove(y, in, sizeof(float) * (size_t)x->columns);
      continue;
    }
    float inverse = bn_inverse_rms(in, x->columns, norm->epsilon);
    for (int32_t i = 0; i < x->columns; i++) {
      y[i] = in[i] * inverse * norm->weight[i];
    }
  }
  return BN_OK;
}
