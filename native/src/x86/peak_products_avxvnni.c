#include <immintrin.h>

#include "common/kernels.h"
#include "common/unroll.h"

/* No less than latency times instructions per cycle of any CPU so far. */
#define BN_SUMS 12

int64_t bn_peak_products_avxvnni(int32_t rounds) {
  __m256i a = _mm256_set1_epi8(1);
  __m256i sums[BN_SUMS];
  BN_UNROLL
  for (int i = 0; i < BN_SUMS; i++) {
    sums[i] = _mm256_setzero_si256();
    __asm__ volatile("" : "+x"(sums[i])); /* else one sum would serve all */
  }
  for (int32_t r = 0; r < rounds; r++) {
    __asm__ volatile("" : "+x"(a)); /* else the sums are known before they are made */
    BN_UNROLL
    for (int i = 0; i < BN_SUMS; i++) {
#if defined(__AVXVNNI__)
      sums[i] = _mm256_dpbusd_avx_epi32(sums[i], a, a);
#else
      sums[i] = _mm256_dpbusd_epi32(sums[i], a, a); /* the tests' twin */
#endif
    }
  }
  int64_t sum = 0;
  for (int i = 0; i < BN_SUMS; i++) {
    int32_t lanes[8];
    _mm256_storeu_si256((__m256i*)lanes, sums[i]);
    for (int k = 0; k < 8; k++) {
      sum += lanes[k];
    }
  }
  return sum;
}
