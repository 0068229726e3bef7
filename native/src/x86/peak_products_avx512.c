#include <immintrin.h>

#include "common/kernels.h"
#include "common/unroll.h"

/* More than latency times instructions per cycle of any CPU so far. */
#define BN_SUMS 16

int64_t bn_peak_products_avx512(int32_t rounds) {
  __m512i a = _mm512_set1_epi8(1);
  __m512i sums[BN_SUMS];
  BN_UNROLL
  for (int i = 0; i < BN_SUMS; i++) {
    sums[i] = _mm512_setzero_si512();
    __asm__ volatile("" : "+v"(sums[i])); /* else one sum would serve all */
  }
  for (int32_t r = 0; r < rounds; r++) {
    __asm__ volatile("" : "+v"(a)); /* else the sums are known before they are made */
    BN_UNROLL
    for (int i = 0; i < BN_SUMS; i++) {
      sums[i] = _mm512_dpbusd_epi32(sums[i], a, a);
    }
  }
  int64_t sum = 0;
  for (int i = 0; i < BN_SUMS; i++) {
    sum += _mm512_reduce_add_epi32(sums[i]);
  }
  return sum;
}
