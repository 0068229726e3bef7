#include <immintrin.h>

#include "common/kernels.h"
#include "common/unroll.h"

/* Four runs side by side: more requests are under way than for one (a fifth more on Zen 4). */
#define BN_RUNS 4

int64_t bn_sum_bytes_avx2(const uint8_t* p, int64_t n) {
  const __m256i zero = _mm256_setzero_si256();
  const int64_t run = n / BN_RUNS & -64;
  __m256i sums[BN_RUNS] = {zero, zero, zero, zero};
  for (int64_t i = 0; i < run; i += 64) {
    BN_UNROLL
    for (int k = 0; k < BN_RUNS; k++) {
      const __m256i* bytes = (const __m256i*)(p + k * run + i);
      const __m256i low = _mm256_sad_epu8(_mm256_loadu_si256(bytes), zero);
      const __m256i high = _mm256_sad_epu8(_mm256_loadu_si256(bytes + 1), zero);
      sums[k] = _mm256_add_epi64(sums[k], _mm256_add_epi64(low, high));
    }
  }
  int64_t sum = bn_sum_bytes_c(p + BN_RUNS * run, n - BN_RUNS * run);
  for (int k = 0; k < BN_RUNS; k++) {
    int64_t lanes[4];
    _mm256_storeu_si256((__m256i*)lanes, sums[k]);
    sum += lanes[0] + lanes[1] + lanes[2] + lanes[3];
  }
  return sum;
}
