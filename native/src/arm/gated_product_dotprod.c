#include "common/kernels.h"
#include "common/sparse_products.h"
#include "fields_neon.h"

/* Rows at a time: their sums, and a part of a line's activations, fill the registers. */
#define ROWS 8
/* Sets of sums: set s has the fields f with f % SETS = s, times 4^s. */
#define SETS 2

/*
 * Adds the products of the first fields of a line of every row, whose activations start at q. A
 * product u * 4^s * q is at most 8 * 128 in absolute value, and a row has at most BN_MAX_COLUMNS of
 * them: sums stay below 2^28.
 */
BN_INLINE void add_line(int32x4_t totals[ROWS][SETS], const uint8_t* const* rows, int64_t at,
                        const int8_t* q, const int fields) {
  for (int v = 0; v < 4; v++) { /* unrolled, the registers would not do */
    int8x16_t values[4];
    BN_UNROLL for (int f = 0; f < fields; f++) { values[f] = vld1q_s8(q + 64 * f + 16 * v); }
    BN_UNROLL for (int p = 0; p < ROWS; p++) {
      const uint8x16_t x = vld1q_u8(rows[p] + at + 16 * v);
      BN_UNROLL for (int f = 0; f < fields; f++) {
        int32x4_t* total = &totals[p][f % SETS];
        *total = vdotq_s32(*total, bn_field_neon(x, f, SETS), values[f]);
      }
    }
  }
}

static void row_sums(const uint8_t* const* rows, const uint8_t* const* next, int shared,
                     const int8_t* q, int64_t columns, int32_t* sums) {
  int32x4_t totals[ROWS][SETS];
  BN_UNROLL for (int p = 0; p < ROWS; p++) {
    BN_UNROLL for (int s = 0; s < SETS; s++) { totals[p][s] = vdupq_n_s32(0); }
  }
  int64_t parts = (columns + 63) / 64;
  int64_t at = 0;
  for (; parts >= 4; parts -= 4, at += BN_LINE_BYTES, q += BN_LINE_DIGITS) {
    BN_UNROLL for (int p = 0; p < ROWS; p++) { bn_prefetch_vector(next[p] + at, shared); }
    add_line(totals, rows, at, q, 4);
  }
  switch (parts) { /* activations end with a multiple of 64 */
    case 3:
      add_line(totals, rows, at, q, 3);
      break;
    case 2:
      add_line(totals, rows, at, q, 2);
      break;
    case 1:
      add_line(totals, rows, at, q, 1);
      break;
    default:
      break;
  }
  BN_UNROLL for (int p = 0; p < ROWS; p++) { /* exact: the second set has multiples of 4 */
    sums[p] = vaddvq_s32(vaddq_s32(totals[p][0], vshrq_n_s32(totals[p][1], 2)));
  }
}

int64_t bn_gated_product_dotprod(const bn_ternary_vectors* w, const bn_quantized* a,
                                 const bn_rows* gate, const bn_rows* y, int32_t count,
                                 int32_t begin, int32_t end) {
  return bn_gated_product_by(bn_list_rows_singly, row_sums, ROWS, ROWS, w, a, gate, y, count, begin,
                             end);
}
