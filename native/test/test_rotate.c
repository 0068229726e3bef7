#include "testing.h"

static int32_t* new_positions(rng* r, place where, int32_t rows, int32_t positions) {
  int32_t* all = guarded(where, sizeof(int32_t) * (size_t)rows);
  for (int32_t i = 0; i < rows; i++) {
    all[i] = random_below(r, positions);
  }
  all[rows - 1] = positions - 1; /* the table's very end */
  all[0] = 0;
  seal(all);
  return all;
}

static float* new_table(rng* r, place where, data kind, int64_t n) {
  float* table = guarded(where, sizeof(float) * (size_t)n);
  fill(r, kind, table, n);
  seal(table);
  return table;
}

static void check(int32_t tier, place where, int32_t head_dim, int32_t pairs, int32_t heads,
                  data kind, uint64_t seed) {
  const int32_t rows = 3;
  const int32_t begin = (int32_t)(seed % 2);
  const int32_t positions = 5;
  for (int32_t style = BN_ROPE_HALVES; style <= BN_ROPE_ADJACENT; style++) {
    test_case c = {.op = "rotate", .tier = tier, .seed = seed};
    describe(&c, "style %d, rows [%d, %d), %d heads of %d, %d pairs, data %s, place %d", style,
             begin, rows, heads, head_dim, pairs, data_name(kind), where);
    rng r = {seed};
    bn_rope rope = {.pairs = pairs, .head_dim = head_dim, .style = style, .positions = positions};
    const data table = kind == DATA_WIDE || kind == DATA_ANY ? kind : DATA_UNIT;
    rope.cosines = new_table(&r, where, table, (int64_t)positions * pairs);
    rope.sines = new_table(&r, where, table, (int64_t)positions * pairs);
    const bn_batch batch = {.positions = new_positions(&r, where, rows, positions)};
    bn_rows x = new_rows(where, rows, heads * head_dim, 16 * (int32_t)(seed % 3));
    fill_rows(&r, kind, &x);
    bn_rows expected = copy_rows(where, &x);
    same_int(&c, "status", 0, BN_OK, bn_rotate(BN_TIER_C, &rope, &batch, &expected, begin, rows));
    same_int(&c, "status", 0, BN_OK, bn_rotate(tier, &rope, &batch, &x, begin, rows));
    same_rows(&c, &expected, &x);
    release_blocks();
  }
}

int main(void) {
  static const int32_t large[] = {80, 96, 128, 256};
  for (int32_t tier = -1; next_tier("rotate", &tier);) {
    uint64_t seed = 1;
    for (int32_t head_dim = 2; head_dim <= SMALL_COLUMNS; head_dim += small_step()) {
      for (int32_t pairs = 1; pairs <= head_dim / 2; pairs++) {
        data kind = (data)(seed % DATA_KINDS);
        check(tier, (place)(seed / 3 % PLACES), head_dim, pairs, 1 + pairs % 3, kind, seed);
        seed++;
      }
    }
    for (int i = 0; i < 4; i++) {
      for (data kind = 0; kind < DATA_KINDS; kind++) {
        for (place where = 0; where < PLACES; where++) {
          check(tier, where, large[i], large[i] / 2, 5, kind, seed++);
          check(tier, where, large[i], large[i] / 4, 5, kind, seed++);
        }
      }
    }
  }
  return 0;
}
