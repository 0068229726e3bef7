#include <string.h>

#include "common/kernels.h"

int32_t bn_pack_i2s_c(const uint8_t* source, const bn_ternary* w, int32_t begin, int32_t end) {
  if (w->layout != BN_PANEL_2BIT) {
    return BN_UNSUPPORTED;
  }
  const int64_t columns = w->columns;
  const int64_t panel_bytes = (columns + 15) / 16 * 64;
  for (int64_t p = begin; p < end; p++) {
    uint8_t* panel = w->panels + p * panel_bytes;
    memset(panel, 0, (size_t)panel_bytes);
    for (int64_t r = 0; r < 16 && 16 * p + r < w->rows; r++) {
      for (int64_t c = 0; c < columns; c++) {
        int64_t flat = (16 * p + r) * columns + c;
        int64_t j = flat % 128;
        int code = source[flat / 128 * 32 + j % 32] >> (6 - 2 * (j / 32)) & 3;
        if (code == 3) {
          return BN_BAD_DIGIT;
        }
        int64_t i = c % 16;
        panel[c / 16 * 64 + 4 * r + i % 4] |= (uint8_t)(code << 2 * (i / 4));
      }
    }
  }
  return BN_OK;
}
