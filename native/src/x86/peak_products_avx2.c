#include <immintrin.h>

#include "common/kernels.h"
#include "common/unroll.h"

#define BN_SUMS 8
/* A round adds 2 to every 16-bit sum. */
#define BN_ROUNDS_16 16000

/* Pairs of products, then 16-bit additions: what this tier's products are made of. */
int64_t bn_peak_products_avx2(int32_t rounds) {
  const __m256i a = _mm256_set1_epi8(1);
  const __m256i ones = _mm256_set1_epi16(1);
  int64_t sum = 0;
  for (int32_t done = 0; done < rounds;) {
    const int32_t end = rounds - done > BN_ROUNDS_16 ? done + BN_ROUNDS_16 : rounds;
    __m256i sums[BN_SUMS];
    BN_UNROLL
    for (int i = 0; i < BN_SUMS; i++) {
      sums[i] = _mm256_setzero_si256();
    }
    for (; done < end; done++) {
      __m256i b = a;
      BN_UNROLL
      for (int i = 0; i < BN_SUMS; i++) {
        __asm__ volatile("" : "+x"(b)); /* else one product would serve all */
        sums[i] = _mm256_add_epi16(sums[i], _mm256_maddubs_epi16(a, b));
      }
    }
    for (int i = 0; i < BN_SUMS; i++) {
      int32_t lanes[8];
      _mm256_storeu_si256((__m256i*)lanes, _mm256_madd_epi16(sums[i], ones));
      for (int k = 0; k < 8; k++) {
        sum += lanes[k];
      }
    }
  }
  return sum;
}
