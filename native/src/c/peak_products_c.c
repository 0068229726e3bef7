#include "common/kernels.h"

/* As many as fill the registers of most CPUs. */
#define BN_PRODUCTS 64

int64_t bn_peak_products_c(int32_t rounds) {
  int8_t a[BN_PRODUCTS];
  int8_t b[BN_PRODUCTS];
  int32_t sums[BN_PRODUCTS] = {0};
  for (int i = 0; i < BN_PRODUCTS; i++) {
    a[i] = b[i] = 1;
  }
  for (int32_t r = 0; r < rounds; r++) {
    __asm__ volatile("" : "+m"(a), "+m"(b)); /* else the products are the same in every round */
    for (int i = 0; i < BN_PRODUCTS; i++) {
      sums[i] += a[i] * b[i];
    }
  }
  int64_t sum = 0;
  for (int i = 0; i < BN_PRODUCTS; i++) {
    sum += sums[i];
  }
  return sum;
}
