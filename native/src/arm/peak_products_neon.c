#include <arm_neon.h>

#include "common/kernels.h"
#include "common/unroll.h"

#define BN_SUMS 16
/* A round adds 1 to every 16-bit sum. */
#define BN_ROUNDS_16 32000

/* Products of bytes added to 16 bits: what this tier's products are made of. */
int64_t bn_peak_products_neon(int32_t rounds) {
  int8x16_t a = vdupq_n_s8(1);
  int64_t sum = 0;
  for (int32_t done = 0; done < rounds;) {
    const int32_t end = rounds - done > BN_ROUNDS_16 ? done + BN_ROUNDS_16 : rounds;
    int16x8_t sums[BN_SUMS];
    BN_UNROLL
    for (int i = 0; i < BN_SUMS; i++) {
      sums[i] = vdupq_n_s16(0);
      __asm__ volatile("" : "+w"(sums[i])); /* else one sum would serve all */
    }
    for (; done < end; done++) {
      __asm__ volatile("" : "+w"(a)); /* else the sums are known before they are made */
      BN_UNROLL
      for (int i = 0; i < BN_SUMS; i += 2) {
        sums[i] = vmlal_s8(sums[i], vget_low_s8(a), vget_low_s8(a));
        sums[i + 1] = vmlal_high_s8(sums[i + 1], a, a);
      }
    }
    for (int i = 0; i < BN_SUMS; i++) {
      sum += vaddlvq_s16(sums[i]);
    }
  }
  return sum;
}
