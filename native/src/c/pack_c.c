/*
 * Every tier's: compilers make vectors of these loops, and a core packs 1.5 GB a second or more. A
 * stored format is one function, which unpacks digits to bytes, and a line of unpack_of.
 */
#include <string.h>

#include "common/five_digits.h"
#include "common/kernels.h"
#include "common/ternary_panels.h"

/* Columns that are unpacked at a time, a multiple of every format's block. */
#define TILE_COLUMNS 256
/* Columns that are packed at a time, whole tiles and whole blocks of every layout. */
#define PACKED_COLUMNS 1280
/* The lower bit of each digit. */
#define LOW_BITS 0x55555555u

/* A matrix in its file's own format. */
typedef struct stored {
  const uint8_t* bytes;
  int64_t columns;
} stored;

/*
 * Unpacks digits of columns [k, k + n) of a row, n <= TILE_COLUMNS, from the start of a block on
 * but in format 36. Reads only the bytes of these blocks.
 */
typedef void unpack_fn(const stored* m, int64_t row, int64_t k, int32_t n, uint8_t* digits);

/* The block of a column in a format of blocks alone. */
BN_INLINE const uint8_t* block_of(const stored* m, int64_t row, int64_t k, int32_t columns,
                                  int32_t bytes) {
  return m->bytes + (row * m->columns + k) / columns * bytes;
}

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
static void unpack_36(const stored* m, int64_t row, int64_t k, int32_t n, uint8_t* digits) {
  int64_t first = row * m->columns + k;
  while (n > 0) {
    const uint8_t* block = m->bytes + first / 128 * 32;
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
static void unpack_35(const stored* m, int64_t row, int64_t k, int32_t n, uint8_t* digits) {
  (void)n;
  const uint8_t* block = block_of(m, row, k, 256, 66);
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
static void unpack_34(const stored* m, int64_t row, int64_t k, int32_t n, uint8_t* digits) {
  (void)n;
  const uint8_t* block = block_of(m, row, k, 256, 54);
  unpack_trits(block, 32, 5, digits);
  unpack_trits(block + 32, 16, 5, digits + 160);
  unpack_trits(block + 48, 4, 4, digits + 240);
}

/* PTQ1_0: blocks of 128 in 28 bytes: 16 of five digits, 8 of five and 2 of four. */
static void unpack_143(const stored* m, int64_t row, int64_t k, int32_t n, uint8_t* digits) {
  const uint8_t* block = block_of(m, row, k, 128, 28);
  for (; n > 0; n -= 128, block += 28, digits += 128) {
    uint8_t ten[16] = {0}; /* the last bytes together: vectors of so few are slow */
    uint8_t trits[5 * 16];
    memcpy(ten, block + 16, 10);
    unpack_trits(block, 16, 5, digits);
    unpack_trits(ten, 16, 5, trits);
    BN_UNROLL for (int d = 0; d < 5; d++) {
      memcpy(digits + 80 + 8 * d, trits + 16 * d, 8);
      if (d < 4) {
        memcpy(digits + 120 + 2 * d, trits + 16 * d + 8, 2);
      }
    }
  }
}

/* Q1_0: blocks of 128 in a float16 and then a bit for each weight, from a byte's lowest on. */
static void unpack_41(const stored* m, int64_t row, int64_t k, int32_t n, uint8_t* digits) {
  const uint8_t* block = block_of(m, row, k, 128, 18);
  for (; n > 0; n -= 128, block += 18, digits += 128) {
    for (int i = 0; i < 16; i++) {
      /* Byte j keeps bit j alone; if that is set, adding 0x7f sets the byte's highest bit. */
      const uint64_t bits = block[2 + i] * 0x0101010101010101u & 0x8040201008040201u;
      const uint64_t eight = (bits + 0x7f7f7f7f7f7f7f7fu) >> 6 & 0x0202020202020202u;
      memcpy(digits + 8 * i, &eight, sizeof eight);
    }
  }
}

/*
 * The lane of a group of STQ1_0, as a digit: lane code / 4 is 0; of the others the first is +1, the
 * second -1 where bit 0 of the code is set, the third -1 where bit 1 is. A sign that is set negates
 * all.
 */
#define LANE_MINUS(code, lane) \
  (((code) & 3) << 1 >> ((lane) > (code) / 4 ? (lane) - 1 : (lane)) & 1)
#define LANE(code, sign, lane) \
  ((uint64_t)((lane) == (code) / 4 ? 1 : (LANE_MINUS(code, lane) ^ (sign)) != 0 ? 0 : 2))
/* The four lanes of a group, a byte each, and those of two groups with their codes and signs. */
#define LANES(code, sign)                                                       \
  (LANE(code, sign, 0) | LANE(code, sign, 1) << 8 | LANE(code, sign, 2) << 16 | \
   LANE(code, sign, 3) << 24)
#define PAIR(codes, signs) \
  (LANES((codes) & 15, (signs) & 1) | LANES((codes) >> 4, (signs) >> 1) << 32)
#define PAIR_4(x, s) PAIR(x, s), PAIR((x) + 1, s), PAIR((x) + 2, s), PAIR((x) + 3, s)
#define PAIR_16(x, s) PAIR_4(x, s), PAIR_4((x) + 4, s), PAIR_4((x) + 8, s), PAIR_4((x) + 12, s)
#define PAIR_64(x, s) \
  PAIR_16(x, s), PAIR_16((x) + 16, s), PAIR_16((x) + 32, s), PAIR_16((x) + 48, s)
#define PAIR_256(s) PAIR_64(0, s), PAIR_64(64, s), PAIR_64(128, s), PAIR_64(192, s)
/* By 256 times the two signs plus the byte of two codes. */
static const uint64_t sparse_pairs[1024] = {PAIR_256(0), PAIR_256(1), PAIR_256(2), PAIR_256(3)};

/* The first and the second byte of n pairs. */
BN_INLINE void split_bytes(const uint8_t* restrict pairs, const int n, uint8_t* restrict first,
                           uint8_t* restrict second) {
  for (int i = 0; i < n; i++) {
    uint16_t pair;
    memcpy(&pair, pairs + 2 * i, sizeof pair);
    first[i] = (uint8_t)pair;
    second[i] = (uint8_t)(pair >> 8);
  }
}

/*
 * STQ1_0: blocks of 256 in 42 bytes: 64 codes of four bits, then 64 sign bits. Digit p of group g
 * is of column 64 * (g / 16) + g % 16 + 16 * p, or where groups are contiguous, of 4 * g + p.
 */
BN_INLINE void unpack_sparse_fours(const uint8_t* block, const int contiguous,
                                   uint8_t* restrict digits) {
  uint32_t fours[64]; /* all of them first: what was just stored is slow to load as a vector */
  BN_UNROLL for (int i = 0; i < 32; i++) {
    const uint64_t pair = sparse_pairs[block[i] | (block[32 + i / 4] >> i % 4 * 2 & 3) << 8];
    memcpy(fours + 2 * i, &pair, sizeof pair);
  }
  if (contiguous) {
    memcpy(digits, fours, sizeof fours);
    return;
  }
  uint8_t halves[2][128]; /* lanes 0 and 2 of each group, lanes 1 and 3 */
  uint8_t lanes[4][64];
  split_bytes((const uint8_t*)fours, 128, halves[0], halves[1]);
  split_bytes(halves[0], 64, lanes[0], lanes[2]);
  split_bytes(halves[1], 64, lanes[1], lanes[3]);
  BN_UNROLL for (int g = 0; g < 64; g += 16) {
    BN_UNROLL for (int p = 0; p < 4; p++) { memcpy(digits + 4 * g + 16 * p, lanes[p] + g, 16); }
  }
}

static void unpack_43(const stored* m, int64_t row, int64_t k, int32_t n, uint8_t* digits) {
  (void)n;
  unpack_sparse_fours(block_of(m, row, k, 256, 42), 0, digits);
}

static void unpack_1042(const stored* m, int64_t row, int64_t k, int32_t n, uint8_t* digits) {
  (void)n;
  unpack_sparse_fours(block_of(m, row, k, 256, 42), 1, digits);
}

/* The five digits of a byte of base-3 digits, the least significant in the lowest byte. */
#define TRIT(x, power) ((uint64_t)(((x) * (power) & 255) * 3 >> 8))
#define FIVE(x) \
  (TRIT(x, 81) | TRIT(x, 27) << 8 | TRIT(x, 9) << 16 | TRIT(x, 3) << 24 | TRIT(x, 1) << 32)
#define FIVE_4(x) FIVE(x), FIVE((x) + 1), FIVE((x) + 2), FIVE((x) + 3)
#define FIVE_16(x) FIVE_4(x), FIVE_4((x) + 4), FIVE_4((x) + 8), FIVE_4((x) + 12)
#define FIVE_64(x) FIVE_16(x), FIVE_16((x) + 16), FIVE_16((x) + 32), FIVE_16((x) + 48)
static const uint64_t five_trits[256] = {FIVE_64(0), FIVE_64(64), FIVE_64(128), FIVE_64(192)};

/*
 * IQ1_BN: rows of a float16 and blocks of 64 in 13 bytes of base-3 digits, the least significant
 * first. Byte 3g + b holds columns 16g + 5b to 16g + 5b + 4, the last byte columns 16g + 15.
 */
static void unpack_134(const stored* m, int64_t row, int64_t k, int32_t n, uint8_t* digits) {
  const uint8_t* block = m->bytes + row * (2 + m->columns / 64 * 13) + 2 + k / 64 * 13;
  for (; n > 0; n -= 64, block += 13, digits += 64) {
    const uint64_t last = five_trits[block[12]];
    BN_UNROLL for (int g = 0; g < 4; g++) {
      const uint64_t second = five_trits[block[3 * g + 1]];
      const uint64_t halves[2] = {
          five_trits[block[3 * g]] | second << 40,
          second >> 24 | five_trits[block[3 * g + 2]] << 16 | (last >> 8 * g & 3) << 56};
      memcpy(digits + 16 * g, halves, sizeof halves);
    }
  }
}

/* IQ2_BN: rows of a float32 and blocks of 64 in 16 bytes; column 16f + j in byte j at bit 2f. */
static void unpack_135(const stored* m, int64_t row, int64_t k, int32_t n, uint8_t* digits) {
  const uint8_t* block = m->bytes + row * (4 + m->columns / 4) + 4 + k / 4;
  for (; n > 0; n -= 64, block += 16, digits += 64) {
    BN_UNROLL for (int f = 0; f < 4; f++) { unpack_field(block, 16, 2 * f, digits + 16 * f); }
  }
}

/*
 * IQ2_BN_R4: four rows together, four float32 and then 64 bytes for each 64 columns of the four;
 * column 16l + 4f + i of row r in byte 16l + 4r + i at bit 2f.
 */
static void unpack_335(const stored* m, int64_t row, int64_t k, int32_t n, uint8_t* digits) {
  const uint8_t* words = m->bytes + row / 4 * (16 + m->columns) + 16 + k + row % 4 * 4;
  for (; n > 0; n -= 16, words += 16, digits += 16) {
    uint32_t word;
    memcpy(&word, words, sizeof word);
    BN_UNROLL for (int f = 0; f < 4; f++) {
      const uint32_t four = word >> 2 * f & 0x03030303;
      memcpy(digits + 4 * f, &four, sizeof four);
    }
  }
}

/* Blocks of a float16 and then digits in order, four to a byte from its lowest bits on. */
BN_INLINE void unpack_fours(const stored* m, int64_t row, int64_t k, int32_t n,
                            const int32_t columns, uint8_t* restrict digits) {
  const int32_t bytes = columns / 4;
  const uint8_t* block = block_of(m, row, k, columns, 2 + bytes);
  for (; n > 0; n -= columns, block += 2 + bytes, digits += columns) {
    for (int32_t i = 0; i < bytes; i++) {
      const uint32_t x = block[2 + i];
      const uint32_t quad = (x | x << 6 | x << 12 | x << 18) & 0x03030303;
      memcpy(digits + 4 * i, &quad, sizeof quad);
    }
  }
}

/* Q2_0, groups of 64. */
static void unpack_42(const stored* m, int64_t row, int64_t k, int32_t n, uint8_t* digits) {
  unpack_fours(m, row, k, n, 64, digits);
}

/* PQ2_0, groups of 128. */
static void unpack_142(const stored* m, int64_t row, int64_t k, int32_t n, uint8_t* digits) {
  unpack_fours(m, row, k, n, 128, digits);
}

/* What unpacks a format, by the id that bn_pack has for it; null if nothing does. */
static unpack_fn* unpack_of(int32_t format) {
  switch (format) {
    case 34:
      return unpack_34;
    case 35:
      return unpack_35;
    case 36:
      return unpack_36;
    case 41:
      return unpack_41;
    case 42:
      return unpack_42;
    case 43:
      return unpack_43;
    case 134:
      return unpack_134;
    case 135:
      return unpack_135;
    case 142:
      return unpack_142;
    case 143:
      return unpack_143;
    case 335:
      return unpack_335;
    case 1042:
      return unpack_1042;
    default:
      return NULL;
  }
}

/* Packs digits of n columns and zeros behind, one row of a panel, and says what is not a digit. */
typedef uint32_t pack_row_fn(const uint8_t* digits, int32_t n, uint8_t* words);

/* Two-bit digits. The lower bits of what it returns are not 0 if some digit is 3. */
static uint32_t pack_two_bit(const uint8_t* digits, int32_t n, uint8_t* words) {
  uint32_t threes = 0;
  for (int32_t k = 0; k < n; k += BN_BLOCK_COLUMNS, words += BN_BLOCK_BYTES_2BIT) {
    uint32_t quads[4];
    memcpy(quads, digits + k, sizeof quads);
    const uint32_t word = quads[0] | quads[1] << 2 | quads[2] << 4 | quads[3] << 6;
    threes |= word & word >> 1;
    memcpy(words, &word, sizeof word);
  }
  return threes & LOW_BITS;
}

/* Five digits a byte. What it returns is not 0 if some digit is 3. */
static uint32_t pack_five_digits(const uint8_t* digits, int32_t n, uint8_t* words) {
  uint32_t threes = 0;
  for (int32_t k = 0; k < n; k += BN_COLUMNS_FIVE, words += BN_BLOCK_BYTES) {
    for (int j = 0; j < 4; j++) {
      uint8_t u[BN_QUADS_FIVE];
      for (int f = 0; f < BN_QUADS_FIVE; f++) {
        u[f] = digits[k + 4 * f + j];
        threes |= (uint32_t)(u[f] & u[f] >> 1);
      }
      words[j] = bn_five_byte(u);
    }
  }
  return threes;
}

int32_t bn_pack_c(int32_t format, const uint8_t* source, const bn_ternary* w, int32_t begin,
                  int32_t end) {
  unpack_fn* unpack = unpack_of(format);
  const int five = w->layout == BN_PANEL_FIVE_DIGITS;
  if (unpack == NULL || (w->layout != BN_PANEL_2BIT && !five)) {
    return BN_UNSUPPORTED;
  }
  const stored m = {source, w->columns};
  const int32_t block_columns = five ? BN_COLUMNS_FIVE : BN_BLOCK_COLUMNS;
  const int64_t block_bytes = five ? BN_BLOCK_BYTES : BN_BLOCK_BYTES_2BIT;
  const int64_t panel_bytes =
      ((int64_t)w->columns + block_columns - 1) / block_columns * block_bytes;
  pack_row_fn* const pack_row = five ? pack_five_digits : pack_two_bit;
  for (int64_t p = begin; p < end; p++) {
    uint32_t threes = 0;
    for (int64_t k = 0; k < w->columns; k += PACKED_COLUMNS) {
      const int64_t left = w->columns - k;
      const int32_t n = (int32_t)(left < PACKED_COLUMNS ? left : PACKED_COLUMNS);
      uint8_t* words = w->panels + p * panel_bytes + k / block_columns * block_bytes;
      for (int64_t r = 0; r < BN_PANEL_ROWS; r++) {
        const int64_t row = BN_PANEL_ROWS * p + r;
        uint8_t digits[PACKED_COLUMNS] = {0};
        for (int32_t i = 0; i < n && row < w->rows; i += TILE_COLUMNS) {
          unpack(&m, row, k + i, n - i < TILE_COLUMNS ? n - i : TILE_COLUMNS, digits + i);
        }
        threes |= pack_row(digits, n, words + 4 * r);
      }
    }
    if (threes != 0 && (five || w->largest_digit < 3)) {
      return BN_BAD_DIGIT;
    }
  }
  return BN_OK;
}
