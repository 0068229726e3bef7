/* By multiplications of bytes to 16 bits, which every ARMv8-A has. */
#include "common/kernels.h"
#include "common/sparse_products.h"
#include "fields_neon.h"

/*
 * Lines whose products come together in 16 bits: 16 products u * q in each, 0 <= u <= 2 and -128 <=
 * q <= 127, so from 128 * -256 = -32768 to 128 * 254 = 32512.
 */
#define LINES 8
/* Rows at a time: their sums, of 16 and of 32 bits, fill three quarters of the registers. */
#define ROWS 8

/* Adds the products of the first fields of a line of every row, whose activations start at q. */
BN_INLINE void add_line(int16x8_t words[ROWS][2], const uint8_t* const* rows, int64_t at,
                        const int8_t* q, const int fields) {
  for (int v = 0; v < 4; v++) { /* unrolled, the registers would not do */
    BN_UNROLL for (int f = 0; f < fields; f++) {
      const int8x16_t values = vld1q_s8(q + 64 * f + 16 * v);
      BN_UNROLL for (int p = 0; p < ROWS; p++) {
        const int8x16_t u = bn_field_neon(vld1q_u8(rows[p] + at + 16 * v), f, 1);
        words[p][0] = vmlal_s8(words[p][0], vget_low_s8(u), vget_low_s8(values));
        words[p][1] = vmlal_high_s8(words[p][1], u, values);
      }
    }
  }
}

/* The 32-bit sums stay below BN_MAX_COLUMNS * 2 * 128 < 2^26. */
static void row_sums(const uint8_t* const* rows, const uint8_t* const* next, int shared,
                     const int8_t* q, int64_t columns, int32_t* sums) {
  int32x4_t totals[ROWS];
  BN_UNROLL for (int p = 0; p < ROWS; p++) { totals[p] = vdupq_n_s32(0); }
  int64_t at = 0;
  int64_t parts = (columns + 63) / 64;
  while (parts > 0) {
    int16x8_t words[ROWS][2];
    BN_UNROLL for (int p = 0; p < ROWS; p++) { words[p][0] = words[p][1] = vdupq_n_s16(0); }
    int64_t lines = parts / 4 < LINES ? parts / 4 : LINES;
    parts -= 4 * lines;
    if (lines == 0) { /* activations end with a multiple of 64 */
      switch (parts) {
        case 3:
          add_line(words, rows, at, q, 3);
          break;
        case 2:
          add_line(words, rows, at, q, 2);
          break;
        default:
          add_line(words, rows, at, q, 1);
          break;
      }
      parts = 0;
    }
    for (; lines > 0; lines--, at += BN_LINE_BYTES, q += BN_LINE_DIGITS) {
      BN_UNROLL for (int p = 0; p < ROWS; p++) { bn_prefetch_vector(next[p] + at, shared); }
      add_line(words, rows, at, q, 4);
    }
    BN_UNROLL for (int p = 0; p < ROWS; p++) {
      totals[p] = vpadalq_s16(vpadalq_s16(totals[p], words[p][0]), words[p][1]);
    }
  }
  BN_UNROLL for (int p = 0; p < ROWS; p++) { sums[p] = vaddvq_s32(totals[p]); }
}

int64_t bn_gated_product_neon(const bn_ternary_vectors* w, const bn_quantized* a,
                              const bn_rows* gate, const bn_rows* y, int32_t count, int32_t begin,
                              int32_t end) {
  return bn_gated_product_by(bn_list_rows_singly, row_sums, ROWS, ROWS, w, a, gate, y, count, begin,
                             end);
}
