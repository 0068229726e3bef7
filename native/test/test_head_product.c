#include <string.h>

#include "testing.h"

static tier_list all;

static bool has_own(const bn_kernels* tier) { return tier->head_product != NULL; }

/* Every tier against tier C, which is the first. */
static void check(place where, int32_t type, int32_t rows, int32_t columns, int32_t count,
                  data kind, bool finite, uint64_t seed) {
  test_case c = {.seed = seed};
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
  bn_rows actual[BN_TIER_COUNT];
  for (int p = 1; p < all.count; p++) {
    actual[p] = copy_rows(where, &expected);
  }
  actual[0] = expected;
  const int32_t ranges[][2] = {{begin, end}, {0, rows}};
  for (int i = end - begin == rows ? 1 : 0; i < 2; i++) { /* the same range once */
    describe(
        &c, "type %d, rows [%d, %d) of %d, %d columns, %d tokens, data %s, finite %d, place %d",
        type, ranges[i][0], ranges[i][1], rows, columns, count, data_name(kind), finite, where);
    for (int p = 0; p < all.count; p++) {
      set_tier(&c, "head_product", all.tiers[p]);
      same_int(&c, "status", 0, BN_OK,
               bn_head_product(c.tier, &m, &x, &actual[p], count, ranges[i][0], ranges[i][1]));
      same_rows(&c, &expected, &actual[p]);
    }
  }
  release_blocks();
}

/*
 * Where every product vanishes below zero the sum is -0, in all 16 lanes, and stays so: lanes that
 * the last part of a row has no element for must not be added +0 to.
 */
static void keeps_negative_zero(int32_t tier, int32_t type, int32_t columns) {
  test_case c = {.op = "head_product", .tier = tier};
  describe(&c, "type %d, %d columns, all products -0", type, columns);
  const int32_t rows = 6;
  const int32_t count = 3;
  const size_t element = (size_t)block_bytes(type);
  const uint16_t quarter_half = 0x3400;
  const uint32_t quarter = 0x3e800000;
  uint8_t* weights = guarded(FLUSH_END, element * (size_t)(rows * columns));
  for (int32_t i = 0; i < rows * columns; i++) {
    const uint16_t upper = (uint16_t)(quarter >> 16);
    const void* from = type == BN_TYPE_F32   ? (const void*)&quarter
                       : type == BN_TYPE_F16 ? (const void*)&quarter_half
                                             : (const void*)&upper;
    memcpy(weights + (size_t)i * element, from, element);
  }
  const bn_matrix m = {.data = weights,
                       .row_bytes = (int64_t)element * columns,
                       .rows = rows,
                       .columns = columns,
                       .type = type};
  bn_rows x = new_rows(FLUSH_END, count, columns, 0);
  bn_rows expected = new_rows(FLUSH_END, count, rows, 0);
  bn_rows actual = new_rows(FLUSH_END, count, rows, 0);
  for (int32_t t = 0; t < count; t++) {
    for (int32_t i = 0; i < columns; i++) {
      x.data[t * x.stride + i] = -0x1p-149f;
    }
    for (int32_t r = 0; r < rows; r++) {
      expected.data[t * expected.stride + r] = columns < 16 ? 0.0f : -0.0f;
    }
  }
  same_int(&c, "status", 0, BN_OK, bn_head_product(tier, &m, &x, &actual, count, 0, rows));
  same_rows(&c, &expected, &actual);
  release_blocks();
}

int main(void) {
  all = list_tiers("head_product", has_own);
  for (int p = 0; p < all.count; p++) {
    const int32_t tier = all.tiers[p];
    for (int32_t columns = 1; columns <= SMALL_COLUMNS; columns += small_step()) {
      keeps_negative_zero(tier, BN_TYPE_F32, columns);
      keeps_negative_zero(tier, BN_TYPE_F16, columns);
      keeps_negative_zero(tier, BN_TYPE_BF16, columns);
    }
  }
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
        check((place)(seed % PLACES), type, rows, columns, count, kind, seed % 5 != 0, seed);
        seed++;
      }
    }
    for (int32_t rows = 1; rows <= SMALL_COLUMNS; rows += small_step()) {
      check((place)(seed % PLACES), type, rows, 256, 1 + rows % 3, DATA_UNIT, true, seed);
      seed++;
    }
    /* Every number of tokens through all groupings of them, with rows left over. */
    for (int32_t count = 1; count <= 40; count++) {
      const int32_t columns_of[] = {512, block_columns(type) == 1 ? 283 : 256};
      check(FLUSH_END, type, 11, columns_of[count % 2], count, DATA_UNIT, true, seed++);
    }
  }
  return 0;
}
