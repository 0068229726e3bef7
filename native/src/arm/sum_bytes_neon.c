#include <arm_neon.h>

#include "common/kernels.h"
#include "common/unroll.h"

/* Four runs side by side: more requests are under way than for one. */
#define BN_RUNS 4

int64_t bn_sum_bytes_neon(const uint8_t* p, int64_t n) {
  const int64_t run = n / BN_RUNS & -64;
  uint64x2_t sums[BN_RUNS] = {vdupq_n_u64(0), vdupq_n_u64(0), vdupq_n_u64(0), vdupq_n_u64(0)};
  for (int64_t i = 0; i < run; i += 64) {
    BN_UNROLL
    for (int k = 0; k < BN_RUNS; k++) {
      const uint8_t* bytes = p + k * run + i;
      uint16x8_t pairs = vpaddlq_u8(vld1q_u8(bytes)); /* four of them: 8 * 255 fits 16 bits */
      pairs = vpadalq_u8(pairs, vld1q_u8(bytes + 16));
      pairs = vpadalq_u8(pairs, vld1q_u8(bytes + 32));
      pairs = vpadalq_u8(pairs, vld1q_u8(bytes + 48));
      sums[k] = vpadalq_u32(sums[k], vpaddlq_u16(pairs));
    }
  }
  int64_t sum = bn_sum_bytes_c(p + BN_RUNS * run, n - BN_RUNS * run);
  for (int k = 0; k < BN_RUNS; k++) {
    sum += (int64_t)vaddvq_u64(sums[k]);
  }
  return sum;
}
