#include "common/kernels.h"
#include "lanes_avx2.h"

/* x += y in the first n of 8 elements. */
static inline void add(float* x, const float* y, int64_t n) {
  bn_store8(x, _mm256_add_ps(bn_load8(x, n), bn_load8(y, n)), n);
}

int32_t bn_add_avx2(const bn_rows* x, const bn_rows* y, int32_t begin, int32_t end) {
  const int64_t n = x->columns;
  for (int32_t r = begin; r < end; r++) {
    float* a = bn_row(x, r);
    const float* b = bn_row(y, r);
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
      add(a + i, b + i, 8);
    }
    if (i < n) {
      add(a + i, b + i, n - i);
    }
  }
  return BN_OK;
}
