#include "common/refine_bounds.h"
#include "fields_neon.h"

#define ROWS BN_MOST_REFINED
/* Sets of sums: set s has the fields f with f % SETS = s, times 4^s. */
#define SETS 2

/*
 * A product u * 4^s * q is at most 12 * 128 in absolute value, and a row has at most BN_MAX_COLUMNS
 * of them: sums stay below 2^28.
 */
static void fine_sums(const uint8_t* const* rows, const uint8_t* const* next, int64_t row_bytes,
                      const bn_activation16* x, int32_t sums[2][BN_MOST_REFINED]) {
  int32x4_t totals[ROWS][2][SETS]; /* by row, byte and set */
  BN_UNROLL for (int p = 0; p < ROWS; p++) {
    BN_UNROLL for (int i = 0; i < 4; i++) { totals[p][i / 2][i % 2] = vdupq_n_s32(0); }
  }
  for (int64_t b = 0; b < row_bytes; b += 64) {
    BN_UNROLL for (int p = 0; p < ROWS; p++) { __builtin_prefetch(next[p] + b); }
    for (int v = 0; v < 4; v++) { /* unrolled, the registers would not do */
      BN_UNROLL for (int f = 0; f < 4; f++) {
        const int64_t column = 4 * b + 64 * f + 16 * v;
        const int8x16_t high = vld1q_s8(x->high + column);
        const int8x16_t low = vld1q_s8(x->low + column);
        BN_UNROLL for (int p = 0; p < ROWS; p++) {
          const int8x16_t u = bn_field_neon(vld1q_u8(rows[p] + b + 16 * v), f, SETS);
          totals[p][0][f % SETS] = vdotq_s32(totals[p][0][f % SETS], u, high);
          totals[p][1][f % SETS] = vdotq_s32(totals[p][1][f % SETS], u, low);
        }
      }
    }
  }
  BN_UNROLL for (int p = 0; p < ROWS; p++) {
    BN_UNROLL for (int d = 0; d < 2; d++) { /* exact: the second set has multiples of 4 */
      sums[d][p] = vaddvq_s32(vaddq_s32(totals[p][d][0], vshrq_n_s32(totals[p][d][1], 2)));
    }
  }
}

int32_t bn_refine_bounds_dotprod(const bn_low_bit* s, const bn_activation16* x,
                                 const bn_bounds* bounds, int32_t count, int32_t begin,
                                 int32_t end) {
  return bn_refine_bounds_by(fine_sums, ROWS, s, x, bounds, count, begin, end);
}
