/*
 * Products of matrices with scales by rows and by groups, on every tier, tier C among them, against
 * their definition written out here.
 */
#include <math.h>

#include "common/float_math.h"
#include "common/kernels.h"
#include "products.h"
#include "ternary_data.h"
#include "testing.h"

static product_list all;

/* The sum of q * (u - 1) over columns [first, last), u a row's digits. */
static int32_t sum_of(const uint8_t* u, const int8_t* q, int32_t first, int32_t last) {
  int32_t sum = 0;
  for (int32_t k = first; k < last; k++) {
    sum += q[k] * (u[k] - 1);
  }
  return sum;
}

/* The product of token t and a row whose digits are u. */
static float defined(const bn_ternary* w, const bn_quantized* a, int32_t t, int32_t row,
                     const uint8_t* u) {
  const int8_t* q = a->values + t * a->stride;
  if (w->group_scales == NULL) {
    const float scale = w->row_scales == NULL ? w->scale : w->row_scales[row];
    return (float)sum_of(u, q, 0, w->columns) * (scale * a->scales[t]);
  }
  const int32_t n = w->group_columns;
  const int32_t groups = (w->columns + n - 1) / n;
  const int32_t blocks =
      a->block_columns == 0 ? 0 : (w->columns + a->block_columns - 1) / a->block_columns;
  float y = 0.0f;
  for (int32_t g = 0; g < groups; g++) {
    const int32_t last = (g + 1) * n < w->columns ? (g + 1) * n : w->columns;
    const float d = bn_from_half(w->group_scales[16 * (groups * (row / 16) + g) + row % 16]);
    const float s = blocks == 0 ? d : d * a->scales[t * blocks + g * n / a->block_columns];
    y = fmaf((float)sum_of(u, q, g * n, last), s, y);
  }
  return blocks == 0 ? y * a->scales[t] : y;
}

/* Scales of the weights by groups, sums and scales of the activations; all 0: by rows. */
typedef struct cut {
  int32_t group, sums, block;
} cut;

static const cut cuts[] = {{64, 64, 0},     {128, 128, 0},   {256, 256, 0},  {64, 64, 128},
                           {128, 128, 128}, {256, 256, 256}, {128, 64, 128}, {256, 64, 0},
                           {32, 16, 0},     {0, 0, 0},       {0, 64, 0}};
#define CUTS 11

static void check(place where, int32_t rows, int32_t columns, int32_t count, cut by, digits weights,
                  values kind, scales scale, uint64_t seed) {
  test_case c = {.seed = seed};
  const int32_t panels = (rows + 15) / 16;
  rng r = {seed};
  const int32_t begin = random_below(&r, panels);
  const int32_t end = begin + 1 + random_below(&r, panels - begin);
  bn_ternary w = new_ternary(&r, where, weights, rows, columns, NAN);
  bn_quantized a = new_quantized(&r, where, kind, count, columns, 64 * (int32_t)(seed % 2));
  if (by.group == 0) {
    set_row_scales(&r, where, &w, scale);
  } else {
    set_group_scales(&r, where, &w, scale, by.group);
  }
  if (by.sums != 0) {
    cut_quantized(&r, where, &a, by.sums, by.block);
  }
  const bool both = by.group == 0 && weights < DIGITS_KINDS;
  const bn_ternary five = both ? five_digits_of(where, &w) : w;
  const bn_rows expected = new_rows(where, count, rows, 16 * (int32_t)(seed % 3));
  const bn_rows complete = copy_rows(where, &expected);
  static uint8_t u[BN_MAX_COLUMNS];
  for (int32_t row = 0; row < rows; row++) {
    for (int32_t k = 0; k < columns; k++) {
      u[k] = (uint8_t)digit_at(&w, row, k);
    }
    for (int32_t t = 0; t < count; t++) {
      bn_row(&complete, t)[row] = defined(&w, &a, t, row, u);
    }
  }
  bn_rows actual[MOST_PRODUCTS];
  bn_rows of_five[MOST_PRODUCTS];
  for (int p = 0; p < all.count; p++) {
    actual[p] = copy_rows(where, &expected);
    of_five[p] = copy_rows(where, &expected);
  }
  const int32_t ranges[][2] = {{begin, end}, {0, panels}};
  for (int i = begin == 0 && end == panels ? 1 : 0; i < 2; i++) { /* the same range once */
    const int32_t first = 16 * ranges[i][0];
    const int32_t last = 16 * ranges[i][1] < rows ? 16 * ranges[i][1] : rows;
    describe(&c,
             "%d rows of %d columns, panels [%d, %d), %d tokens, groups %d, sums %d, blocks %d, "
             "weights %d, values %d, scales %d, place %d",
             rows, columns, ranges[i][0], ranges[i][1], count, by.group, by.sums, by.block, weights,
             kind, scale, where);
    copy_columns(&complete, &expected, first, last);
    for (int p = 0; p < all.count; p++) {
      const tier_product* product = &all.products[p];
      set_tier(&c, product->op, product->tier);
      same_int(&c, "status", 0, BN_OK,
               product->call(product->tier, &w, &a, &actual[p], count, ranges[i][0], ranges[i][1]));
      same_rows(&c, &expected, &actual[p]);
      if (both) {
        same_int(&c, "status of five digits a byte", 0, BN_OK,
                 product->call(product->tier, &five, &a, &of_five[p], count, ranges[i][0],
                               ranges[i][1]));
        same_rows(&c, &expected, &of_five[p]);
      }
    }
  }
  release_blocks();
}

static void check_sizes(void) {
  uint64_t seed = 1;
  /* Every small number of tokens with lengths around those of blocks and groups. */
  static const int32_t lengths[] = {1,   15,  16,  17,  48,  63,  64,  65,  100, 127,
                                    128, 129, 192, 200, 255, 256, 257, 320, 400, 513};
  for (int i = 0; i < 20; i++) {
    for (int32_t count = 0; count <= 17; count += count < 9 ? 1 : 4) {
      check((place)(seed % PLACES), 1 + (int32_t)(seed % 53), lengths[i], count, cuts[seed % CUTS],
            (digits)(seed % 2 == 0 ? DIGITS_RANDOM : DIGITS_RANDOM_TO_3),
            (values)(seed / 7 % VALUES_KINDS), SCALES_RANDOM, seed);
      seed++;
    }
  }
  /* Every cut with scales of every kind, in several streams. */
  for (int i = 0; i < CUTS; i++) {
    for (scales scale = 0; scale < SCALES_KINDS; scale++) {
      for (int32_t count = 1; count <= 5; count += 2) {
        check((place)(seed % PLACES), 64 + (int32_t)(seed % 40), 640, count, cuts[i], DIGITS_RANDOM,
              VALUES_RANDOM, scale, seed);
        seed++;
      }
    }
  }
  /* The largest sums of a group, where narrow partial sums would overflow. */
  for (int i = 0; i < CUTS; i++) {
    for (digits weights = 0; weights < ALL_DIGITS_KINDS; weights++) {
      for (int32_t count = 1; count <= 3; count++) {
        check(FLUSH_END, 33, 768, count, cuts[i], weights, VALUES_HIGH, SCALES_RANDOM, seed++);
        check(FLUSH_END, 33, 768, count, cuts[i], weights, VALUES_LOW, SCALES_RANDOM, seed++);
      }
    }
  }
  /* Prompts, and more tokens than tier C unpacks a row for. */
  check(FLUSH_END, 40, 256, 65, cuts[0], DIGITS_RANDOM, VALUES_RANDOM, SCALES_RANDOM, seed++);
  check(FLUSH_END, 40, 256, 67, cuts[3], DIGITS_RANDOM, VALUES_RANDOM, SCALES_RANDOM, seed++);
  check(FLUSH_END, 40, 256, 64, cuts[9], DIGITS_RANDOM, VALUES_RANDOM, SCALES_RANDOM, seed++);
  check(FLUSH_END, 48, 2560, 13, cuts[2], DIGITS_RANDOM_TO_3, VALUES_EXTREMES, SCALES_RANDOM,
        seed++);
  /* Tiles of tokens, with every cut and rows in several blocks of columns. */
  static const int32_t tokens[] = {8, 15, 16, 17, 32, 33, 65, 70};
  for (int i = 0; i < CUTS; i++) {
    for (int k = 0; k < 8; k++) {
      check((place)(seed % PLACES), 1 + (int32_t)(seed % 70), 600 + (int32_t)(seed % 201),
            tokens[k], cuts[i], (digits)(seed % 2 == 0 ? DIGITS_RANDOM : DIGITS_RANDOM_TO_3),
            (values)(seed / 2 % VALUES_KINDS), (scales)(seed / 3 % SCALES_KINDS), seed);
      seed++;
    }
  }
  /* Groups that fill a block of columns, that are longer, and that start within a tile. */
  static const cut odd[] = {{320, 64, 0},  {640, 64, 640}, {3456, 64, 0},
                            {3520, 64, 0}, {96, 32, 96},   {128, 128, 0}};
  for (int i = 0; i < 6; i++) {
    check(FLUSH_END, 50, 3600, 20, odd[i], DIGITS_RANDOM, VALUES_RANDOM, SCALES_RANDOM, seed++);
    check(FLUSH_END, 50, 3600, 13, odd[i], DIGITS_RANDOM, VALUES_RANDOM, SCALES_RANDOM, seed++);
    check(FLUSH_END, 33, 3600, 65, odd[i], DIGITS_RANDOM, VALUES_RANDOM, SCALES_RANDOM, seed++);
  }
  check(FLUSH_END, 33, 256, 513, cuts[0], DIGITS_RANDOM, VALUES_RANDOM, SCALES_RANDOM, seed++);
  /* Long rows; the longest as one group, which is all that can make sums so large. */
  check(FLUSH_END, 33, 8640, 5, cuts[5], DIGITS_RANDOM, VALUES_RANDOM, SCALES_MIXED, seed++);
  const cut whole = {131008, 131008, 0};
  check(FLUSH_END, 16, BN_MAX_COLUMNS, 1, whole, DIGITS_3, VALUES_LOW, SCALES_RANDOM, seed++);
  check(FLUSH_END, 16, BN_MAX_COLUMNS, 5, whole, DIGITS_3, VALUES_LOW, SCALES_RANDOM, seed++);
}

int main(void) {
  all = list_products("scaled_product");
  check_sizes();
  return 0;
}
