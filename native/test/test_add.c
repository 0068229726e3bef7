#include "testing.h"

static void check(int32_t tier, place where, int32_t columns, data kind, uint64_t seed) {
  const int32_t rows = 3;
  const int32_t begin = (int32_t)(seed % 2);
  test_case c = {.op = "add", .tier = tier, .seed = seed};
  describe(&c, "rows [%d, %d) of %d columns, data %s, place %d", begin, rows, columns,
           data_name(kind), where);
  rng r = {seed};
  bn_rows x = new_rows(where, rows, columns, 16 * (int32_t)(seed % 3));
  bn_rows y = new_rows(where, rows, columns, 0);
  fill_rows(&r, kind, &x);
  fill_rows(&r, kind, &y);
  seal(y.data);
  bn_rows expected = copy_rows(where, &x);
  same_int(&c, "status", 0, BN_OK, bn_add(BN_TIER_C, &expected, &y, begin, rows));
  same_int(&c, "status", 0, BN_OK, bn_add(tier, &x, &y, begin, rows));
  same_rows(&c, &expected, &x);
  release_blocks();
}

int main(void) {
  for (int32_t tier = -1; next_tier("add", &tier);) {
    uint64_t seed = 1;
    int32_t columns;
    for (int i = 0; (columns = columns_at(i)) != 0; i++) {
      for (data kind = 0; kind < DATA_KINDS; kind++) {
        for (place where = 0; where < PLACES; where++) {
          check(tier, where, columns, kind, seed++);
        }
      }
    }
  }
  return 0;
}
