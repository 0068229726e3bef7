/* From panels to rows or columns, and back. */
#include <math.h>
#include <string.h>

#include "common/kernels.h"
#include "ternary_data.h"
#include "testing.h"

#define FILLED 0xa5

static void check_there(int32_t tier, place where, int32_t rows, int32_t columns, int32_t order,
                        uint64_t seed) {
  test_case c = {.op = "pack_vectors", .tier = tier, .seed = seed};
  rng r = {seed};
  const bn_ternary w = new_ternary(&r, where, DIGITS_RANDOM, rows, columns, NAN);
  const bn_ternary_vectors expected = vectors_of(where, &w, order);
  const int32_t count = order == BN_ROW_MAJOR ? rows : columns;
  const int32_t items = (count + 15) / 16;
  const int32_t begin = random_below(&r, items);
  const int32_t end = begin + 1 + random_below(&r, items - begin);
  describe(&c, "%d rows of %d columns, order %d, items [%d, %d), place %d", rows, columns, order,
           begin, end, where);
  bn_ternary_vectors actual = expected;
  const size_t bytes = (size_t)(count * actual.stride);
  actual.digits = guarded(where, bytes);
  memset(actual.digits, FILLED, bytes);
  same_int(&c, "status", 0, BN_OK, bn_pack_vectors(tier, &w, &actual, begin, end));
  for (int64_t i = 0; i < (int64_t)bytes; i++) {
    const int64_t item = i / actual.stride / 16;
    const int written = item >= begin && item < end;
    same_int(&c, "byte", i, written ? expected.digits[i] : FILLED, actual.digits[i]);
  }
  release_blocks();
}

static void check_back(int32_t tier, place where, int32_t rows, int32_t columns, int32_t order,
                       uint64_t seed) {
  test_case c = {.op = "pack_panels", .tier = tier, .seed = seed};
  rng r = {seed};
  const bn_ternary expected = new_ternary(&r, where, DIGITS_RANDOM, rows, columns, NAN);
  const bn_ternary_vectors copy = vectors_of(where, &expected, order);
  const int32_t panels = (rows + 15) / 16;
  const int64_t panel_bytes = (columns + 15) / 16 * 64;
  const int32_t begin = random_below(&r, panels);
  const int32_t end = begin + 1 + random_below(&r, panels - begin);
  describe(&c, "%d rows of %d columns, order %d, panels [%d, %d), place %d", rows, columns, order,
           begin, end, where);
  const int64_t bytes = (end - begin) * panel_bytes;
  uint8_t* actual = guarded(where, (size_t)bytes);
  memset(actual, FILLED, (size_t)bytes);
  same_int(&c, "status", 0, BN_OK, bn_pack_panels(tier, &copy, actual, begin, end));
  for (int64_t i = 0; i < bytes; i++) {
    same_int(&c, "byte", i, expected.panels[begin * panel_bytes + i], actual[i]);
  }
  release_blocks();
}

static void check(int32_t tier, place where, int32_t rows, int32_t columns, int32_t order,
                  uint64_t seed) {
  check_there(tier, where, rows, columns, order, seed);
  check_back(tier, where, rows, columns, order, seed);
}

int main(void) {
  for (int32_t tier = -1; next_tier("pack_vectors", &tier);) {
    uint64_t seed = 1;
    for (int32_t order = BN_ROW_MAJOR; order <= BN_COLUMN_MAJOR; order++) {
      for (int32_t n = 1; n <= SMALL_COLUMNS; n += small_step()) {
        check(tier, (place)(seed % PLACES), n, 1 + (int32_t)(seed % 37), order, seed);
        seed++;
        check(tier, (place)(seed % PLACES), 1 + (int32_t)(seed % 37), n, order, seed);
        seed++;
      }
      static const int32_t lengths[] = {255, 256, 257, 272, 500, 513, 640, 2560};
      for (int i = 0; i < 8; i++) {
        check(tier, (place)(seed % PLACES), lengths[i], 40, order, seed);
        seed++;
        check(tier, (place)(seed % PLACES), 40, lengths[i], order, seed);
        seed++;
        check(tier, (place)(seed % PLACES), lengths[i], lengths[7 - i], order, seed);
        seed++;
      }
    }
  }
  return 0;
}
