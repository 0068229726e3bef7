#include <arm_neon.h>

#include "common/kernels.h"
#include "common/unroll.h"

/* No less than latency times instructions per cycle of any CPU so far. */
#define BN_SUMS 16

/* By sdot. */
int64_t bn_peak_products_dotprod(int32_t rounds) {
  int8x16_t a = vdupq_n_s8(1);
  int32x4_t sums[BN_SUMS];
  BN_UNROLL
  for (int i = 0; i < BN_SUMS; i++) {
    sums[i] = vdupq_n_s32(0);
    __asm__ volatile("" : "+w"(sums[i])); /* else one sum would serve all */
  }
  for (int32_t r = 0; r < rounds; r++) {
    __asm__ volatile("" : "+w"(a)); /* else the sums are known before they are made */
    BN_UNROLL
    for (int i = 0; i < BN_SUMS; i++) {
      sums[i] = vdotq_s32(sums[i], a, a);
    }
  }
  int64_t sum = 0;
  for (int i = 0; i < BN_SUMS; i++) {
    sum += vaddlvq_s32(sums[i]);
  }
  return sum;
}
