#include "common/bounds.h"

/* Sums of the products of a panel's codes: 16 with the high bytes, 16 with the low ones. */
static void add_panel(const uint8_t* block, int64_t blocks, const bn_activation16* x,
                      int32_t* sums) {
  memset(sums, 0, 32 * sizeof *sums);
  for (int64_t b = 0; b < blocks; b++, block += 64) {
    for (int64_t i = 0; i < 64; i++) {
      const int64_t column = BN_COARSE_COLUMNS * b + i % 4;
      const int32_t left = block[i] & 15;
      const int32_t right = block[i] >> 4;
      sums[i / 4] += left * x->high[column] + right * x->high[column + 4];
      sums[16 + i / 4] += left * x->low[column] + right * x->low[column + 4];
    }
  }
}

int32_t bn_bound_logits_c(const bn_low_bit* s, const bn_activation16* x, const bn_bounds* bounds,
                          int32_t count, int32_t begin, int32_t end) {
  const int64_t panel_bytes = bn_coarse_panel_bytes(s);
  for (int32_t panel = begin; panel < end; panel++) {
    for (int32_t t = 0; t < count; t++) {
      int32_t* sums = bounds[t].sums + 32 * (int64_t)panel;
      add_panel(s->coarse + panel_bytes * panel, panel_bytes / 64, x + t, sums);
      bn_bound_panel(s, x + t, bounds + t, panel);
    }
  }
  return BN_OK;
}
