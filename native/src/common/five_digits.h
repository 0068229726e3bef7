/*
 * Panels of layout BN_PANEL_FIVE_DIGITS: blocks of 20 columns in 64 bytes, five base-3 digits a
 * byte.
 *
 * The low six bits of a byte choose digits 0 and 3 and, of seven, a part of the other three; its
 * two high bits say which of four in that part. So two lookups in tables of 64 and 28 bytes decode
 * all five: the first finds A, with digit 0 in field 0, the part's number in bits 2 to 4 and digit
 * 3 in field 3; that number above the byte's two high bits finds B, with digits 4, 1 and 2 in
 * fields 0, 1 and 2. (Fields are of two bits. Digit f is in field f % 4, as in two-bit panels.)
 * AVX-512 VBMI and NEON have such lookups as instructions.
 *
 * Tiers without a faster way multiply two-bit panels, which they make of a few panels at a time in
 * the thread's scratch memory.
 */
#ifndef BITNET_FIVE_DIGITS_H
#define BITNET_FIVE_DIGITS_H

#include <string.h>

#include "kernels.h"
#include "ternary_panels.h"

/* Quads of four columns in a block, and its columns. */
#define BN_QUADS_FIVE 5
#define BN_COLUMNS_FIVE (4 * BN_QUADS_FIVE)

/* Blocks that become as many columns of whole two-bit blocks: four and five, 80 columns. */
#define BN_FIVE_TOGETHER 4
#define BN_TWO_BIT_TOGETHER 5

/* Two-bit panels of this size stay in the L2 cache while they are multiplied. */
#define BN_SCRATCH_CACHED (128 * 1024)
/* Two panels of the longest rows. */
#define BN_SCRATCH_BYTES \
  (2 * (BN_MAX_COLUMNS + BN_BLOCK_COLUMNS - 1) / BN_BLOCK_COLUMNS * BN_BLOCK_BYTES_2BIT)

/* Each thread's, which gets it at its first product: Java's threads leave native code less stack.
 */
extern _Thread_local uint8_t bn_panel_scratch[BN_SCRATCH_BYTES];

/* What the low six bits of a byte are looked up in, and then the five of the other index. */
extern const uint8_t bn_five_a[64];
extern const uint8_t bn_five_b[64]; /* zeros from 28 on */

/* A byte by its digits. */
static inline uint8_t bn_five_byte(const uint8_t u[BN_QUADS_FIVE]) {
  const uint32_t pair = 3u * u[0] + u[3];
  const uint32_t three = 9u * u[1] + 3u * u[2] + u[4];
  return (uint8_t)(9 * (three >> 2) + pair + ((three & 3) << 6));
}

/* Whether w has panels of five digits and a scale for a row or for all, and a a scale for a row. */
static inline int bn_is_five_digits_by_rows(const bn_ternary* w, const bn_quantized* a) {
  return w->layout == BN_PANEL_FIVE_DIGITS && w->group_scales == NULL && a->block_columns == 0 &&
         w->columns <= BN_MAX_COLUMNS;
}

/* BN_FIVE_TOGETHER blocks become BN_TWO_BIT_TOGETHER two-bit ones. */
typedef void bn_repack_five(const uint8_t* from, uint8_t* to);

BN_INLINE void bn_repack_five_portable(const uint8_t* from, uint8_t* to) {
  for (int i = 0; i < BN_BLOCK_BYTES; i++) {
    uint64_t digits = 0; /* 20 fields */
    BN_UNROLL for (int b = 0; b < BN_FIVE_TOGETHER; b++) {
      const uint8_t x = from[BN_BLOCK_BYTES * b + i];
      const uint8_t first = bn_five_a[x & 63];
      const uint8_t second = bn_five_b[(first & 0x1c) | x >> 6];
      const uint32_t four = (first & 0xc3u) | (second & 0x3cu);
      digits |= (uint64_t)(four | (second & 3u) << 8) << 10 * b;
    }
    BN_UNROLL for (int b = 0; b < BN_TWO_BIT_TOGETHER; b++) {
      to[BN_BLOCK_BYTES_2BIT * b + i] = (uint8_t)(digits >> 8 * b);
    }
  }
}

/* A panel with that many blocks as a two-bit one. */
BN_INLINE void bn_repack_panel(bn_repack_five* repack, const uint8_t* from, int64_t blocks,
                               uint8_t* to, int64_t two_bit_blocks) {
  int64_t b = 0;
  int64_t t = 0;
  for (; b + BN_FIVE_TOGETHER <= blocks; b += BN_FIVE_TOGETHER, t += BN_TWO_BIT_TOGETHER) {
    repack(from + BN_BLOCK_BYTES * b, to + BN_BLOCK_BYTES_2BIT * t);
  }
  if (t < two_bit_blocks) { /* what is left is padded with zeros */
    _Alignas(64) uint8_t some[BN_FIVE_TOGETHER * BN_BLOCK_BYTES] = {0};
    _Alignas(64) uint8_t made[BN_TWO_BIT_TOGETHER * BN_BLOCK_BYTES_2BIT];
    memcpy(some, from + BN_BLOCK_BYTES * b, (size_t)(BN_BLOCK_BYTES * (blocks - b)));
    repack(some, made);
    memcpy(to + BN_BLOCK_BYTES_2BIT * t, made,
           (size_t)(BN_BLOCK_BYTES_2BIT * (two_bit_blocks - t)));
  }
}

/* bn_ternary_product by way of two-bit panels, which the tier's product multiplies. */
BN_INLINE int32_t bn_five_by_two_bit(bn_repack_five* repack, bn_ternary_product_fn* product,
                                     const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                     int32_t count, int32_t begin, int32_t end) {
  const int64_t blocks = bn_blocks(w, BN_QUADS_FIVE);
  const int64_t two_bit_blocks = bn_blocks(w, BN_QUADS_2BIT);
  const int64_t panel_bytes = BN_BLOCK_BYTES_2BIT * two_bit_blocks;
  const int32_t fit = (int32_t)(BN_SCRATCH_CACHED / panel_bytes) / 2 * 2;
  const int32_t step = fit > 0 ? fit : 2;
  for (int32_t first = begin; first < end; first += step) {
    const int32_t panels = end - first < step ? end - first : step;
    for (int32_t p = 0; p < panels; p++) {
      bn_repack_panel(repack, w->panels + BN_BLOCK_BYTES * blocks * (first + p), blocks,
                      bn_panel_scratch + panel_bytes * p, two_bit_blocks);
    }
    const int64_t row = BN_PANEL_ROWS * (int64_t)first;
    const int64_t rows_left = w->rows - row;
    bn_ternary some = *w;
    some.panels = bn_panel_scratch;
    some.layout = BN_PANEL_2BIT;
    some.rows = rows_left < BN_PANEL_ROWS * panels ? (int32_t)rows_left : BN_PANEL_ROWS * panels;
    some.row_scales = w->row_scales == NULL ? NULL : w->row_scales + row;
    bn_rows out = *y;
    out.data += row;
    const int32_t status = product(&some, a, &out, count, 0, panels);
    if (status != BN_OK) {
      return status;
    }
  }
  return BN_OK;
}

#endif
