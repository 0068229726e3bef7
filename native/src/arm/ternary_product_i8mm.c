/*
 * Two tokens or more by smmla, which multiplies two rows by two tokens over eight columns; one by
 * sdot, since half of smmla's work were for nothing.
 */
#include "ternary_panels_dotprod.h"

/* Tokens, and pairs of them, at a time: a third pair's sums leave the rest no registers. */
#define TOKENS 4
#define PAIRS 2

/* Sums of two rows with the two tokens of a pair: row 0 with both, then row 1. */
typedef struct sums {
  int32x4_t of[PAIRS][BN_PANEL_PARTS][2];
} sums;

/* Columns 8 * c and on, of 16, of two tokens. */
BN_INLINE int8x16_t two_tokens(const int8_t* first, const int8_t* second, const int c) {
  const int64x2_t a = vreinterpretq_s64_s8(vld1q_s8(first));
  const int64x2_t b = vreinterpretq_s64_s8(vld1q_s8(second));
  return vreinterpretq_s8_s64(c == 0 ? vzip1q_s64(a, b) : vzip2q_s64(a, b));
}

/* The first two, and the last two, of the four rows of quads 2 * c and 2 * c + 1. */
BN_INLINE int8x16x2_t two_rows(bn_quad_neon* quad, const uint8_t* block, const int part,
                               const int c) {
  const int32x4_t left = vreinterpretq_s32_s8(quad(block, part, 2 * c, 1));
  const int32x4_t right = vreinterpretq_s32_s8(quad(block, part, 2 * c + 1, 1));
  return (int8x16x2_t){{vreinterpretq_s8_s32(vzip1q_s32(left, right)),
                        vreinterpretq_s8_s32(vzip2q_s32(left, right))}};
}

/*
 * One panel and tokens [token, token + T), T > 1; of an odd number the last is multiplied twice.
 * The sums stay below BN_MAX_COLUMNS * 3 * 128 < 2^26.
 */
BN_INLINE void multiply(bn_quad_neon* quad, int64_t block_bytes, const bn_ternary* w,
                        const bn_quantized* a, const bn_rows* y, int32_t panel, int32_t token,
                        const int T) {
  const int P = (T + 1) / 2;
  const int64_t blocks = bn_padded_columns(w) / BN_BLOCK_COLUMNS;
  const uint8_t* block = w->panels + block_bytes * blocks * panel;
  const int8_t* q[TOKENS];
  BN_UNROLL for (int t = 0; t < 2 * P; t++) {
    q[t] = a->values + (token + (t < T ? t : T - 1)) * a->stride;
  }
  sums total;
  BN_UNROLL for (int i = 0; i < P; i++) {
    BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) {
      total.of[i][p][0] = total.of[i][p][1] = vdupq_n_s32(0);
    }
  }
  for (int64_t b = 0; b < blocks; b++, block += block_bytes) {
    __builtin_prefetch(block + BN_PREFETCH_NEON);
    BN_UNROLL for (int c = 0; c < 2; c++) {
      __asm__ volatile("" : "+r"(block)); /* load the block again: no registers to keep it */
      int8x16_t values[PAIRS];
      BN_UNROLL for (int i = 0; i < P; i++) {
        values[i] =
            two_tokens(q[2 * i] + BN_BLOCK_COLUMNS * b, q[2 * i + 1] + BN_BLOCK_COLUMNS * b, c);
      }
      BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) {
        const int8x16x2_t u = two_rows(quad, block, p, c);
        BN_UNROLL for (int i = 0; i < P; i++) {
          int32x4_t* sum = total.of[i][p];
          sum[0] = vmmlaq_s32(sum[0], u.val[0], values[i]);
          sum[1] = vmmlaq_s32(sum[1], u.val[1], values[i]);
        }
      }
    }
  }
  BN_UNROLL for (int t = 0; t < T; t++) {
    int32x4_t rows[BN_PANEL_PARTS];
    BN_UNROLL for (int p = 0; p < BN_PANEL_PARTS; p++) {
      const int32x4_t* sum = total.of[t / 2][p];
      rows[p] = t % 2 == 0 ? vuzp1q_s32(sum[0], sum[1]) : vuzp2q_s32(sum[0], sum[1]);
    }
    bn_finish_neon(w, a, y, token + t, panel, rows);
  }
}

BN_INLINE void multiply_panel_2bit(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                   int32_t panel, int32_t token, int32_t tokens) {
  switch (tokens) {
    case 1:
      bn_multiply_dotprod(bn_quad_2bit_neon, BN_BLOCK_BYTES_2BIT, w, a, y, panel, token, 1, 3);
      break;
    case 2:
      multiply(bn_quad_2bit_neon, BN_BLOCK_BYTES_2BIT, w, a, y, panel, token, 2);
      break;
    case 3:
      multiply(bn_quad_2bit_neon, BN_BLOCK_BYTES_2BIT, w, a, y, panel, token, 3);
      break;
    default:
      multiply(bn_quad_2bit_neon, BN_BLOCK_BYTES_2BIT, w, a, y, panel, token, 4);
      break;
  }
}

BN_INLINE void multiply_2bit(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                             int32_t token, int32_t tokens, int32_t begin, int32_t end) {
  for (int32_t p = begin; p < end; p++) {
    multiply_panel_2bit(w, a, y, p, token, tokens);
  }
}

int32_t bn_ternary_product_i8mm(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                int32_t count, int32_t begin, int32_t end) {
  if (!bn_is_two_bit_by_rows(w, a)) {
    return BN_UNSUPPORTED;
  }
  const bn_portion once = {TOKENS, 1, BN_CACHED_BYTES_NEON, BN_BLOCK_BYTES_2BIT};
  bn_ternary_product_by(multiply_2bit, once, w, a, y, count, begin, end);
  return BN_OK;
}
