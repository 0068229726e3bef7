#include <string.h>

#include "testing.h"

static void put_code(uint8_t* source, int64_t flat, int code) {
  uint8_t* byte = &source[flat / 128 * 32 + flat % 32];
  const int shift = 6 - 2 * (int)(flat % 128 / 32);
  *byte = (uint8_t)((*byte & ~(3 << shift)) | code << shift);
}

/* The digit of one weight, by the layout's definition in the header. */
static int digit(const bn_ternary* w, int32_t row, int32_t column) {
  const int64_t panel = (int64_t)(w->columns + 15) / 16 * 64;
  const int64_t at = row / 16 * panel + column / 16 * 64 + 4 * (row % 16) + column % 4;
  return w->panels[at] >> 2 * (column % 16 / 4) & 3;
}

static void same_panels(const test_case* c, const bn_ternary* expected, const bn_ternary* actual) {
  const int64_t bytes = (int64_t)(expected->rows + 15) / 16 * ((expected->columns + 15) / 16) * 64;
  for (int64_t i = 0; i < bytes; i++) {
    same_int(c, "panel byte", i, expected->panels[i], actual->panels[i]);
  }
}

static void check(int32_t tier, place where, int32_t rows, int32_t columns, uint64_t seed) {
  test_case c = {.op = "pack_i2s", .tier = tier, .seed = seed};
  const int32_t panels = (rows + 15) / 16;
  const size_t bytes = (size_t)panels * (size_t)((columns + 15) / 16) * 64;
  const int64_t weights = (int64_t)rows * columns;
  rng r = {seed};
  uint8_t* source = guarded(where, (size_t)((weights + 127) / 128 * 32));
  /* Codes that belong to no weight may be anything, so 3 as well. */
  memset(source, 0xff, (size_t)((weights + 127) / 128 * 32));
  for (int64_t i = 0; i < weights; i++) {
    put_code(source, i, random_below(&r, 3));
  }
  bn_ternary expected = {.rows = rows, .columns = columns, .layout = BN_PANEL_2BIT};
  bn_ternary actual = expected;
  expected.panels = guarded(where, bytes);
  actual.panels = guarded(where, bytes);

  const int32_t begin = random_below(&r, panels);
  describe(&c, "panels [%d, %d) of %d rows of %d columns, place %d", begin, panels, rows, columns,
           where);
  same_int(&c, "status", 0, BN_OK, bn_pack_i2s(BN_TIER_C, source, &expected, begin, panels));
  same_int(&c, "status", 0, BN_OK, bn_pack_i2s(tier, source, &actual, begin, panels));
  same_panels(&c, &expected, &actual);
  same_int(&c, "status", 0, BN_OK, bn_pack_i2s(BN_TIER_C, source, &expected, 0, begin));
  same_int(&c, "status", 0, BN_OK, bn_pack_i2s(tier, source, &actual, 0, begin));
  same_panels(&c, &expected, &actual);
  for (int32_t row = 0; row < rows; row++) {
    for (int32_t column = 0; column < columns; column++) {
      const int64_t flat = (int64_t)row * columns + column;
      const int code = source[flat / 128 * 32 + flat % 32] >> (6 - 2 * (int)(flat % 128 / 32)) & 3;
      same_int(&c, "digit of weight", flat, code, digit(&actual, row, column));
    }
  }

  const int64_t bad = (int64_t)(next_random(&r) % (uint64_t)weights);
  const int32_t bad_panel = (int32_t)(bad / columns / 16);
  describe(&c, "a code 3 for weight %lld of %d rows of %d columns, place %d", (long long)bad, rows,
           columns, where);
  put_code(source, bad, 3);
  same_int(&c, "status", 0, BN_BAD_DIGIT, bn_pack_i2s(tier, source, &actual, 0, panels));
  same_int(&c, "status", 0, BN_BAD_DIGIT,
           bn_pack_i2s(tier, source, &actual, bad_panel, bad_panel + 1));
  same_int(&c, "status", 0, BN_OK, bn_pack_i2s(tier, source, &actual, 0, bad_panel));
  same_int(&c, "status", 0, BN_OK, bn_pack_i2s(tier, source, &actual, bad_panel + 1, panels));
  release_blocks();
}

int main(void) {
  for (int32_t tier = -1; next_tier("pack_i2s", &tier);) {
    uint64_t seed = 1;
    int32_t columns;
    for (int i = 0; (columns = columns_at(i)) != 0; i++) {
      for (place where = 0; where < PLACES; where++) {
        check(tier, where, 1 + (int32_t)(seed % 50), columns, seed);
        seed++;
        check(tier, where, 16, columns, seed++);
      }
    }
    for (int32_t rows = 1; rows <= SMALL_COLUMNS; rows++) {
      check(tier, (place)(rows % PLACES), rows, 64, seed++);
      check(tier, (place)(rows % PLACES), rows, 127, seed++);
      check(tier, (place)(rows % PLACES), rows, 128, seed++);
    }
  }
  return 0;
}
