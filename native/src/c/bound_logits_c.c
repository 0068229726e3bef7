#include "common/bounds.h"

int32_t bn_bound_logits_c(const bn_sketch* s, const bn_digits* x, const bn_bounds* bounds,
                          int32_t begin, int32_t end) {
  const int64_t panel_bytes = bn_coarse_panel_bytes(s);
  for (int32_t panel = begin; panel < end; panel++) {
    const uint8_t* blocks = s->coarse + panel_bytes * panel;
    int32_t* sums = bounds->sums + 32 * (int64_t)panel;
    memset(sums, 0, 32 * sizeof *sums);
    for (int64_t b = 0; b < panel_bytes / 64; b++) {
      for (int64_t i = 0; i < 64; i++) {
        const int64_t column = 8 * b + i % 4;
        const int32_t left = blocks[64 * b + i] & 15;
        const int32_t right = blocks[64 * b + i] >> 4;
        sums[i / 4] += left * x->high[column] + right * x->high[column + 4];
        sums[16 + i / 4] += left * x->low[column] + right * x->low[column + 4];
      }
    }
    bn_bound_panel(s, x, bounds, panel);
  }
  return BN_OK;
}
