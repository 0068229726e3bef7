/* What the products over ternary panels share, whatever their tier and the storage of digits. */
#ifndef BITNET_TERNARY_PANELS_H
#define BITNET_TERNARY_PANELS_H

#include <stddef.h>

#include "bitnet.h"
#include "unroll.h"

#define BN_PANEL_ROWS 16
/* Columns of a panel that are stored together, and their bytes in layout BN_PANEL_2BIT. */
#define BN_BLOCK_COLUMNS 16
#define BN_BLOCK_BYTES_2BIT 64

/* Whether w has two-bit panels and one scale for all weights. */
static inline int bn_is_two_bit_with_one_scale(const bn_ternary* w) {
  return w->layout == BN_PANEL_2BIT && w->row_scales == NULL && w->group_scales == NULL;
}

/* Columns with their padding. Activations are zero there. */
static inline int32_t bn_padded_columns(const bn_ternary* w) {
  return (w->columns + BN_BLOCK_COLUMNS - 1) / BN_BLOCK_COLUMNS * BN_BLOCK_COLUMNS;
}

/* The rows of a panel that there are, as bits. */
static inline uint32_t bn_panel_mask(const bn_ternary* w, int32_t panel) {
  const int64_t rows = w->rows - BN_PANEL_ROWS * (int64_t)panel;
  return rows >= BN_PANEL_ROWS ? 0xffff : rows <= 0 ? 0 : (1u << rows) - 1;
}

/* Panels that are multiplied together: first, first + step, ... */
typedef struct bn_panels {
  int32_t first, step;
} bn_panels;

/* Multiplies panels [begin, end) with tokens [token, token + tokens), few enough to go at once. */
typedef void bn_multiply_panels(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                int32_t token, int32_t tokens, int32_t begin, int32_t end);

/* What a tier multiplies at once of a format with panels in blocks of block_bytes. */
typedef struct bn_portion {
  int32_t tokens; /* the most */
  int32_t panels;
  int64_t cached_bytes; /* of panels that more tokens than these are multiplied with in turn */
  int64_t block_bytes;
} bn_portion;

/* bn_ternary_product for a format. */
BN_INLINE void bn_ternary_product_by(bn_multiply_panels* multiply, const bn_portion once,
                                     const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                     int32_t count, int32_t begin, int32_t end) {
  const int64_t panel_bytes = bn_padded_columns(w) / BN_BLOCK_COLUMNS * once.block_bytes;
  const int32_t fit = (int32_t)(once.cached_bytes / panel_bytes) / once.panels * once.panels;
  const int32_t groups = (count + once.tokens - 1) / once.tokens;
  const int32_t step = groups == 1 ? end - begin : fit > 0 ? fit : once.panels;
  for (int32_t p = begin; p < end; p += step) {
    const int32_t last = end - p < step ? end : p + step;
    for (int32_t g = 0; g < groups; g++) { /* groups of even size: none is left with few */
      const int32_t token = (int32_t)((int64_t)count * g / groups);
      const int32_t tokens = (int32_t)((int64_t)count * (g + 1) / groups) - token;
      multiply(w, a, y, token, tokens, p, last);
    }
  }
}

#endif
