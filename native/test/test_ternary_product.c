#include <math.h>

#include "products.h"
#include "ternary_data.h"
#include "testing.h"

/* The scale of weights; NaN: a random one. */
static float weight_scale = NAN;

static product_list all;

/* Every tier, and every layout, against tier C and two bits a digit, which come first. */
static void check(place where, int32_t rows, int32_t columns, int32_t count, digits weights,
                  values kind, uint64_t seed) {
  test_case c = {.seed = seed};
  const int32_t panels = (rows + 15) / 16;
  rng r = {seed};
  const int32_t begin = random_below(&r, panels);
  const int32_t end = begin + 1 + random_below(&r, panels - begin);
  const bn_ternary w = new_ternary(&r, where, weights, rows, columns, weight_scale);
  const bn_quantized a = new_quantized(&r, where, kind, count, columns, 64 * (int32_t)(seed % 2));
  const bn_rows expected = new_rows(where, count, rows, 16 * (int32_t)(seed % 3));
  /*
   * Where each instruction is emulated, not each time: it takes as long as all else. Seeds follow
   * loops of few rounds, with which these times must not keep step.
   */
  const bool ternary = weights < DIGITS_KINDS && (seed + seed / 3) % (uint64_t)small_step() == 0;
  const bn_ternary five = ternary ? five_digits_of(where, &w) : w;
  bn_rows actual[MOST_PRODUCTS];
  bn_rows of_five[MOST_PRODUCTS];
  for (int p = 0; p < all.count; p++) {
    of_five[p] = copy_rows(where, &expected);
    actual[p] = p == 0 ? expected : copy_rows(where, &expected);
  }
  const int32_t ranges[][2] = {{begin, end}, {0, panels}};
  for (int i = begin == 0 && end == panels ? 1 : 0; i < 2; i++) { /* the same range once */
    describe(&c,
             "%d rows of %d columns, panels [%d, %d), %d tokens, weights %d, values %d, place %d",
             rows, columns, ranges[i][0], ranges[i][1], count, weights, kind, where);
    for (int p = 0; p < all.count; p++) {
      const tier_product* product = &all.products[p];
      set_tier(&c, product->op, product->tier);
      same_int(&c, "status", 0, BN_OK,
               product->call(product->tier, &w, &a, &actual[p], count, ranges[i][0], ranges[i][1]));
      same_rows(&c, &expected, &actual[p]);
    }
    for (int p = 0; ternary && p < all.count; p++) {
      const tier_product* product = &all.products[p];
      set_tier(&c, product->op, product->tier);
      same_int(
          &c, "status of five digits a byte", 0, BN_OK,
          product->call(product->tier, &five, &a, &of_five[p], count, ranges[i][0], ranges[i][1]));
      same_rows(&c, &expected, &of_five[p]);
    }
  }
  release_blocks();
}

static void check_sizes(void) {
  uint64_t seed = 1;
  /* Every small number of tokens with every small row length. */
  for (int32_t columns = 1; columns <= SMALL_COLUMNS; columns += small_step()) {
    for (int32_t count = 0; count <= 20; count++) {
      check((place)(seed % PLACES), 1 + (int32_t)(seed % 53), columns, count, DIGITS_RANDOM,
            (values)(seed / 7 % VALUES_KINDS), seed);
      seed++;
    }
  }
  /* Every small number of rows, and so of panels, with few tokens and with more. */
  for (int32_t rows = 1; rows <= 2 * SMALL_COLUMNS; rows += small_step()) {
    for (int32_t count = 1; count <= 9; count += count < 4 ? 1 : 5) {
      check((place)(seed % PLACES), rows, 100, count, DIGITS_RANDOM, VALUES_RANDOM, seed);
      seed++;
    }
  }
  /* Real lengths with the largest sums, where narrow partial sums would overflow. */
  for (int i = 0; i < large_columns_count; i++) {
    for (digits weights = 0; weights < ALL_DIGITS_KINDS; weights++) {
      for (values kind = 0; kind < VALUES_KINDS; kind++) {
        const int32_t rows = (seed % 3 == 0 ? 64 : 16) + (int32_t)(seed % 20);
        check((place)(seed % PLACES), rows, large_columns[i], 1 + (int32_t)(seed / 3 % 4), weights,
              kind, seed);
        seed++;
      }
    }
  }
  /* Every number of tokens through all groupings of them, and prompts. */
  for (int32_t count = 1; count <= 40; count++) {
    check((place)(seed % PLACES), 40, 130, count, DIGITS_RANDOM, VALUES_RANDOM, seed);
    seed++;
  }
  /* Tiles of tokens, as many as fill them or not, with rows that end anywhere in a tile. */
  static const int32_t tokens[] = {8, 9, 15, 16, 17, 24, 31, 32, 33, 48, 50, 63, 64, 65, 70, 129};
  for (int i = 0; i < 16; i++) {
    for (int32_t columns = 255; columns <= 970; columns += 65) {
      check((place)(seed % PLACES), 1 + (int32_t)(seed % 61), columns, tokens[i],
            (digits)(seed % 2 == 0 ? DIGITS_RANDOM : DIGITS_RANDOM_TO_3),
            (values)(seed / 2 % VALUES_KINDS), seed);
      seed++;
    }
  }
  /* The same where blocks are as long as they get, and more tokens than go at once. */
  for (int i = 8; i < 15; i += 3) {
    for (int32_t columns = 3390; columns <= 7170; columns += 945) {
      check((place)(seed % PLACES), 17 + (int32_t)(seed % 40), columns, tokens[i], DIGITS_RANDOM,
            (values)(seed % VALUES_KINDS), seed);
      seed++;
    }
  }
  check(FLUSH_END, 48, 4160, 257, DIGITS_RANDOM, VALUES_RANDOM, seed++);
  check(FLUSH_END, 33, 200, 513, DIGITS_RANDOM, VALUES_RANDOM, seed++);
  /* More than tier C unpacks a row for. */
  for (int32_t count = 63; count <= 130; count += count == 65 ? 63 : 1) {
    check((place)(seed % PLACES), 40, 130, count, DIGITS_RANDOM, VALUES_RANDOM, seed);
    seed++;
  }
  check(FLUSH_END, 40, 130, 64, DIGITS_RANDOM, VALUES_RANDOM, seed++);
  check(FLUSH_END, 40, 130, 65, DIGITS_RANDOM, VALUES_RANDOM, seed++);
  check(FLUSH_END, 20, 100, 512, DIGITS_RANDOM, VALUES_RANDOM, seed++);
  check(FLUSH_END, 64, 640, 67, DIGITS_RANDOM, VALUES_RANDOM, seed++);
  check(FLUSH_END, 48, 2560, 130, DIGITS_RANDOM, VALUES_EXTREMES, seed++);
  /* More panels than a cache holds, so that they go in several parts, the last a partial one. */
  check(FLUSH_END, 300, 8640, 13, DIGITS_RANDOM, VALUES_RANDOM, seed++);
  /* The longest row that the ABI allows, with the largest sums, whatever tokens share registers. */
  for (digits weights = 0; weights < ALL_DIGITS_KINDS; weights++) {
    check(FLUSH_END, 16, BN_MAX_COLUMNS, 1, weights, VALUES_HIGH, seed++);
    check(FLUSH_END, 16, BN_MAX_COLUMNS, 1, weights, VALUES_LOW, seed++);
    check(FLUSH_END, 16, BN_MAX_COLUMNS, 2, weights, VALUES_HIGH, seed++);
    check(FLUSH_END, 16, BN_MAX_COLUMNS, 4, weights, VALUES_LOW, seed++);
    check(FLUSH_END, 16, BN_MAX_COLUMNS, 13, weights, VALUES_LOW, seed++);
  }
  for (int32_t count = 1; count <= 4; count++) { /* and in several streams */
    const values kind = count % 2 == 1 ? VALUES_HIGH : VALUES_LOW;
    check(FLUSH_END, 64, BN_MAX_COLUMNS, count, DIGITS_PLUS, kind, seed++);
    check(FLUSH_END, 64, BN_MAX_COLUMNS, count, DIGITS_3, kind, seed++);
  }
  /* Outputs that are rounded among the subnormals, and that are infinite. */
  static const float scales[] = {0x1p-149f, -0x1p-140f, 0x1.8p-126f, 0x1.fffffep127f, 0.0f};
  for (int i = 0; i < 5; i++) {
    weight_scale = scales[i];
    check(FLUSH_END, 33, 200, 1 + 4 * i, DIGITS_RANDOM, VALUES_RANDOM, seed++);
    check(FLUSH_END, 33, 200, 1 + 4 * i, DIGITS_ZERO, VALUES_RANDOM, seed++);
  }
  weight_scale = NAN;
}

int main(void) {
  all = list_products("ternary_product");
  check_sizes();
  return 0;
}
