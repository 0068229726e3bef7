#include <math.h>
#include <string.h>

#include "common/float_math.h"
#include "testing.h"

/* How rows are cut into groups and blocks; 0: not at all. */
typedef struct cut {
  int32_t group, block;
} cut;

static const cut cuts[] = {{0, 0}, {64, 0}, {16, 0}, {64, 128}, {128, 128}, {256, 256}, {16, 48}};
#define CUTS 7

/* Runs of that length in a row; the whole row where it is 0. */
static int32_t runs(int32_t columns, int32_t run) {
  return run == 0 ? 1 : (columns + run - 1) / run;
}

static bn_quantized new_quantized(place where, int32_t rows, int32_t columns, int32_t wide,
                                  cut by) {
  bn_quantized q = {.stride = (columns + 63) / 64 * 64 + wide,
                    .columns = columns,
                    .capacity = rows,
                    .group_columns = by.group,
                    .block_columns = by.block};
  const size_t scales = sizeof(float) * (size_t)(rows * runs(columns, by.block));
  const size_t sums = sizeof(int32_t) * (size_t)(rows * runs(columns, by.group));
  q.values = guarded(where, (size_t)(rows * q.stride));
  q.scales = guarded(where, scales);
  q.sums = guarded(where, sizeof(int32_t) * (size_t)rows);
  memset(q.values, 0x5a, (size_t)(rows * q.stride));
  memset(q.scales, 0x5a, scales);
  memset(q.sums, 0x5a, sizeof(int32_t) * (size_t)rows);
  if (by.group != 0) {
    q.group_sums = guarded(where, sums);
    memset(q.group_sums, 0x5a, sums);
  }
  return q;
}

static void same_quantized(const test_case* c, const bn_quantized* expected,
                           const bn_quantized* actual) {
  const int64_t values = expected->capacity * expected->stride;
  const bool same = memcmp(expected->values, actual->values, (size_t)values) == 0;
  for (int64_t i = 0; !same && i < values; i++) {
    same_int(c, "value", i, expected->values[i], actual->values[i]);
  }
  for (int32_t i = 0; i < expected->capacity * runs(expected->columns, expected->block_columns);
       i++) {
    same_int(c, "scale's bits at", i, bn_bits_of(expected->scales[i]),
             bn_bits_of(actual->scales[i]));
  }
  for (int32_t t = 0; t < expected->capacity; t++) {
    same_int(c, "sum of row", t, expected->sums[t], actual->sums[t]);
  }
  const int32_t groups =
      expected->group_columns == 0
          ? 0
          : expected->capacity * runs(expected->columns, expected->group_columns);
  for (int32_t g = 0; g < groups; g++) {
    same_int(c, "sum of group", g, expected->group_sums[g], actual->group_sums[g]);
  }
}

/* What the header says of a quantized row, whatever its values. */
static void consistent(const test_case* c, const bn_quantized* q, int32_t begin) {
  for (int32_t t = begin; t < q->capacity; t++) {
    int32_t sum = 0;
    for (int64_t i = 0; i < q->stride; i++) {
      const int8_t v = q->values[t * q->stride + i];
      sum += v;
      if (i >= q->columns) {
        same_int(c, "padding", t * q->stride + i, 0, v);
      }
    }
    same_int(c, "sum of row", t, sum, q->sums[t]);
    const int32_t groups = q->group_columns == 0 ? 0 : runs(q->columns, q->group_columns);
    for (int32_t g = 0; g < groups; g++) {
      sum = 0;
      for (int32_t i = g * q->group_columns; i < q->columns && i < (g + 1) * q->group_columns;
           i++) {
        sum += q->values[t * q->stride + i];
      }
      same_int(c, "sum of group", t * groups + g, sum, q->group_sums[t * groups + g]);
    }
  }
}

/* A block has the values and the scale of a row of its own columns; without a norm. */
static void blocks_are_rows(const test_case* c, const bn_rows* x, const bn_quantized* q,
                            int32_t begin) {
  const int32_t blocks = runs(q->columns, q->block_columns);
  const int32_t block = q->block_columns == 0 ? q->columns : q->block_columns;
  for (int32_t t = begin; t < q->capacity; t++) {
    for (int32_t b = 0; b < blocks; b += 1 + blocks / 5) { /* there is memory for a few */
      const int32_t first = b * block;
      const int32_t n = q->columns - first < block ? q->columns - first : block;
      bn_rows part = new_rows(FLUSH_END, 1, n, 0);
      memcpy(part.data, x->data + t * x->stride + first, sizeof(float) * (size_t)n);
      bn_quantized row = new_quantized(FLUSH_END, 1, n, 0, cuts[0]);
      const bn_norm none = {.weight = NULL, .columns = n};
      same_int(c, "status", 0, BN_OK, bn_quantize(BN_TIER_C, &part, &none, &row, 0, 1));
      same_int(c, "scale's bits of block", b, bn_bits_of(row.scales[0]),
               bn_bits_of(q->scales[t * blocks + b]));
      for (int32_t i = 0; i < n; i++) {
        same_int(c, "value", first + i, row.values[i], q->values[t * q->stride + first + i]);
      }
    }
  }
}

static tier_list all;

static bool has_own(const bn_kernels* tier) { return tier->quantize != NULL; }

/* Every tier against tier C, which is the first. */
static void check(place where, int32_t columns, data kind, uint64_t seed) {
  const cut by = cuts[seed % CUTS];
  const int32_t rows = 3;
  const int32_t begin = (int32_t)(seed % 2);
  const int32_t wide = 64 * (int32_t)(seed % 3);
  rng r = {seed};
  for (int has_weight = 0; has_weight < 2; has_weight++) {
    test_case c = {.op = "quantize", .tier = BN_TIER_C, .seed = seed};
    describe(&c, "rows [%d, %d) of %d columns, data %s, weight %d, place %d, groups %d, blocks %d",
             begin, rows, columns, data_name(kind), has_weight, where, by.group, by.block);
    float* weight = guarded(where, sizeof(float) * (size_t)columns);
    fill(&r, seed % 4 == 0 ? kind : DATA_UNIT, weight, columns);
    seal(weight);
    const bn_norm norm = {
        .weight = has_weight ? weight : NULL, .columns = columns, .epsilon = 1e-5f};
    bn_rows x = new_rows(where, rows, columns, 16);
    fill_rows(&r, kind, &x);
    seal(x.data);
    bn_quantized expected = new_quantized(where, rows, columns, wide, by);
    const int32_t status = bn_quantize(BN_TIER_C, &x, &norm, &expected, begin, rows);
    if (!has_weight && kind < DATA_FINITE_KINDS) {
      same_int(&c, "status", 0, BN_OK, status);
    }
    if (status == BN_OK) { /* else what was written means nothing */
      consistent(&c, &expected, begin);
      if (!has_weight && seed % 5 == 0) {
        blocks_are_rows(&c, &x, &expected, begin);
      }
    }
    for (int i = 1; i < all.count; i++) {
      set_tier(&c, c.op, all.tiers[i]);
      bn_quantized actual = new_quantized(where, rows, columns, wide, by);
      same_int(&c, "status", 0, status, bn_quantize(c.tier, &x, &norm, &actual, begin, rows));
      if (status == BN_OK) {
        same_quantized(&c, &expected, &actual);
      }
    }
    release_blocks();
  }
}

/*
 * One value that is not finite, in every position of every short row, and in a hundred or so of a
 * long one; they are an odd number of columns apart, so that every lane of a vector is met.
 */
static void finds_non_finite(int32_t tier, place where, int32_t columns) {
  const float bad[] = {INFINITY, -INFINITY, NAN, bn_float_of(0xffffffff), bn_float_of(0x7f800001)};
  test_case c = {.op = "quantize", .tier = tier, .seed = (uint64_t)columns};
  rng r = {c.seed};
  bn_rows x = new_rows(where, 1, columns, 0);
  fill_rows(&r, DATA_UNIT, &x);
  bn_quantized q = new_quantized(where, 1, columns, 0, cuts[columns % CUTS]);
  float* weight = guarded(where, sizeof(float) * (size_t)columns);
  fill(&r, DATA_UNIT, weight, columns);
  const bn_norm none = {.weight = NULL, .columns = columns};
  const bn_norm norm = {.weight = weight, .columns = columns, .epsilon = 1e-5f};
  const int32_t apart = columns <= SMALL_COLUMNS ? 1 : columns < 700 ? 7 : columns / 100 | 1;
  for (int32_t i = 0; i < columns; i += apart) {
    for (int b = 0; b < 5; b++) {
      describe(&c, "%d columns, %08x in column %d, place %d", columns, bn_bits_of(bad[b]), i,
               where);
      float saved = x.data[i];
      x.data[i] = bad[b];
      same_int(&c, "status", 0, BN_NON_FINITE, bn_quantize(tier, &x, &none, &q, 0, 1));
      /* An infinity makes the norm's factor 0, and 0 times it NaN. */
      same_int(&c, "status", 0, BN_NON_FINITE, bn_quantize(tier, &x, &norm, &q, 0, 1));
      x.data[i] = saved;
      saved = weight[i];
      weight[i] = bad[b];
      same_int(&c, "status", 0, BN_NON_FINITE, bn_quantize(tier, &x, &norm, &q, 0, 1));
      weight[i] = saved;
    }
  }
  describe(&c, "%d columns, all finite, place %d", columns, where);
  same_int(&c, "status", 0, BN_OK, bn_quantize(tier, &x, &norm, &q, 0, 1));
  release_blocks();
}

/* With a largest of 127 the factor is 1: halves go to the even neighbour. */
static void rounds_ties_to_even(int32_t tier) {
  static const float in[] = {127.0f, 0.5f,  1.5f,   2.5f,    -0.5f,
                             -1.5f,  -2.5f, 126.5f, -126.5f, -127.0f};
  static const int8_t out[] = {127, 0, 2, 2, 0, -2, -2, 126, -126, -127};
  test_case c = {.op = "quantize", .tier = tier, .shape = "known ties"};
  bn_rows x = new_rows(FLUSH_END, 1, 10, 0);
  memcpy(x.data, in, sizeof in);
  bn_quantized q = new_quantized(FLUSH_END, 1, 10, 0, cuts[0]);
  const bn_norm none = {.weight = NULL, .columns = 10};
  same_int(&c, "status", 0, BN_OK, bn_quantize(tier, &x, &none, &q, 0, 1));
  for (int i = 0; i < 10; i++) {
    same_int(&c, "value", i, out[i], q.values[i]);
  }
  same_int(&c, "scale's bits of row", 0, bn_bits_of(1.0f), bn_bits_of(q.scales[0]));
  release_blocks();
}

int main(void) {
  all = list_tiers("quantize", has_own);
  for (int t = 0; t < all.count; t++) {
    rounds_ties_to_even(all.tiers[t]);
  }
  uint64_t seed = 1;
  int32_t columns;
  for (int i = 0; (columns = columns_at(i)) != 0; i++) {
    for (place where = 0; where < PLACES; where++) {
      for (int t = 0; t < all.count; t++) {
        finds_non_finite(all.tiers[t], where, columns);
      }
      for (data kind = 0; kind < DATA_KINDS; kind++) {
        check(where, columns, kind, seed++);
      }
    }
  }
  return 0;
}
