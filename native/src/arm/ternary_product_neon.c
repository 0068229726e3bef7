/* By multiplications of bytes to 16 bits, which every ARMv8-A has. */
#include "ternary_panels_neon.h"

/* Tokens at a time: a third one's sums fit the registers, but little else then does. */
#define TOKENS 2
/*
 * Blocks whose products come together in 16 bits: four products u * q in each, -128 <= q <= 127.
 * With u <= 2 they lie between 128 * -256 = -32768 and 128 * 254 = 32512, and with u <= 3 between
 * 84
 * * -384 = -32256 and 84 * 381 = 32004.
 */
#define WORD_BLOCKS 32
#define WORD_BLOCKS_TO_3 21

/* Sums of T tokens and a panel's 16 rows: two registers for four rows. */
typedef struct word_sums {
  int16x8_t part[TOKENS][BN_PANEL_PARTS][2];
} word_sums;

typedef struct sums {
  int32x4_t part[TOKENS][BN_PANEL_PARTS][2];
} sums;

/* Four activations, q[4 * f] and on, in every 32 bits. */
BN_INLINE int8x16_t broadcast_quad(int8x16_t q, const int f) {
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
BN_INLINE void add_blocks(bn_quad_neon* quad, int64_t block_bytes, sums* total,
                          const uint8_t* block, const int8_t* q, int64_t stride, int64_t blocks,
                          const int T) {
  word_sums words;
  BN_UNROLL for (int t = 0; t < T; t++) {
    BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) {
      words.part[t][p][0] = words.part[t][p][1] = vdupq_n_s16(0);
    }
  }
  for (int64_t b = 0; b < blocks; b++, block += block_bytes, q += BN_BLOCK_COLUMNS) {
    __builtin_prefetch(block + BN_PREFETCH_NEON);
    BN_UNROLL for (int f = 0; f < 4; f++) {
      int8x16_t values[TOKENS];
      BN_UNROLL for (int t = 0; t < T; t++) {
        values[t] = broadcast_quad(vld1q_s8(q + t * stride), f);
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

/* The 32-bit sums stay below BN_MAX_COLUMNS * 3 * 128 < 2^26. */
BN_INLINE void multiply(bn_quad_neon* quad, int64_t block_bytes, const bn_ternary* w,
                        const bn_quantized* a, const bn_rows* y, int32_t panel, int32_t token,
                        const int T) {
  const int64_t blocks = bn_padded_columns(w) / BN_BLOCK_COLUMNS;
  const uint8_t* digits = w->panels + block_bytes * blocks * panel;
  const int8_t* q = a->values + token * a->stride;
  sums total;
  BN_UNROLL for (int t = 0; t < T; t++) {
    BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) {
      total.part[t][p][0] = total.part[t][p][1] = vdupq_n_s32(0);
    }
  }
  const int64_t most = w->largest_digit < 3 ? WORD_BLOCKS : WORD_BLOCKS_TO_3;
  for (int64_t b = 0; b < blocks; b += most) {
    const int64_t n = blocks - b < most ? blocks - b : most;
    add_blocks(quad, block_bytes, &total, digits + block_bytes * b, q + BN_BLOCK_COLUMNS * b,
               a->stride, n, T);
  }
  BN_UNROLL for (int t = 0; t < T; t++) {
    int32x4_t rows[BN_PANEL_PARTS];
    BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) {
      rows[p] = vpaddq_s32(total.part[t][p][0], total.part[t][p][1]);
    }
    bn_finish_neon(w, a, y, token + t, panel, rows);
  }
}

BN_INLINE void multiply_panel_2bit(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                   int32_t panel, int32_t token, int32_t tokens) {
  switch (tokens) {
    case 1:
      multiply(bn_quad_2bit_neon, BN_BLOCK_BYTES_2BIT, w, a, y, panel, token, 1);
      break;
    default:
      multiply(bn_quad_2bit_neon, BN_BLOCK_BYTES_2BIT, w, a, y, panel, token, 2);
      break;
  }
}

BN_INLINE void multiply_2bit(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                             int32_t token, int32_t tokens, int32_t begin, int32_t end) {
  for (int32_t p = begin; p < end; p++) {
    multiply_panel_2bit(w, a, y, p, token, tokens);
  }
}

int32_t bn_ternary_product_neon(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                int32_t count, int32_t begin, int32_t end) {
  if (!bn_is_two_bit_with_one_scale(w)) {
    return BN_UNSUPPORTED;
  }
  const bn_portion once = {TOKENS, 1, BN_CACHED_BYTES_NEON, BN_BLOCK_BYTES_2BIT};
  bn_ternary_product_by(multiply_2bit, once, w, a, y, count, begin, end);
  return BN_OK;
}
