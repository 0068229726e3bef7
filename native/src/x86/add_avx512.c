#include "common/kernels.h"
#include "lanes_avx512.h"

/* x += y in the first n of 16 elements. */
static inline void add(float* x, const float* y, int64_t n) {
  bn_store16(x, _mm512_add_ps(bn_load16(x, n), bn_load16(y, n)), n);
}

int32_t bn_add_avx512(const bn_rows* x, const bn_rows* y, int32_t begin, int32_t end) {
  const int64_t n = x->columns;
  for (int32_t r = begin; r < end; r++) {
    float* a = bn_row(x, r);
    const float* b = bn_row(y, r);
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
      add(a + i, b + i, 16);
    }
    if (i < n) {
      add(a + i, b + i, n - i);
    }
  }
  return BN_OK;
}
