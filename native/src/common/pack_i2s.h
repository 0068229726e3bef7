/*
 * Packing I2_S into two-bit panels, but for one step: an instruction set contributes the
 * transposition of a band, 16 rows of up to 128 columns.
 */
#ifndef BITNET_PACK_I2S_H
#define BITNET_PACK_I2S_H

#include <string.h>

#include "kernels.h"
#include "ternary_panels.h"

#define BN_I2S_BLOCK 128
#define BN_I2S_BYTES 32

/*
 * Writes the first blocks of the 8 panel blocks of a band, whose row r is the I2_S block rows[r].
 * Not zero if some code is 3.
 */
typedef int bn_pack_band_fn(const uint8_t* const rows[BN_PANEL_ROWS], int32_t blocks, uint8_t* out);

/* Copies the I2_S block with this index of a tensor of so many weights; reads nothing past them. */
static inline void bn_i2s_load(const uint8_t* source, int64_t weights, int64_t index,
                               uint8_t block[BN_I2S_BYTES]) {
  const int64_t left = weights - BN_I2S_BLOCK * index;
  if (left >= BN_I2S_BYTES) {
    memcpy(block, source + BN_I2S_BYTES * index, BN_I2S_BYTES);
  } else {
    memset(block, 0, BN_I2S_BYTES);
    memcpy(block, source + BN_I2S_BYTES * index, left > 0 ? (size_t)left : 0);
  }
}

/*
 * Makes a block of n <= 128 weights that start anywhere in a tensor, the others 0. Weight flat + 32
 * * g + i is in byte (o + i) % 32 of a block, o = flat % 32, so bytes keep their order but for a
 * rotation, and a byte takes its four weights from two neighbouring blocks.
 */
static inline void bn_i2s_gather(const uint8_t* source, int64_t weights, int64_t flat, int32_t n,
                                 uint8_t block[BN_I2S_BYTES]) {
  const int group = (int)(flat % BN_I2S_BLOCK / BN_I2S_BYTES);
  uint8_t first[BN_I2S_BYTES];
  uint8_t second[BN_I2S_BYTES];
  bn_i2s_load(source, weights, flat / BN_I2S_BLOCK, first);
  bn_i2s_load(source, weights, flat / BN_I2S_BLOCK + 1, second);
  uint8_t turned[2 * BN_I2S_BYTES]; /* bytes from o on, and those that wrapped around */
  for (int i = 0; i < BN_I2S_BYTES; i++) {
    const uint32_t pair = (uint32_t)first[i] << 8 | second[i];
    turned[i] = (uint8_t)(pair >> (8 - 2 * group));
    turned[i + BN_I2S_BYTES] = (uint8_t)(pair >> (6 - 2 * group));
  }
  memcpy(block, turned + flat % BN_I2S_BYTES, BN_I2S_BYTES);
  for (int i = 0; n < BN_I2S_BLOCK && i < BN_I2S_BYTES; i++) {
    const int kept = i < n ? (n - i + BN_I2S_BYTES - 1) / BN_I2S_BYTES : 0;
    block[i] &= (uint8_t)(0xff << (8 - 2 * kept));
  }
}

/* bn_pack_i2s with a band transposed by pack. */
BN_INLINE int32_t bn_pack_i2s_by(bn_pack_band_fn* pack, const uint8_t* source, const bn_ternary* w,
                                 int32_t begin, int32_t end) {
  if (w->layout != BN_PANEL_2BIT) {
    return BN_UNSUPPORTED;
  }
  const int64_t columns = w->columns;
  const int64_t weights = w->rows * columns;
  const int64_t panel_bytes = 4 * (int64_t)bn_padded_columns(w);
  static const uint8_t no_row[BN_I2S_BYTES] = {0};
  uint8_t gathered[BN_PANEL_ROWS][BN_I2S_BYTES];
  for (int64_t p = begin; p < end; p++) {
    const int64_t rows = w->rows - BN_PANEL_ROWS * p;
    const uint8_t* band[BN_PANEL_ROWS];
    int bad = 0;
    for (int64_t first = 0; first < columns; first += BN_I2S_BLOCK) {
      const int32_t n = (int32_t)(columns - first < BN_I2S_BLOCK ? columns - first : BN_I2S_BLOCK);
      for (int r = 0; r < BN_PANEL_ROWS; r++) {
        const int64_t flat = (BN_PANEL_ROWS * p + r) * columns + first;
        band[r] = r < rows ? source + flat / BN_I2S_BLOCK * BN_I2S_BYTES : no_row;
        if (r < rows && (flat % BN_I2S_BLOCK != 0 || n < BN_I2S_BLOCK)) {
          bn_i2s_gather(source, weights, flat, n, gathered[r]);
          band[r] = gathered[r];
        }
      }
      bad |= pack(band, (n + 15) / 16, w->panels + p * panel_bytes + 4 * first);
    }
    if (bad) {
      return BN_BAD_DIGIT;
    }
  }
  return BN_OK;
}

#endif
