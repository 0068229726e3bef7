#include "testing.h"

static const float epsilons[] = {1e-5f, 1e-6f, 0.0f};

static void check(int32_t tier, place where, int32_t columns, data kind, uint64_t seed) {
  const int32_t rows = 3;
  const int32_t begin = (int32_t)(seed % 2);
  rng r = {seed};
  for (int has_weight = 0; has_weight < 2; has_weight++) {
    const float epsilon = epsilons[seed % 3];
    test_case c = {.op = "normalize", .tier = tier, .seed = seed};
    describe(&c, "rows [%d, %d) of %d columns, data %s, weight %d, epsilon %g, place %d", begin,
             rows, columns, data_name(kind), has_weight, (double)epsilon, where);
    float* weight = guarded(where, sizeof(float) * (size_t)columns);
    fill(&r, seed % 4 == 0 ? kind : DATA_UNIT, weight, columns);
    seal(weight);
    const bn_norm norm = {
        .weight = has_weight ? weight : NULL, .columns = columns, .epsilon = epsilon};
    bn_rows x = new_rows(where, rows, columns, 16);
    fill_rows(&r, kind, &x);
    bn_rows expected = new_rows(where, rows, columns, 0);
    bn_rows actual = copy_rows(where, &expected);
    bn_rows in_place = copy_rows(where, &x);
    bn_rows expected_in_place = copy_rows(where, &x);
    seal(x.data);
    same_int(&c, "status", 0, BN_OK, bn_normalize(BN_TIER_C, &x, &norm, &expected, begin, rows));
    same_int(&c, "status", 0, BN_OK, bn_normalize(tier, &x, &norm, &actual, begin, rows));
    same_rows(&c, &expected, &actual);
    same_int(&c, "status", 0, BN_OK,
             bn_normalize(BN_TIER_C, &expected_in_place, &norm, &expected_in_place, begin, rows));
    same_int(&c, "status", 0, BN_OK, bn_normalize(tier, &in_place, &norm, &in_place, begin, rows));
    same_rows(&c, &expected_in_place, &in_place);
    for (int32_t row = begin; row < rows; row++) { /* in place or not is all one */
      const bn_rows one = {actual.data + row * actual.stride, actual.stride, columns, 1};
      const bn_rows other = {in_place.data + row * in_place.stride, in_place.stride, columns, 1};
      same_rows(&c, &one, &other);
    }
    release_blocks();
  }
}

int main(void) {
  for (int32_t tier = -1; next_tier("normalize", &tier);) {
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
