/* By multiplications of bytes to 16 bits, which every ARMv8-A has. */
#include "common/refine_bounds.h"
#include "fields_neon.h"

#define ROWS BN_MOST_REFINED
/*
 * Lines of 64 bytes whose products come together in 16 bits: 16 products u * q in each, 0 <= u <= 3
 * and -128 <= q <= 127, so from 80 * -384 = -30720 to 80 * 381 = 30480.
 */
#define LINES 5

/* Adds the products of a line of every row, whose bytes start at high and low. */
BN_INLINE void add_line(int16x8_t words[ROWS][2][2], const uint8_t* const* rows, int64_t at,
                        const int8_t* high, const int8_t* low) {
  for (int v = 0; v < 4; v++) { /* unrolled, the registers would not do */
    BN_UNROLL for (int f = 0; f < 4; f++) {
      const int8x16_t bytes[2] = {vld1q_s8(high + 64 * f + 16 * v),
                                  vld1q_s8(low + 64 * f + 16 * v)};
      BN_UNROLL for (int p = 0; p < ROWS; p++) {
        const int8x16_t u = bn_field_neon(vld1q_u8(rows[p] + at + 16 * v), f, 1);
        BN_UNROLL for (int d = 0; d < 2; d++) {
          int16x8_t* sum = words[p][d];
          sum[0] = vmlal_s8(sum[0], vget_low_s8(u), vget_low_s8(bytes[d]));
          sum[1] = vmlal_high_s8(sum[1], u, bytes[d]);
        }
      }
    }
  }
}

/* The 32-bit sums stay below BN_MAX_COLUMNS * 3 * 128 < 2^26. */
static void fine_sums(const uint8_t* const* rows, const uint8_t* const* next, int64_t row_bytes,
                      const bn_activation16* x, int32_t sums[2][BN_MOST_REFINED]) {
  int32x4_t totals[ROWS][2];
  BN_UNROLL for (int p = 0; p < ROWS; p++) { totals[p][0] = totals[p][1] = vdupq_n_s32(0); }
  for (int64_t first = 0; first < row_bytes; first += 64 * LINES) {
    const int64_t last = row_bytes - first < 64 * LINES ? row_bytes : first + 64 * LINES;
    int16x8_t words[ROWS][2][2]; /* by row and byte, even and odd parts of eight columns */
    BN_UNROLL for (int p = 0; p < ROWS; p++) {
      BN_UNROLL for (int i = 0; i < 4; i++) { words[p][i / 2][i % 2] = vdupq_n_s16(0); }
    }
    for (int64_t b = first; b < last; b += 64) {
      BN_UNROLL for (int p = 0; p < ROWS; p++) { __builtin_prefetch(next[p] + b); }
      add_line(words, rows, b, x->high + 4 * b, x->low + 4 * b);
    }
    BN_UNROLL for (int p = 0; p < ROWS; p++) {
      BN_UNROLL for (int d = 0; d < 2; d++) {
        totals[p][d] = vpadalq_s16(vpadalq_s16(totals[p][d], words[p][d][0]), words[p][d][1]);
      }
    }
  }
  BN_UNROLL for (int p = 0; p < ROWS; p++) {
    BN_UNROLL for (int d = 0; d < 2; d++) { sums[d][p] = vaddvq_s32(totals[p][d]); }
  }
}

int32_t bn_refine_bounds_neon(const bn_low_bit* s, const bn_activation16* x,
                              const bn_bounds* bounds, int32_t count, int32_t begin, int32_t end) {
  return bn_refine_bounds_by(fine_sums, ROWS, s, x, bounds, count, begin, end);
}
