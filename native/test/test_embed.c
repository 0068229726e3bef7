#include "testing.h"

static void check(int32_t tier, place where, int32_t type, int32_t columns, bool finite,
                  uint64_t seed) {
  const int32_t rows = 4;
  const int32_t begin = (int32_t)(seed % 2);
  const int32_t vocabulary = 3;
  test_case c = {.op = "embed", .tier = tier, .seed = seed};
  describe(&c, "type %d, rows [%d, %d) of %d columns, finite %d, place %d", type, begin, rows,
           columns, finite, where);
  rng r = {seed};
  const bn_matrix table = new_matrix(&r, where, type, vocabulary, columns, finite);
  int32_t* tokens = guarded(where, sizeof(int32_t) * (size_t)rows);
  for (int32_t i = 0; i < rows; i++) {
    tokens[i] = i < vocabulary ? vocabulary - 1 - i : random_below(&r, vocabulary);
  }
  seal(tokens);
  const bn_batch batch = {.tokens = tokens};
  bn_rows expected = new_rows(where, rows, columns, 16 * (int32_t)(seed % 3));
  bn_rows actual = copy_rows(where, &expected);
  same_int(&c, "status", 0, BN_OK, bn_embed(BN_TIER_C, &table, &batch, &expected, begin, rows));
  same_int(&c, "status", 0, BN_OK, bn_embed(tier, &table, &batch, &actual, begin, rows));
  same_rows(&c, &expected, &actual);
  release_blocks();
}

int main(void) {
  for (int32_t tier = -1; next_tier("embed", &tier);) {
    uint64_t seed = 1;
    for (int t = 0; t < MATRIX_TYPES; t++) {
      const int32_t type = matrix_types[t];
      int32_t columns;
      for (int i = 0; (columns = columns_at(i)) != 0; i++) {
        /* Small row lengths count blocks. */
        const int32_t whole =
            columns > SMALL_COLUMNS ? columns / block_columns(type) : (columns + 15) / 16;
        columns = block_columns(type) == 1 ? columns : block_columns(type) * whole;
        for (place where = 0; columns > 0 && where < PLACES; where++) {
          check(tier, where, type, columns, true, seed++);
          check(tier, where, type, columns, false, seed++);
        }
      }
    }
  }
  return 0;
}
