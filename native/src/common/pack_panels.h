/*
 * Panels from a matrix by rows or columns. A line of a row holds a row's part of 16 blocks; a
 * line of a column holds its digits in 16 panels. Either way 16 lines become 16 blocks, and what a
 * line has in field f of a byte is that of block or panel 4 * f + the byte's 16th in 64.
 */
#ifndef BITNET_PACK_PANELS_H
#define BITNET_PACK_PANELS_H

#include "kernels.h"
#include "ternary_panels.h"

/* Blocks of 16 columns, or panels of 16 rows, in a line of 256 digits. */
#define BN_LINE_BLOCKS (BN_LINE_DIGITS / 16)

/* Blocks ahead whose lines are asked for. */
#define BN_BLOCKS_AHEAD 4

/* The first `blocks` blocks of a panel from a line of each of its 16 rows. */
typedef void bn_panel_blocks(const uint8_t* const lines[16], uint8_t* panel, int32_t blocks);

/*
 * A block of those panels in [begin, end) that the lines of its 16 columns have, each panel_bytes
 * behind the one before.
 */
typedef void bn_block_panels(const uint8_t* const lines[16], uint8_t* block, int64_t panel_bytes,
                             int32_t begin, int32_t end);

/* Rows and columns that only pad have lines of zeros. */
static const uint8_t bn_line_of_zeros[BN_LINE_BYTES] __attribute__((aligned(64)));

/* Line l of vector i, of which there are `count`. */
static inline const uint8_t* bn_line(const bn_ternary_vectors* vectors, int64_t i, int64_t count,
                                     int64_t l) {
  return i < count ? vectors->digits + i * vectors->stride + l * BN_LINE_BYTES : bn_line_of_zeros;
}

BN_INLINE void bn_pack_rows(bn_panel_blocks* panel_blocks, const bn_ternary_vectors* vectors,
                            uint8_t* panels, int32_t blocks, int32_t begin, int32_t end) {
  for (int64_t panel = begin; panel < end; panel++) {
    for (int32_t first = 0; first < blocks; first += BN_LINE_BLOCKS) {
      const uint8_t* lines[16];
      for (int32_t r = 0; r < 16; r++) {
        lines[r] =
            bn_line(vectors, BN_PANEL_ROWS * panel + r, vectors->rows, first / BN_LINE_BLOCKS);
      }
      const int32_t some = blocks - first < BN_LINE_BLOCKS ? blocks - first : BN_LINE_BLOCKS;
      panel_blocks(lines, panels, some);
      panels += BN_BLOCK_BYTES_2BIT * some;
    }
  }
}

BN_INLINE void bn_pack_columns(bn_block_panels* block_panels, const bn_ternary_vectors* vectors,
                               uint8_t* panels, int32_t blocks, int32_t begin, int32_t end) {
  const int64_t panel_bytes = (int64_t)BN_BLOCK_BYTES_2BIT * blocks;
  for (int32_t from = begin; from < end;) {
    const int32_t line = from / BN_LINE_BLOCKS;
    const int32_t first = line * BN_LINE_BLOCKS;
    const int32_t to = end - first < BN_LINE_BLOCKS ? end : first + BN_LINE_BLOCKS;
    for (int64_t block = 0; block < blocks; block++) {
      const uint8_t* lines[16];
      for (int32_t c = 0; c < 16; c++) {
        const int64_t column = BN_BLOCK_COLUMNS * block + c;
        lines[c] = bn_line(vectors, column, vectors->columns, line);
        __builtin_prefetch(
            bn_line(vectors, column + BN_BLOCKS_AHEAD * BN_BLOCK_COLUMNS, vectors->columns, line));
      }
      block_panels(lines, panels + panel_bytes * (from - begin) + BN_BLOCK_BYTES_2BIT * block,
                   panel_bytes, from - first, to - first);
    }
    from = to;
  }
}

/* bn_pack_panels for an instruction set. */
BN_INLINE int32_t bn_pack_panels_by(bn_panel_blocks* panel_blocks, bn_block_panels* block_panels,
                                    const bn_ternary_vectors* vectors, uint8_t* panels,
                                    int32_t begin, int32_t end) {
  const int32_t blocks = (vectors->columns + BN_BLOCK_COLUMNS - 1) / BN_BLOCK_COLUMNS;
  if (vectors->order == BN_ROW_MAJOR) {
    bn_pack_rows(panel_blocks, vectors, panels, blocks, begin, end);
    return BN_OK;
  }
  if (vectors->order == BN_COLUMN_MAJOR) {
    bn_pack_columns(block_panels, vectors, panels, blocks, begin, end);
    return BN_OK;
  }
  return BN_UNSUPPORTED;
}

#endif
