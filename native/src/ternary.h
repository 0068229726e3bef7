/*
 * What the storage formats of ternary matrices and the products over them share.
 *
 * A product over many tokens does not know how weights are stored: a format contributes an unpacker
 * that turns some columns of one panel into a tile of quads. Quad i of a tile is 64 bytes: byte
 * 4*r + j is the digit u = t + 1 (0, 1 or 2) of row r of the panel and column first + 4*i + j. Each
 * 32-bit lane is so one row, as in the panels themselves.
 */
#ifndef BITNET_TERNARY_H
#define BITNET_TERNARY_H

#include "bitnet.h"
#include "unroll.h"

#define BN_PANEL_ROWS 16
#define BN_QUAD_BYTES 64

/* Columns [first, first + columns) of a panel as quads; both are multiples of 16. */
typedef void bn_unpack_fn(const uint8_t* panel, int32_t first, int32_t columns, uint8_t* quads);

/* The rows a product writes: y[t][16 * panel + i] for the bits i that are set. */
static inline uint32_t bn_panel_mask(const bn_ternary* w, int32_t panel) {
  int64_t rows = w->rows - BN_PANEL_ROWS * (int64_t)panel;
  return rows >= BN_PANEL_ROWS ? 0xffff : rows <= 0 ? 0 : (1u << rows) - 1;
}

/* Columns with their padding: what a row of digits, and of activations, really holds. */
static inline int32_t bn_padded_columns(const bn_ternary* w) { return (w->columns + 15) & ~15; }

#endif
