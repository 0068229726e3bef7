#include "common/bounds.h"

/* Adds up a row's codes times both bytes. */
static void add_row(const uint8_t* bytes, int64_t row_bytes, const bn_activation16* x,
                    int32_t* high, int32_t* low) {
  *high = *low = 0;
  for (int64_t first = 0; first < row_bytes; first += 64) {
    for (int64_t f = 0; f < 4; f++) {
      for (int64_t j = 0; j < 64; j++) {
        const int64_t column = 4 * first + 64 * f + j;
        const int32_t u = bytes[first + j] >> 2 * f & 3;
        *high += u * x->high[column];
        *low += u * x->low[column];
      }
    }
  }
}

int32_t bn_refine_bounds_c(const bn_low_bit* s, const bn_activation16* x, const bn_bounds* bounds,
                           int32_t count, int32_t begin, int32_t end) {
  const int64_t row_bytes = bn_fine_row_bytes(s);
  for (int32_t panel = begin; panel < end; panel++) {
    for (int32_t t = 0; t < count; t++) {
      const uint32_t mask = bn_rows_to_refine(s, x + t, bounds + t, panel);
      int32_t sums[2][BN_LOW_BIT_ROWS];
      for (int32_t r = 0; r < BN_LOW_BIT_ROWS; r++) {
        if (mask >> r & 1) {
          const int64_t row = BN_LOW_BIT_ROWS * (int64_t)panel + r;
          add_row(s->fine + row_bytes * row, row_bytes, x + t, &sums[0][r], &sums[1][r]);
        }
      }
      bn_refine_panel(s, x + t, bounds + t, panel, mask, sums[0], sums[1]);
    }
  }
  return BN_OK;
}
