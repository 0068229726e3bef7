/* The product of a ternary panel by sdot, for any storage: tiers DOTPROD and I8MM. */
#ifndef BITNET_TERNARY_PANELS_DOTPROD_H
#define BITNET_TERNARY_PANELS_DOTPROD_H

#include "ternary_panels_neon.h"

/* Tokens at a time: a fifth one's sums fit the registers, but little else then does. */
#define BN_TOKENS_DOTPROD 4

/* Sums of a panel's 16 rows with T tokens, in S sets: set s has quads f with f % S = s. */
typedef struct bn_sums_dotprod {
  int32x4_t part[BN_TOKENS_DOTPROD][3][BN_PANEL_PARTS];
} bn_sums_dotprod;

/* sum + the products of four bytes of u with activations q[4 * f] and on, in 32-bit lanes. */
BN_INLINE int32x4_t bn_dot_quads_dotprod(int32x4_t sum, int8x16_t u, int8x16_t q, const int f) {
  switch (f) {
    case 0:
      return vdotq_laneq_s32(sum, u, q, 0);
    case 1:
      return vdotq_laneq_s32(sum, u, q, 1);
    case 2:
      return vdotq_laneq_s32(sum, u, q, 2);
    default:
      return vdotq_laneq_s32(sum, u, q, 3);
  }
}

/* Adds the products of a block, whose columns' activations start at q. */
BN_INLINE void bn_add_block_dotprod(bn_quad_neon* quad, bn_sums_dotprod* sums, const uint8_t* block,
                                    const int8_t* q, int64_t stride, const int T, const int S) {
  __builtin_prefetch(block + BN_PREFETCH_NEON);
  int8x16_t values[BN_TOKENS_DOTPROD];
  BN_UNROLL for (int t = 0; t < T; t++) { values[t] = vld1q_s8(q + t * stride); }
  BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) {
    BN_UNROLL for (int f = 0; f < 4; f++) {
      const int8x16_t u = quad(block, p, f, S);
      BN_UNROLL for (int t = 0; t < T; t++) {
        int32x4_t* sum = &sums->part[t][f % S][p];
        *sum = bn_dot_quads_dotprod(*sum, u, values[t], f);
      }
    }
  }
}

/* The sum of part p and token t. */
BN_INLINE int32x4_t bn_total_dotprod(const bn_sums_dotprod* sums, const int t, const int p,
                                     const int S) {
  int32x4_t total = sums->part[t][0][p];
  if (S == 3) { /* exact: set s has multiples of 4^s */
    total = vaddq_s32(total, vshrq_n_s32(sums->part[t][1][p], 2));
    total = vaddq_s32(total, vshrq_n_s32(sums->part[t][2][p], 4));
  }
  return total;
}

/*
 * One panel and tokens [token, token + T). A product u * 4^s * q is at most 48 * 128 in absolute
 * value, and a sum has at most BN_MAX_COLUMNS of them: it stays below 2^30.
 */
BN_INLINE void bn_multiply_dotprod(bn_quad_neon* quad, int64_t block_bytes, const bn_ternary* w,
                                   const bn_quantized* a, const bn_rows* y, int32_t panel,
                                   int32_t token, const int T, const int S) {
  const int64_t blocks = bn_padded_columns(w) / BN_BLOCK_COLUMNS;
  const uint8_t* block = w->panels + block_bytes * blocks * panel;
  const int8_t* q = a->values + token * a->stride;
  bn_sums_dotprod sums;
  BN_UNROLL for (int t = 0; t < T; t++) {
    BN_UNROLL for (int s = 0; s < S; s++) {
      BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) { sums.part[t][s][p] = vdupq_n_s32(0); }
    }
  }
  for (int64_t b = 0; b < blocks; b++, block += block_bytes, q += BN_BLOCK_COLUMNS) {
    bn_add_block_dotprod(quad, &sums, block, q, a->stride, T, S);
  }
  BN_UNROLL for (int t = 0; t < T; t++) {
    int32x4_t rows[BN_PANEL_PARTS];
    BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) {
      rows[p] = bn_total_dotprod(&sums, t, p, S);
    }
    bn_finish_neon(w, a, y, token + t, panel, rows);
  }
}

#endif
