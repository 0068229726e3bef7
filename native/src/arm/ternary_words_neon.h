/* Products of ternary panels in 16-bit lanes: tier NEON. */
#ifndef BITNET_TERNARY_WORDS_NEON_H
#define BITNET_TERNARY_WORDS_NEON_H

#include "ternary_panels_neon.h"

/* Tokens at a time: a third one's sums fit the registers, but little else then does. */
#define BN_TOKENS_NEON 2
/*
 * Blocks whose products come together in 16 bits: four products u * q in each, -128 <= q <= 127.
 * With u <= 2 they lie between 128 * -256 = -32768 and 128 * 254 = 32512, and with u <= 3 between
 * 84 *
 * -384 = -32256 and 84 * 381 = 32004.
 */
#define BN_WORD_BLOCKS 32
#define BN_WORD_BLOCKS_TO_3 21

static inline int64_t bn_word_blocks_neon(const bn_ternary* w) {
  return w->largest_digit < 3 ? BN_WORD_BLOCKS : BN_WORD_BLOCKS_TO_3;
}

/* Sums of T tokens and a panel's 16 rows: two registers for four rows. */
typedef struct bn_word_sums_neon {
  int16x8_t part[BN_TOKENS_NEON][BN_PANEL_PARTS][2];
} bn_word_sums_neon;

typedef struct bn_sums_neon {
  int32x4_t part[BN_TOKENS_NEON][BN_PANEL_PARTS][2];
} bn_sums_neon;

/* Four activations, q[4 * f] and on, in every 32 bits. */
BN_INLINE int8x16_t bn_broadcast_quad_neon(int8x16_t q, const int f) {
  const int32x4_t quads = vreinterpretq_s32_s8(q);
  switch (f) {
    case 0:
      return vreinterpretq_s8_s32(vdupq_laneq_s32(quads, 0));
    case 1:
      return vreinterpretq_s8_s32(vdupq_laneq_s32(quads, 1));
    case 2:
      return vreinterpretq_s8_s32(vdupq_laneq_s32(quads, 2));
    default:
      return vreinterpretq_s8_s32(vdupq_laneq_s32(quads, 3));
  }
}

/* Adds the products of blocks that fit 16 bits, whose columns' activations start at q. */
BN_INLINE void bn_add_blocks_neon(bn_quad_neon* quad, int64_t block_bytes, bn_sums_neon* total,
                                  const uint8_t* block, const int8_t* q, int64_t stride,
                                  int64_t blocks, const int T) {
  bn_word_sums_neon words;
  BN_UNROLL for (int t = 0; t < T; t++) {
    BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) {
      words.part[t][p][0] = words.part[t][p][1] = vdupq_n_s16(0);
    }
  }
  for (int64_t b = 0; b < blocks; b++, block += block_bytes, q += BN_BLOCK_COLUMNS) {
    __builtin_prefetch(block + BN_PREFETCH_NEON);
    BN_UNROLL for (int f = 0; f < 4; f++) {
      int8x16_t values[BN_TOKENS_NEON];
      BN_UNROLL for (int t = 0; t < T; t++) {
        values[t] = bn_broadcast_quad_neon(vld1q_s8(q + t * stride), f);
      }
      BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) {
        const int8x16_t u = quad(block, p, f, 1);
        BN_UNROLL for (int t = 0; t < T; t++) {
          int16x8_t* sum = words.part[t][p];
          sum[0] = vmlal_s8(sum[0], vget_low_s8(u), vget_low_s8(values[t]));
          sum[1] = vmlal_high_s8(sum[1], u, values[t]);
        }
      }
    }
  }
  BN_UNROLL for (int t = 0; t < T; t++) {
    BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) {
      BN_UNROLL for (int half = 0; half < 2; half++) {
        int32x4_t* sum = &total->part[t][p][half];
        *sum = vpadalq_s16(*sum, words.part[t][p][half]);
      }
    }
  }
}

#endif
