/*
 * The product of a matrix by rows or columns. A tier may have one without panels, which is faster
 * for few rows of activations. Else it is by way of panels: 16 at a time, which the L2 cache holds,
 * are made and then multiplied by the tier. On Zen 5 (AVX-512) one thread makes the 4 MB of a
 * matrix of 2560 by 6912 in 0.11 to 0.16 ms, if they are in a cache; from memory it takes longer.
 * So while panels are multiplied, what the next ones are made of is asked for.
 */
#include <stddef.h>

#include "kernels.h"
#include "ternary_panels.h"

/* Panels that are made at a time: those of a line of columns. */
#define PANELS_TOGETHER (BN_LINE_DIGITS / BN_PANEL_ROWS)
/*
 * Panels that are multiplied between two requests, of which all together ask for what is needed
 * next. With few rows of activations memory limits, and should be busy all the time; many rows
 * would be read again for each of these panels.
 */
#define FEW_ROWS 16
#define PANELS_OF_FEW 4

/* The first panel that is not made together with this one. */
static inline int32_t next_panel(int32_t panel, int32_t end) {
  const int32_t next = (panel / PANELS_TOGETHER + 1) * PANELS_TOGETHER;
  return next < end ? next : end;
}

/* Asks for that part, of `parts`, of what panels [begin, end) are made of. */
static void request(const bn_ternary_vectors* w, int32_t begin, int32_t end, int64_t part,
                    int64_t parts) {
  if (w->order == BN_ROW_MAJOR) {
    const int64_t first = BN_PANEL_ROWS * (int64_t)begin * w->stride;
    const int64_t row = BN_PANEL_ROWS * (int64_t)end;
    const int64_t bytes = (row < w->rows ? row : w->rows) * w->stride - first;
    for (int64_t i = bytes * part / parts; i < bytes * (part + 1) / parts; i += BN_LINE_BYTES) {
      __builtin_prefetch(w->digits + first + i, 0, 2);
    }
  } else {
    const uint8_t* line = w->digits + begin / PANELS_TOGETHER * BN_LINE_BYTES;
    const int64_t columns = w->columns;
    for (int64_t i = columns * part / parts; i < columns * (part + 1) / parts; i++) {
      __builtin_prefetch(line + i * w->stride, 0, 2);
    }
  }
}

int32_t bn_vectors_product(int32_t tier, const bn_ternary_vectors* w, const bn_quantized* a,
                           const bn_rows* y, int32_t count, int32_t begin, int32_t end,
                           uint8_t* scratch, int64_t scratch_bytes) {
  if ((uint32_t)tier >= BN_TIER_COUNT || bn_tiers[tier] == NULL) {
    return BN_UNSUPPORTED;
  }
  bn_ternary group = {.panels = scratch,
                      .columns = w->columns,
                      .layout = BN_PANEL_2BIT,
                      .largest_digit = 2,
                      .scale = w->scale};
  const int64_t panel_bytes =
      (int64_t)bn_padded_columns(&group) / BN_BLOCK_COLUMNS * BN_BLOCK_BYTES_2BIT;
  if (scratch_bytes < PANELS_TOGETHER * panel_bytes) {
    return BN_UNSUPPORTED;
  }
  for (const bn_kernels* t = bn_tiers[tier]; t != NULL; t = t->base) {
    if (t->vectors_product != NULL) {
      const int32_t product = t->vectors_product(w, a, y, count, begin, end);
      if (product != BN_UNSUPPORTED) {
        return product;
      }
      break;
    }
  }
  const int32_t multiplied = count > FEW_ROWS ? PANELS_TOGETHER : PANELS_OF_FEW;
  int32_t last;
  for (int32_t first = begin; first < end; first = last) {
    last = next_panel(first, end);
    const int32_t packed = bn_pack_panels(tier, w, scratch, first, last);
    if (packed != BN_OK) {
      return packed;
    }
    const int64_t row = BN_PANEL_ROWS * (int64_t)first;
    const int64_t rows_left = w->rows - row;
    group.rows = rows_left < BN_LINE_DIGITS ? (int32_t)rows_left : BN_LINE_DIGITS;
    bn_rows out = *y;
    out.data += row;
    for (int32_t p = 0, part = 0; p < last - first; p += multiplied, part++) {
      if (last < end) {
        request(w, last, next_panel(last, end), part, PANELS_TOGETHER / multiplied);
      }
      const int32_t next = last - first - p < multiplied ? last - first : p + multiplied;
      const int32_t product = bn_ternary_product(tier, &group, a, &out, count, p, next);
      if (product != BN_OK) {
        return product;
      }
    }
  }
  return BN_OK;
}
