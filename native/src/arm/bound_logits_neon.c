/* By multiplications of bytes to 16 bits, which every ARMv8-A has. */
#include <arm_neon.h>

#include "common/bounds.h"
#include "common/unroll.h"

/* How far ahead of the codes in use the next ones are asked for. */
#define PREFETCH_BYTES 2048
/*
 * Blocks whose products come together in 16 bits: two products c * q in each, 0 <= c <= 15 and -128
 * <= q <= 127, so from 16 * -1920 = -30720 to 16 * 1905 = 30480.
 */
#define BLOCKS 8

/* Sums by byte and four rows, two registers for each four. */
typedef struct word_sums {
  int16x8_t part[2][4][2];
} word_sums;

typedef struct sums {
  int32x4_t part[2][4][2];
} sums;

/* Adds the products of up to BLOCKS blocks, of whose columns' bytes, at high and low, B are used.
 */
BN_INLINE void add_blocks(sums* totals, const uint8_t* block, const int8_t* high, const int8_t* low,
                          int64_t blocks, const int B) {
  word_sums words;
  BN_UNROLL for (int i = 0; i < 16; i++) { words.part[i / 8][i / 2 % 4][i % 2] = vdupq_n_s16(0); }
  for (int64_t b = 0; b < blocks; b++, block += 64) {
    __builtin_prefetch(block + PREFETCH_BYTES);
    const int32x2_t bytes[2] = {vreinterpret_s32_s8(vld1_s8(high + BN_COARSE_COLUMNS * b)),
                                vreinterpret_s32_s8(vld1_s8(low + BN_COARSE_COLUMNS * b))};
    BN_UNROLL for (int i = 0; i < 4; i++) {
      const uint8x16_t codes = vld1q_u8(block + 16 * i);
      const int8x16_t left = vreinterpretq_s8_u8(vandq_u8(codes, vdupq_n_u8(15)));
      const int8x16_t right = vreinterpretq_s8_u8(vshrq_n_u8(codes, 4));
      BN_UNROLL for (int d = 0; d < B; d++) {
        /* Four bytes for all four rows. */
        const int8x16_t by_left = vreinterpretq_s8_s32(vdupq_lane_s32(bytes[d], 0));
        const int8x16_t by_right = vreinterpretq_s8_s32(vdupq_lane_s32(bytes[d], 1));
        int16x8_t* sum = words.part[d][i];
        sum[0] = vmlal_s8(sum[0], vget_low_s8(left), vget_low_s8(by_left));
        sum[1] = vmlal_high_s8(sum[1], left, by_left);
        sum[0] = vmlal_s8(sum[0], vget_low_s8(right), vget_low_s8(by_right));
        sum[1] = vmlal_high_s8(sum[1], right, by_right);
      }
    }
  }
  BN_UNROLL for (int i = 0; i < 16; i++) {
    int32x4_t* total = &totals->part[i / 8][i / 2 % 4][i % 2];
    *total = vpadalq_s16(*total, words.part[i / 8][i / 2 % 4][i % 2]);
  }
}

/*
 * Sums of the products of a panel's codes: 16 with the high bytes, 16 with the low ones, each at
 * most BN_MAX_COLUMNS * 15 * 128 < 2^28. Low ones are zero where B is 1.
 */
BN_INLINE void add_panel(const uint8_t* block, int64_t blocks, const bn_activation16* x,
                         int32_t* to, const int B) {
  sums totals;
  BN_UNROLL for (int i = 0; i < 16; i++) { totals.part[i / 8][i / 2 % 4][i % 2] = vdupq_n_s32(0); }
  for (int64_t b = 0; b < blocks; b += BLOCKS) {
    const int64_t n = blocks - b < BLOCKS ? blocks - b : BLOCKS;
    add_blocks(&totals, block + 64 * b, x->high + BN_COARSE_COLUMNS * b,
               x->low + BN_COARSE_COLUMNS * b, n, B);
  }
  BN_UNROLL for (int i = 0; i < 8; i++) {
    const int32x4_t* halves = totals.part[i / 4][i % 4];
    vst1q_s32(to + 4 * i, vpaddq_s32(halves[0], halves[1]));
  }
}

int32_t bn_bound_logits_neon(const bn_low_bit* s, const bn_activation16* x, const bn_bounds* bounds,
                             int32_t count, int32_t begin, int32_t end) {
  const int64_t panel_bytes = bn_coarse_panel_bytes(s);
  for (int32_t panel = begin; panel < end; panel++) {
    for (int32_t t = 0; t < count; t++) { /* the panel stays in the L1 cache */
      int32_t* sums = bounds[t].sums + 32 * (int64_t)panel;
      if (x[t].low_is_zero) {
        add_panel(s->coarse + panel_bytes * panel, panel_bytes / 64, x + t, sums, 1);
      } else {
        add_panel(s->coarse + panel_bytes * panel, panel_bytes / 64, x + t, sums, 2);
      }
      bn_bound_panel(s, x + t, bounds + t, panel);
    }
  }
  return BN_OK;
}
