#include <string.h>

#include "ternary_data.h"
#include "testing.h"

/* A stored format: its id, columns and bytes of a block, bytes before a row's blocks, and how many
 * rows are interleaved. */
typedef struct format {
  int32_t id;
  int32_t columns;
  int32_t bytes;
  int32_t header;
  int32_t together;
} format;

static const format formats[] = {{34, 256, 54, 0, 1},  {35, 256, 66, 0, 1}, {36, 128, 32, 0, 1},
                                 {41, 128, 18, 0, 1},  {42, 64, 18, 0, 1},  {43, 256, 42, 0, 1},
                                 {134, 64, 13, 2, 1},  {135, 64, 16, 4, 1}, {142, 128, 34, 0, 1},
                                 {143, 128, 28, 0, 1}, {335, 64, 16, 4, 4}, {1042, 256, 42, 0, 1}};
#define FORMATS 12
/* The one whose blocks may straddle rows. */
#define STRADDLING 2

/* Digit n + 1 after the point of byte / 256 in base 3. */
static int trit(int byte, int n) {
  for (; n > 0; n--) {
    byte = 3 * byte % 256;
  }
  return 3 * byte / 256;
}

/* The digit of lane p of group g of a block of STQ1_0. */
static int sparse_digit(const uint8_t* block, int g, int p) {
  const int code = block[g / 2] >> g % 2 * 4 & 15;
  const int zero = code >> 2;
  if (p == zero) {
    return 1;
  }
  const int rank = p < zero ? p : p - 1; /* among the lanes that are not 0 */
  const bool negative = rank > 0 && (code >> (rank - 1) & 1) != 0;
  const bool negated = (block[32 + g / 8] >> g % 8 & 1) != 0;
  return negative != negated ? 0 : 2;
}

/* The digit of weight j of a block, by the format's definition; of IQ2_BN_R4, of its row r. */
static int digit_of(int32_t id, const uint8_t* block, int r, int j) {
  switch (id) {
    case 34:
      return j < 160   ? trit(block[j % 32], j / 32)
             : j < 240 ? trit(block[32 + (j - 160) % 16], (j - 160) / 16)
                       : trit(block[48 + (j - 240) % 4], (j - 240) / 4);
    case 35:
      return block[j / 128 * 32 + j % 32] >> j % 128 / 32 * 2 & 3;
    case 36:
      return block[j % 32] >> (6 - 2 * (j / 32)) & 3;
    case 41:
      return block[2 + j / 8] >> j % 8 & 1 ? 2 : 0;
    case 43:
      return sparse_digit(block, j / 64 * 16 + j % 16, j % 64 / 16);
    case 134:
      return j % 16 == 15 ? trit(block[12], 4 - j / 16)
                          : trit(block[j / 16 * 3 + j % 16 / 5], 4 - j % 16 % 5);
    case 135:
      return block[j % 16] >> 2 * (j / 16) & 3;
    case 143:
      return j < 80    ? trit(block[j % 16], j / 16)
             : j < 120 ? trit(block[16 + (j - 80) % 8], (j - 80) / 8)
                       : trit(block[24 + (j - 120) % 2], (j - 120) / 2);
    case 335:
      return block[j / 16 * 16 + 4 * r + j % 4] >> j % 16 / 4 * 2 & 3;
    case 1042:
      return sparse_digit(block, j / 4, j % 4);
    default:
      return block[2 + j / 4] >> 2 * (j % 4) & 3;
  }
}

/* The digit of a weight of a matrix of that many columns. */
static int stored_digit(const format* f, const uint8_t* source, int32_t columns, int32_t row,
                        int32_t column) {
  const int64_t weight = (int64_t)row * columns + column;
  const int j = (int)(weight % f->columns);
  if (f->header == 0) {
    return digit_of(f->id, source + weight / f->columns * f->bytes, 0, j);
  }
  const int64_t row_bytes = f->header + (int64_t)columns / f->columns * f->bytes;
  const int64_t first = row / f->together * f->together;
  const int64_t at =
      first * row_bytes + f->together * (f->header + (int64_t)column / f->columns * f->bytes);
  return digit_of(f->id, source + at, row % f->together, j);
}

/* Columns with their padding. */
static int32_t padded_columns(const bn_ternary* w) {
  const int32_t block = w->layout == BN_PANEL_2BIT ? 16 : 20;
  return (w->columns + block - 1) / block * block;
}

/* Rows [first, last) hold the digits of the source, and where they only pad, zeros. */
static void same_digits(const test_case* c, const format* f, const uint8_t* source,
                        const bn_ternary* w, int32_t first, int32_t last) {
  const int32_t padded = padded_columns(w);
  for (int32_t row = first; row < last; row++) {
    for (int32_t column = 0; column < padded; column++) {
      int expected = 0;
      if (row < w->rows && column < w->columns) {
        expected = stored_digit(f, source, w->columns, row, column);
      }
      same_int(c, "digit of weight", (int64_t)row * padded + column, expected,
               digit_at(w, row, column));
    }
  }
}

static void check(int32_t tier, const format* f, place where, int32_t some, int32_t columns,
                  uint64_t seed) {
  const int32_t rows = (some + f->together - 1) / f->together * f->together;
  test_case c = {.op = "pack", .tier = tier, .seed = seed};
  const int32_t panels = (rows + 15) / 16;
  const size_t bytes = (size_t)panels * (size_t)((columns + 15) / 16) * 64;
  const int64_t blocks = ((int64_t)rows * columns + f->columns - 1) / f->columns;
  const size_t source_bytes = (size_t)(blocks * f->bytes + (int64_t)rows * f->header);
  rng r = {seed};
  uint8_t* source = guarded(where, source_bytes);
  fill_bytes(&r, source, source_bytes);
  bn_ternary w = {.rows = rows, .columns = columns, .layout = BN_PANEL_2BIT, .largest_digit = 3};
  w.panels = guarded(where, bytes);
  memset(w.panels, 0xa5, bytes);

  const int32_t begin = random_below(&r, panels);
  describe(&c, "format %d, panels [%d, %d) of %d rows of %d columns, place %d", f->id, begin,
           panels, rows, columns, where);
  same_int(&c, "status", 0, BN_OK, bn_pack(tier, f->id, source, &w, begin, panels));
  same_digits(&c, f, source, &w, 16 * begin, 16 * panels);
  for (int64_t i = 0; i < (int64_t)bytes / panels * begin; i++) {
    same_int(&c, "byte before the range", i, 0xa5, w.panels[i]);
  }
  same_int(&c, "status", 0, BN_OK, bn_pack(tier, f->id, source, &w, 0, panels));
  same_digits(&c, f, source, &w, 0, 16 * panels);

  /* Where a 3 is damage, it is found in the panel that has one. */
  for (int32_t panel = 0; panel < panels; panel++) {
    int worst = 0;
    for (int32_t row = 16 * panel; row < rows && row < 16 * panel + 16; row++) {
      for (int32_t column = 0; column < columns; column++) {
        const int digit = digit_at(&w, row, column);
        worst = digit > worst ? digit : worst;
      }
    }
    for (int32_t largest = 0; largest <= 2; largest += 2) {
      bn_ternary strict = w;
      strict.largest_digit = largest;
      same_int(&c, "status of panel", panel, worst == 3 ? BN_BAD_DIGIT : BN_OK,
               bn_pack(tier, f->id, source, &strict, panel, panel + 1));
    }
    bn_ternary five = w;
    five.layout = BN_PANEL_FIVE_DIGITS;
    five.panels = guarded(where, (size_t)(panels * padded_columns(&five) / 20 * 64));
    same_int(&c, "status of five digits a byte", panel, worst == 3 ? BN_BAD_DIGIT : BN_OK,
             bn_pack(tier, f->id, source, &five, panel, panel + 1));
    if (worst < 3) {
      same_digits(&c, f, source, &five, 16 * panel, 16 * panel + 16);
    }
  }
  release_blocks();
}

/* One 3 among digits that are not is found wherever it is. */
static void check_one_three(int32_t tier, uint64_t seed) {
  test_case c = {.op = "pack", .tier = tier, .seed = seed};
  const int32_t id = formats[STRADDLING].id;
  rng r = {seed};
  for (int32_t columns = 100; columns < 900; columns += 53) {
    const int64_t weights = 20 * (int64_t)columns;
    const size_t bytes = (size_t)((weights + 127) / 128 * 32);
    uint8_t* source = guarded(FLUSH_END, bytes);
    bn_ternary w = {.rows = 20, .columns = columns, .layout = BN_PANEL_2BIT, .largest_digit = 2};
    w.panels = guarded(FLUSH_END, (size_t)((columns + 15) / 16 * 64 * 2));
    bn_ternary five = w;
    five.layout = BN_PANEL_FIVE_DIGITS;
    five.panels = guarded(FLUSH_END, (size_t)((columns + 19) / 20 * 64 * 2));
    for (int i = 0; i < 20; i++) {
      const int64_t bad = (int64_t)(next_random(&r) % (uint64_t)weights);
      const int32_t panel = (int32_t)(bad / columns / 16);
      describe(&c, "a 3 for weight %lld of 20 rows of %d columns", (long long)bad, columns);
      memset(source, 0x99, bytes); /* digits 2 and 1 */
      same_int(&c, "status", 0, BN_OK, bn_pack(tier, id, source, &w, 0, 2));
      same_int(&c, "status", 0, BN_OK, bn_pack(tier, id, source, &five, 0, 2));
      same_digits(&c, &formats[STRADDLING], source, &five, 0, 32);
      source[bad / 128 * 32 + bad % 32] |= (uint8_t)(3 << (6 - 2 * (int)(bad % 128 / 32)));
      same_int(&c, "status", 0, BN_BAD_DIGIT, bn_pack(tier, id, source, &w, 0, 2));
      same_int(&c, "status", 0, BN_BAD_DIGIT, bn_pack(tier, id, source, &w, panel, panel + 1));
      same_int(&c, "status", 0, BN_BAD_DIGIT, bn_pack(tier, id, source, &five, panel, panel + 1));
      same_int(&c, "status", 0, BN_OK, bn_pack(tier, id, source, &w, 1 - panel, 2 - panel));
    }
    release_blocks();
  }
}

int main(void) {
  for (int32_t tier = -1; next_tier("pack", &tier);) {
    uint64_t seed = 1;
    for (int f = 0; f < FORMATS; f++) {
      const int32_t step = f == STRADDLING ? 1 : formats[f].columns;
      int32_t columns;
      for (int i = 0; (columns = columns_at(i)) != 0; i++) {
        columns = i < SMALL_COLUMNS / 5 || step == 1 ? columns * step : columns / step * step;
        if (columns > 0 && columns <= 10000) {
          check(tier, &formats[f], (place)(seed % PLACES), 1 + (int32_t)(seed % 50), columns, seed);
          seed++;
        }
      }
      for (int32_t rows = 1; rows <= 50; rows += small_step()) {
        check(tier, &formats[f], (place)(seed % PLACES), rows, 256, seed);
        seed++;
      }
    }
    check_one_three(tier, seed);
  }
  return 0;
}
