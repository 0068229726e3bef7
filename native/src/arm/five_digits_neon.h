/* Panels of five digits a byte become two-bit ones by 128-bit vectors: all tiers of ARM. */
#ifndef BITNET_FIVE_DIGITS_NEON_H
#define BITNET_FIVE_DIGITS_NEON_H

#include <arm_neon.h>

#include "common/five_digits.h"

BN_INLINE void bn_repack_five_neon(const uint8_t* from, uint8_t* to) {
  const uint8x16x4_t table_a = vld1q_u8_x4(bn_five_a);
  const uint8x16x2_t table_b = vld1q_u8_x2(bn_five_b);
  for (int part = 0; part < BN_BLOCK_BYTES; part += 16) {
    uint8x16_t four[BN_FIVE_TOGETHER]; /* digits 0 to 3 */
    uint8x16_t last[BN_FIVE_TOGETHER]; /* digit 4 */
    BN_UNROLL for (int b = 0; b < BN_FIVE_TOGETHER; b++) {
      const uint8x16_t x = vld1q_u8(from + BN_BLOCK_BYTES * b + part);
      const uint8x16_t first = vqtbl4q_u8(table_a, vandq_u8(x, vdupq_n_u8(63)));
      const uint8x16_t number = vandq_u8(first, vdupq_n_u8(0x1c));
      const uint8x16_t second = vqtbl2q_u8(table_b, vsraq_n_u8(number, x, 6));
      four[b] = vbslq_u8(vdupq_n_u8(0x3c), second, first);
      last[b] = vandq_u8(second, vdupq_n_u8(3));
    }
    uint8_t* words = to + part;
    vst1q_u8(words, four[0]);
    vst1q_u8(words + BN_BLOCK_BYTES, vsliq_n_u8(last[0], four[1], 2));
    vst1q_u8(words + 2 * BN_BLOCK_BYTES,
             vsliq_n_u8(vsliq_n_u8(vshrq_n_u8(four[1], 6), last[1], 2), four[2], 4));
    vst1q_u8(words + 3 * BN_BLOCK_BYTES,
             vsliq_n_u8(vsliq_n_u8(vshrq_n_u8(four[2], 4), last[2], 4), four[3], 6));
    vst1q_u8(words + 4 * BN_BLOCK_BYTES, vsliq_n_u8(vshrq_n_u8(four[3], 2), last[3], 6));
  }
}

#endif
