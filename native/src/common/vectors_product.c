/*
 * The product of a matrix by rows or columns, by way of its panels: a few at a time, which the L2
 * cache holds, become panels that the tier multiplies. On Zen 5 (AVX-512) one thread makes the 4 MB
 * of a matrix of 2560 by 6912 in 0.11 to 0.16 ms, a product of 16 rows takes it ten times as long.
 */
#include <stddef.h>

#include "kernels.h"
#include "ternary_panels.h"

/* Panels of rows that are made at a time, if they take no more bytes than this. */
#define ROWS_BYTES (256 * 1024)

int32_t bn_vectors_product(int32_t tier, const bn_ternary_vectors* w, const bn_quantized* a,
                           const bn_rows* y, int32_t count, int32_t begin, int32_t end,
                           uint8_t* passing, int64_t passing_bytes) {
  if ((uint32_t)tier >= BN_TIER_COUNT || bn_tiers[tier] == NULL) {
    return BN_UNSUPPORTED;
  }
  const int32_t line_panels = BN_LINE_DIGITS / BN_PANEL_ROWS;
  bn_ternary some = {.panels = passing,
                     .columns = w->columns,
                     .layout = BN_PANEL_2BIT,
                     .largest_digit = 2,
                     .scale = w->scale};
  const int64_t panel_bytes = bn_padded_columns(&some) / BN_BLOCK_COLUMNS * BN_BLOCK_BYTES_2BIT;
  if (passing_bytes < line_panels * panel_bytes) {
    return BN_UNSUPPORTED;
  }
  const int64_t fit = ROWS_BYTES / panel_bytes / 4 * 4;
  const int32_t most = w->order == BN_COLUMN_MAJOR || fit > line_panels ? line_panels
                       : fit < 4                                        ? 4
                                                                        : (int32_t)fit;
  for (int32_t first = begin; first < end;) {
    /* A line of columns is packed together. */
    const int32_t next = w->order == BN_COLUMN_MAJOR ? (first / most + 1) * most : first + most;
    const int32_t last = next < end ? next : end;
    const int32_t status = bn_pack_panels(tier, w, passing, first, last);
    if (status != BN_OK) {
      return status;
    }
    const int64_t row = BN_PANEL_ROWS * (int64_t)first;
    const int64_t rows = w->rows - row;
    some.rows =
        rows < BN_PANEL_ROWS * (last - first) ? (int32_t)rows : BN_PANEL_ROWS * (last - first);
    bn_rows out = *y;
    out.data += row;
    const int32_t product = bn_ternary_product(tier, &some, a, &out, count, 0, last - first);
    if (product != BN_OK) {
      return product;
    }
    first = last;
  }
  return BN_OK;
}
