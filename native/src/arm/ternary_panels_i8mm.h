/* The product of a ternary panel with several tokens by smmla, for any storage: tier I8MM. */
#ifndef BITNET_TERNARY_PANELS_I8MM_H
#define BITNET_TERNARY_PANELS_I8MM_H

#include "ternary_panels_dotprod.h"

/* Tokens, and pairs of them, at a time: a third pair's sums leave the rest no registers. */
#define BN_TOKENS_I8MM 4
#define BN_PAIRS_I8MM 2

/* Sums of two rows with the two tokens of a pair: row 0 with both, then row 1. */
typedef struct bn_sums_i8mm {
  int32x4_t of[BN_PAIRS_I8MM][BN_PANEL_PARTS][2];
} bn_sums_i8mm;

/* Columns 8 * c and on, of 16, of two tokens. */
BN_INLINE int8x16_t bn_two_tokens_i8mm(const int8_t* first, const int8_t* second, const int c) {
  const int64x2_t a = vreinterpretq_s64_s8(vld1q_s8(first));
  const int64x2_t b = vreinterpretq_s64_s8(vld1q_s8(second));
  return vreinterpretq_s8_s64(c == 0 ? vzip1q_s64(a, b) : vzip2q_s64(a, b));
}

/* The first two, and the last two, of the four rows of quads 2 * c and 2 * c + 1. */
BN_INLINE int8x16x2_t bn_two_rows_i8mm(bn_quad_neon* quad, const uint8_t* block, const int part,
                                       const int c) {
  const int32x4_t left = vreinterpretq_s32_s8(quad(block, part, 2 * c, 1));
  const int32x4_t right = vreinterpretq_s32_s8(quad(block, part, 2 * c + 1, 1));
  return (int8x16x2_t){{vreinterpretq_s8_s32(vzip1q_s32(left, right)),
                        vreinterpretq_s8_s32(vzip2q_s32(left, right))}};
}

/*
 * Where the activations of tokens [token, token + T) start, T > 1; of an odd number the last is
 * there twice.
 */
BN_INLINE void bn_starts_i8mm(const bn_quantized* a, int32_t token, const int8_t** q, const int T) {
  BN_UNROLL for (int t = 0; t < (T + 1) / 2 * 2; t++) {
    q[t] = a->values + (token + (t < T ? t : T - 1)) * a->stride;
  }
}

BN_INLINE void bn_clear_i8mm(bn_sums_i8mm* total, const int T) {
  BN_UNROLL for (int i = 0; i < (T + 1) / 2; i++) {
    BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) {
      total->of[i][p][0] = total->of[i][p][1] = vdupq_n_s32(0);
    }
  }
}

/* Adds the products of block b of a row, which is at block. */
BN_INLINE void bn_add_block_i8mm(bn_quad_neon* quad, bn_sums_i8mm* total, const uint8_t* block,
                                 const int8_t* const* q, int64_t b, const int T) {
  const int P = (T + 1) / 2;
  __builtin_prefetch(block + BN_PREFETCH_NEON);
  BN_UNROLL for (int c = 0; c < 2; c++) {
    __asm__ volatile("" : "+r"(block)); /* load the block again: no registers to keep it */
    int8x16_t values[BN_PAIRS_I8MM];
    BN_UNROLL for (int i = 0; i < P; i++) {
      values[i] = bn_two_tokens_i8mm(q[2 * i] + BN_BLOCK_COLUMNS * b,
                                     q[2 * i + 1] + BN_BLOCK_COLUMNS * b, c);
    }
    BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) {
      const int8x16x2_t u = bn_two_rows_i8mm(quad, block, p, c);
      BN_UNROLL for (int i = 0; i < P; i++) {
        int32x4_t* sum = total->of[i][p];
        sum[0] = vmmlaq_s32(sum[0], u.val[0], values[i]);
        sum[1] = vmmlaq_s32(sum[1], u.val[1], values[i]);
      }
    }
  }
}

/* The sums of the panel's 16 rows with token t. */
BN_INLINE void bn_sums_of_i8mm(const bn_sums_i8mm* total, const int t,
                               int32x4_t rows[BN_PANEL_PARTS]) {
  BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) {
    const int32x4_t* sum = total->of[t / 2][p];
    rows[p] = t % 2 == 0 ? vuzp1q_s32(sum[0], sum[1]) : vuzp2q_s32(sum[0], sum[1]);
  }
}

#endif
