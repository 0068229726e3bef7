/*
 * Every tier's: compilers make vectors of these loops, and a core packs 1.5 GB a second or more. A
 * stored format is one function, which unpacks digits to bytes, and a line of unpack_of.
 */
#include <string.h>

#include "common/kernels.h"
#include "common/ternary_panels.h"

/* Columns that are unpacked at a time, a multiple of every format's block. */
#define TILE_COLUMNS 256
/* The lower bit of each digit. */
#define LOW_BITS 0x55555555u

/*
 * Unpacks digits of n <= TILE_COLUMNS columns from weight number first of the matrix on, which is
 * the start of a block but in format 36. Reads only the bytes of these blocks.
 */
typedef void unpack_fn(const uint8_t* source, int64_t first, int32_t n, uint8_t* digits);

/* The two bits from shift on of n bytes. */
BN_INLINE void unpack_field(const uint8_t* restrict from, int32_t n, int shift,
                            uint8_t* restrict digits) {
  for (int32_t i = 0; i < n; i++) {
    digits[i] = (uint8_t)(from[i] >> shift & 3);
  }
}

/*
 * I2_S: blocks of 128 in 32 bytes that may straddle rows; weight j of a block is in byte j % 32
 * at bit 6 - 2 * (j / 32).
 */
static void unpack_36(const uint8_t* source, int64_t first, int32_t n, uint8_t* digits) {
  while (n > 0) {
    const uint8_t* block = source + first / 128 * 32;
    int32_t taken = 128;
    if (first % 128 == 0 && n >= 128) {
      BN_UNROLL for (int run = 0; run < 4; run++) {
        unpack_field(block, 32, 6 - 2 * run, digits + 32 * run);
      }
    } else {
      const int32_t start = (int32_t)(first % 32);
      taken = 32 - start < n ? 32 - start : n;
      unpack_field(block + start, taken, 6 - 2 * (int)(first % 128 / 32), digits);
    }
    first += taken;
    digits += taken;
    n -= taken;
  }
}

/* TQ2_0: blocks of 256 in 66 bytes; column 128h + 32n + m in byte 32h + m at bit 2n. */
static void unpack_35(const uint8_t* source, int64_t first, int32_t n, uint8_t* digits) {
  (void)n;
  const uint8_t* block = source + first / 256 * 66;
  BN_UNROLL for (int run = 0; run < 8; run++) {
    unpack_field(block + run / 4 * 32, 32, run % 4 * 2, digits + 32 * run);
  }
}

/*
 * Base-3 digits of bytes that are fractions of 256, count of each: digit n of byte i is stored at
 * n * bytes + i. Thrice the fraction has the digit before its point and the next fraction behind.
 */
BN_INLINE void unpack_trits(const uint8_t* restrict from, const int bytes, const int count,
                            uint8_t* restrict digits) {
  uint8_t fractions[32];
  memcpy(fractions, from, (size_t)bytes);
  for (int n = 0; n < count; n++, digits += bytes) {
    for (int i = 0; i < bytes; i++) {
      digits[i] = (uint8_t)((fractions[i] > 85) + (fractions[i] > 170));
      fractions[i] = (uint8_t)(3 * fractions[i]);
    }
  }
}

/* TQ1_0: blocks of 256 in 54 bytes: 32 of five digits, 16 of five and 4 of four. */
static void unpack_34(const uint8_t* source, int64_t first, int32_t n, uint8_t* digits) {
  (void)n;
  const uint8_t* block = source + first / 256 * 54;
  unpack_trits(block, 32, 5, digits);
  unpack_trits(block + 32, 16, 5, digits + 160);
  unpack_trits(block + 48, 4, 4, digits + 240);
}

/* Blocks of a float16 and then digits in order, four to a byte from its lowest bits on. */
BN_INLINE void unpack_fours(const uint8_t* source, int64_t first, int32_t n, const int32_t columns,
                            uint8_t* restrict digits) {
  const int32_t bytes = columns / 4;
  const uint8_t* block = source + first / columns * (2 + bytes);
  for (; n > 0; n -= columns, block += 2 + bytes, digits += columns) {
    for (int32_t i = 0; i < bytes; i++) {
      const uint32_t x = block[2 + i];
      const uint32_t quad = (x | x << 6 | x << 12 | x << 18) & 0x03030303;
      memcpy(digits + 4 * i, &quad, sizeof quad);
    }
  }
}

/* Q2_0, groups of 64. */
static void unpack_42(const uint8_t* source, int64_t first, int32_t n, uint8_t* digits) {
  unpack_fours(source, first, n, 64, digits);
}

/* PQ2_0, groups of 128. */
static void unpack_142(const uint8_t* source, int64_t first, int32_t n, uint8_t* digits) {
  unpack_fours(source, first, n, 128, digits);
}

/* What unpacks a format, by its GGUF type id; null if nothing does. */
static unpack_fn* unpack_of(int32_t format) {
  switch (format) {
    case 34:
      return unpack_34;
    case 35:
      return unpack_35;
    case 36:
      return unpack_36;
    case 42:
      return unpack_42;
    case 142:
      return unpack_142;
    default:
      return NULL;
  }
}

/* Packs digits of whole blocks, one row of a panel. Its lower bits are not 0 if some digit is 3. */
static uint32_t pack_row(const uint8_t* digits, int32_t blocks, uint8_t* words) {
  uint32_t threes = 0;
  for (int32_t b = 0; b < blocks; b++, digits += BN_BLOCK_COLUMNS, words += BN_BLOCK_BYTES_2BIT) {
    uint32_t quads[4];
    memcpy(quads, digits, sizeof quads);
    const uint32_t word = quads[0] | quads[1] << 2 | quads[2] << 4 | quads[3] << 6;
    threes |= word & word >> 1;
    memcpy(words, &word, sizeof word);
  }
  return threes & LOW_BITS;
}

int32_t bn_pack_c(int32_t format, const uint8_t* source, const bn_ternary* w, int32_t begin,
                  int32_t end) {
  unpack_fn* unpack = unpack_of(format);
  if (unpack == NULL || w->layout != BN_PANEL_2BIT) {
    return BN_UNSUPPORTED;
  }
  const int64_t panel_bytes = bn_padded_columns(w) / BN_BLOCK_COLUMNS * BN_BLOCK_BYTES_2BIT;
  for (int64_t p = begin; p < end; p++) {
    uint32_t threes = 0;
    for (int64_t k = 0; k < w->columns; k += TILE_COLUMNS) {
      const int32_t n = (int32_t)(w->columns - k < TILE_COLUMNS ? w->columns - k : TILE_COLUMNS);
      const int32_t blocks = (n + BN_BLOCK_COLUMNS - 1) / BN_BLOCK_COLUMNS;
      uint8_t* tile = w->panels + p * panel_bytes + k / BN_BLOCK_COLUMNS * BN_BLOCK_BYTES_2BIT;
      for (int64_t r = 0; r < BN_PANEL_ROWS; r++) {
        const int64_t row = BN_PANEL_ROWS * p + r;
        uint8_t digits[TILE_COLUMNS] = {0};
        if (row < w->rows) {
          unpack(source, row * w->columns + k, n, digits);
        }
        threes |= pack_row(digits, blocks, tile + 4 * r);
      }
    }
    if (threes != 0 && w->largest_digit < 3) {
      return BN_BAD_DIGIT;
    }
  }
  return BN_OK;
}
