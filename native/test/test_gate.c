#include <math.h>

#include "testing.h"

static void check(int32_t tier, place where, int32_t columns, data kind, uint64_t seed) {
  const int32_t rows = 3;
  const int32_t begin = (int32_t)(seed % 2);
  for (int32_t activation = BN_ACT_RELU2; activation <= BN_ACT_GELU; activation++) {
    test_case c = {.op = "gate", .tier = tier, .seed = seed};
    describe(&c, "activation %d, rows [%d, %d) of %d columns, data %s, place %d", activation, begin,
             rows, columns, data_name(kind), where);
    rng r = {seed};
    bn_rows gate = new_rows(where, rows, columns, 16 * (int32_t)(seed % 3));
    bn_rows up = new_rows(where, rows, columns, 0);
    fill_rows(&r, kind, &gate);
    fill_rows(&r, seed % 2 == 0 ? kind : DATA_UNIT, &up);
    if (kind == DATA_UNIT) { /* where silu and gelu bend */
      for (int32_t row = 0; row < rows; row++) {
        for (int32_t i = 0; i < columns; i++) {
          gate.data[row * gate.stride + i] *= 100.0f;
        }
      }
    }
    seal(up.data);
    bn_rows expected = copy_rows(where, &gate);
    same_int(&c, "status", 0, BN_OK, bn_gate(BN_TIER_C, activation, &expected, &up, begin, rows));
    same_int(&c, "status", 0, BN_OK, bn_gate(tier, activation, &gate, &up, begin, rows));
    same_rows(&c, &expected, &gate);
    release_blocks();
  }
}

/* -0, infinities and NaN have one answer each. */
static void knows_special_values(int32_t tier) {
  static const float in[] = {-0.0f, 0.0f, INFINITY, -INFINITY, NAN, -3.0f, 3.0f};
  static const float relu2[] = {0.0f, 0.0f, INFINITY, 0.0f, NAN, 0.0f, 9.0f};
  static const float smooth[] = {-0.0f, 0.0f, INFINITY, NAN, NAN}; /* silu and gelu */
  const int32_t n = 7;
  for (int32_t activation = BN_ACT_RELU2; activation <= BN_ACT_GELU; activation++) {
    const int32_t known = activation == BN_ACT_RELU2 ? n : 5;
    test_case c = {.op = "gate", .tier = tier};
    describe(&c, "activation %d of special values", activation);
    bn_rows gate = new_rows(FLUSH_END, 1, known, 0);
    bn_rows up = new_rows(FLUSH_END, 1, known, 0);
    bn_rows expected = new_rows(FLUSH_END, 1, known, 0);
    for (int32_t i = 0; i < known; i++) {
      gate.data[i] = in[i];
      up.data[i] = 1.0f;
      expected.data[i] = activation == BN_ACT_RELU2 ? relu2[i] : smooth[i];
    }
    same_int(&c, "status", 0, BN_OK, bn_gate(tier, activation, &gate, &up, 0, 1));
    same_rows(&c, &expected, &gate);
    release_blocks();
  }
}

int main(void) {
  for (int32_t tier = -1; next_tier("gate", &tier);) {
    knows_special_values(tier);
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
