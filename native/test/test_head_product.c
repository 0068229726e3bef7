#include "testing.h"

static void check(int32_t tier, place where, int32_t type, int32_t rows, int32_t columns,
                  int32_t count, data kind, bool finite, uint64_t seed) {
  test_case c = {.op = "head_product", .tier = tier, .seed = seed};
  rng r = {seed};
  const bn_matrix m = new_matrix(&r, where, type, rows, columns, finite);
  bn_rows x = new_rows(where, count, columns, 16 * (int32_t)(seed % 2));
  fill_rows(&r, kind, &x);
  seal(x.data);
  const int32_t begin = random_below(&r, rows);
  const int32_t end = begin + 1 + random_below(&r, rows - begin);
  bn_rows expected = new_rows(where, count, rows, 16 * (int32_t)(seed % 3));
  for (int32_t t = 0; t < count; t++) { /* columns outside [begin, end) stay as they are */
    for (int32_t i = 0; i < rows; i++) {
      expected.data[t * expected.stride + i] = 0.0f;
    }
  }
  bn_rows actual = copy_rows(where, &expected);
  const int32_t ranges[][2] = {{begin, end}, {0, rows}};
  for (int i = 0; i < 2; i++) {
    describe(
        &c, "type %d, rows [%d, %d) of %d, %d columns, %d tokens, data %s, finite %d, place %d",
        type, ranges[i][0], ranges[i][1], rows, columns, count, data_name(kind), finite, where);
    same_int(&c, "status", 0, BN_OK,
             bn_head_product(BN_TIER_C, &m, &x, &expected, count, ranges[i][0], ranges[i][1]));
    same_int(&c, "status", 0, BN_OK,
             bn_head_product(tier, &m, &x, &actual, count, ranges[i][0], ranges[i][1]));
    same_rows(&c, &expected, &actual);
  }
  release_blocks();
}

int main(void) {
  for (int32_t tier = -1; next_tier("head_product", &tier);) {
    uint64_t seed = 1;
    for (int t = 0; t < MATRIX_TYPES; t++) {
      const int32_t type = matrix_types[t];
      int32_t columns;
      for (int i = 0; (columns = columns_at(i)) != 0; i++) {
        /* Small row lengths count blocks. */
        const int32_t whole =
            columns > SMALL_COLUMNS ? columns / block_columns(type) : (columns + 15) / 16;
        columns = block_columns(type) == 1 ? columns : block_columns(type) * whole;
        for (data kind = 0; columns > 0 && kind < DATA_KINDS; kind++) {
          const int32_t count = (int32_t)(seed % 10);
          const int32_t rows = columns > 1000 ? 5 : 1 + (int32_t)(seed % 19);
          check(tier, (place)(seed % PLACES), type, rows, columns, count, kind, seed % 5 != 0,
                seed);
          seed++;
        }
      }
      for (int32_t rows = 1; rows <= SMALL_COLUMNS; rows++) {
        check(tier, (place)(seed % PLACES), type, rows, 256, 1 + rows % 3, DATA_UNIT, true, seed);
        seed++;
      }
      check(tier, FLUSH_END, type, 9, 768, 35, DATA_UNIT, true, seed++);
    }
  }
  return 0;
}
