/* What the products over ternary panels share, whatever their tier and the storage of digits. */
#ifndef BITNET_TERNARY_H
#define BITNET_TERNARY_H

#include "bitnet.h"
#include "unroll.h"

#define BN_PANEL_ROWS 16
/* Columns of a panel that are stored together, and their bytes in layout BN_PANEL_2BIT. */
#define BN_BLOCK_COLUMNS 16
#define BN_BLOCK_BYTES_2BIT 64

/* Columns with their padding. Activations are zero there. */
static inline int32_t bn_padded_columns(const bn_ternary* w) {
  return (w->columns + BN_BLOCK_COLUMNS - 1) / BN_BLOCK_COLUMNS * BN_BLOCK_COLUMNS;
}

/* The rows of a panel that there are, as bits. */
static inline uint32_t bn_panel_mask(const bn_ternary* w, int32_t panel) {
  const int64_t rows = w->rows - BN_PANEL_ROWS * (int64_t)panel;
  return rows >= BN_PANEL_ROWS ? 0xffff : rows <= 0 ? 0 : (1u << rows) - 1;
}

#endif
