/* The products with copies return what bn_ternary_product returns, and read what they say. */
#include <math.h>
#include <string.h>

#include "common/kernels.h"
#include "ternary_data.h"
#include "testing.h"

typedef enum gates { GATES_RANDOM, GATES_FEW, GATES_NONE, GATES_ALL, GATES_KINDS } gates;

/* A gate, among them the values where a comparison with 0 may go wrong. */
static float one_gate(rng* r, gates kind) {
  static const float inactive[] = {0.0f, -0.0f, -0x1p-149f, -INFINITY, NAN, -1.0f};
  static const float active[] = {0x1p-149f, INFINITY, 1.0f};
  const int32_t of = kind == GATES_RANDOM ? 2 : 8;
  const int is_active = kind == GATES_ALL || (kind != GATES_NONE && random_below(r, of) == 0);
  return is_active ? active[random_below(r, 3)] : inactive[random_below(r, 6)];
}

static int is_bounded(const bn_ternary* w, const bn_quantized* a, int32_t t) {
  return isfinite(128.0f * (float)w->columns * fabsf(w->scale * a->scales[t])) != 0;
}

static void check_gated(const test_case* c, int32_t tier, place where, const bn_ternary* w,
                        const bn_quantized* a, int32_t count, gates kind, rng* r) {
  const bn_ternary_vectors copy = vectors_of(where, w, BN_ROW_MAJOR);
  bn_rows gate = new_rows(where, count, w->rows, 16 * random_below(r, 2));
  for (int32_t t = 0; t < count; t++) {
    for (int32_t row = 0; row < w->rows; row++) {
      bn_row(&gate, t)[row] = one_gate(r, kind);
    }
  }
  seal(gate.data);
  const bn_rows expected = new_rows(where, count, w->rows, 0);
  const bn_rows actual = copy_rows(where, &expected);
  const bn_rows product = copy_rows(where, &expected);
  bn_ternary_product(BN_TIER_C, w, a, &product, count, 0, (w->rows + 15) / 16);
  const int32_t begin = random_below(r, w->rows);
  const int32_t end = begin + 1 + random_below(r, w->rows - begin);
  const int32_t ranges[][2] = {{begin, end}, {end, end}, {0, w->rows}};
  for (int i = 0; i < 3; i++) {
    int64_t bytes = 0;
    for (int32_t row = ranges[i][0]; row < ranges[i][1]; row++) {
      int needed = 0;
      for (int32_t t = 0; t < count; t++) {
        const int computed = bn_row(&gate, t)[row] > 0.0f || !is_bounded(w, a, t);
        bn_row(&expected, t)[row] = computed ? bn_row(&product, t)[row] : 0.0f;
        needed |= computed;
      }
      bytes += needed ? copy.stride : 0;
    }
    same_int(c, "bytes read of rows from", ranges[i][0], bytes,
             bn_gated_product(tier, &copy, a, &gate, &actual, count, ranges[i][0], ranges[i][1]));
    same_rows(c, &expected, &actual);
  }
}

static void check_sparse(const test_case* c, int32_t tier, place where, const bn_ternary* w,
                         const bn_quantized* a, int32_t count, rng* r) {
  const bn_ternary_vectors copy = vectors_of(where, w, BN_COLUMN_MAJOR);
  const bn_rows expected = new_rows(where, count, w->rows, 0);
  const bn_rows actual = copy_rows(where, &expected);
  int64_t used = 0;
  for (int32_t k = 0; k < w->columns; k++) {
    int needed = 0;
    for (int32_t t = 0; t < count; t++) {
      needed |= a->values[t * a->stride + k] != 0;
    }
    used += needed;
  }
  const int32_t lines = (w->rows + 255) / 256;
  const int32_t begin = random_below(r, lines);
  const int32_t end = begin + 1 + random_below(r, lines - begin);
  const int32_t ranges[][2] = {{begin, end}, {end, end}, {0, lines}};
  for (int i = 0; i < 3; i++) {
    bn_ternary_product(
        BN_TIER_C, w, a, &expected, count, 16 * ranges[i][0],
        16 * ranges[i][1] < (w->rows + 15) / 16 ? 16 * ranges[i][1] : (w->rows + 15) / 16);
    same_int(c, "bytes read of lines from", ranges[i][0],
             used * BN_LINE_BYTES * (ranges[i][1] - ranges[i][0]),
             bn_sparse_product(tier, &copy, a, &actual, count, ranges[i][0], ranges[i][1]));
    same_rows(c, &expected, &actual);
  }
}

/* The product of everything, by rows or columns, in the memory of 16 panels. */
static void check_dense(const test_case* c, int32_t tier, place where, const bn_ternary* w,
                        const bn_quantized* a, int32_t count, int32_t order, rng* r) {
  const bn_ternary_vectors copy = vectors_of(where, w, order);
  const bn_rows expected = new_rows(where, count, w->rows, 0);
  const bn_rows actual = copy_rows(where, &expected);
  const int64_t scratch_bytes = 16 * ((w->columns + 15) / 16 * (int64_t)64);
  uint8_t* scratch = guarded(where, (size_t)scratch_bytes);
  memset(scratch, 0xa5, (size_t)scratch_bytes);
  const int32_t panels = (w->rows + 15) / 16;
  const int32_t begin = random_below(r, panels);
  const int32_t end = begin + 1 + random_below(r, panels - begin);
  const int32_t ranges[][2] = {{begin, end}, {end, end}, {0, panels}};
  for (int i = 0; i < 3; i++) {
    bn_ternary_product(BN_TIER_C, w, a, &expected, count, ranges[i][0], ranges[i][1]);
    same_int(c, "status from panel", ranges[i][0], BN_OK,
             bn_vectors_product(tier, &copy, a, &actual, count, ranges[i][0], ranges[i][1], scratch,
                                scratch_bytes));
    same_rows(c, &expected, &actual);
  }
}

static void check(int32_t tier, place where, int32_t rows, int32_t columns, digits weights,
                  values kind, float scale, uint64_t seed) {
  test_case c = {.op = "sparse_products", .tier = tier, .seed = seed};
  rng r = {seed};
  const gates gate = (gates)(seed / 3 % GATES_KINDS);
  /* One row of activations every other time, else up to as many as the ABI allows. */
  const int32_t count = seed % 2 == 0 ? 1 : 2 + (int32_t)(seed / 2 % (BN_MOST_SPARSE_ROWS - 1));
  describe(&c,
           "%d rows of %d columns, weights %d, values %d, gates %d, scale %g, count %d, place %d",
           rows, columns, weights, kind, gate, (double)scale, count, where);
  const bn_ternary w = new_ternary(&r, where, weights, rows, columns, scale);
  const bn_quantized a = new_quantized(&r, where, kind, count, columns, 64 * random_below(&r, 2));
  check_gated(&c, tier, where, &w, &a, count, gate, &r);
  check_sparse(&c, tier, where, &w, &a, count, &r);
  check_dense(&c, tier, where, &w, &a, count, BN_ROW_MAJOR, &r);
  check_dense(&c, tier, where, &w, &a, count, BN_COLUMN_MAJOR, &r);
  release_blocks();
}

static void check_tier(int32_t tier) {
  uint64_t seed = 1;
  for (int32_t n = 1; n <= 140; n += small_step()) {
    for (values kind = 0; kind < VALUES_KINDS; kind++) {
      check(tier, (place)(seed % PLACES), 1 + (int32_t)(seed % 83), n, DIGITS_RANDOM, kind, NAN,
            seed);
      seed++;
      check(tier, (place)(seed % PLACES), n, 1 + (int32_t)(seed % 83), DIGITS_RANDOM, kind, NAN,
            seed);
      seed++;
    }
  }
  /* Around lines, parts of lines and lists. */
  static const int32_t lengths[] = {191, 192,  193,  255,  256,  257,  300,  511, 512,
                                    513, 1000, 2560, 4096, 4100, 4400, 6912, 8200};
  for (int i = 0; i < 17; i++) {
    for (values kind = 0; kind < VALUES_KINDS; kind++) {
      if (lengths[i] > 600 && kind != VALUES_RANDOM && kind != VALUES_SPARSE) {
        continue;
      }
      check(tier, (place)(seed % PLACES), lengths[i], 30 + i, DIGITS_RANDOM, kind, NAN, seed);
      seed++;
      check(tier, (place)(seed % PLACES), 30 + i, lengths[i], DIGITS_RANDOM, kind, NAN, seed);
      seed++;
    }
  }
  for (int i = 0; i < 32; i++) {
    check(tier, (place)(i / 2 % PLACES), i < 4 ? 5000 : 640, i < 4 ? 600 : 1700, DIGITS_RANDOM,
          VALUES_SPARSE, NAN, seed++);
  }
  /* Real lengths with the largest sums, where narrow partial sums would overflow. */
  for (int i = 0; i < large_columns_count; i++) {
    for (digits weights = 0; weights < DIGITS_KINDS; weights++) {
      for (values kind = 0; kind < VALUES_KINDS; kind++) {
        check(tier, (place)(seed % PLACES), 3, large_columns[i], weights, kind, NAN, seed);
        seed++;
      }
    }
  }
  /* The longest row that the ABI allows, with the largest sums. */
  for (digits weights = 0; weights < DIGITS_KINDS; weights++) {
    check(tier, FLUSH_END, 4, BN_MAX_COLUMNS, weights, VALUES_HIGH, NAN, seed++);
    check(tier, FLUSH_END, 4, BN_MAX_COLUMNS, weights, VALUES_LOW, NAN, seed++);
  }
  /* Outputs that are rounded among the subnormals, and that are or might be infinite. */
  static const float scales[] = {0x1p-149f,   -0x1p-140f, 0x1.8p-126f, 0x1.fffffep127f,
                                 -0x1.9p127f, 0x1p112f,   0x1p110f,    0.0f};
  for (int i = 0; i < 8; i++) {
    for (int more = 0; more < 6; more++) {
      check(tier, FLUSH_END, 33, 200, DIGITS_RANDOM, VALUES_RANDOM, scales[i], seed++);
      check(tier, FLUSH_END, 33, 200, DIGITS_PLUS, VALUES_HIGH, scales[i], seed++);
    }
  }
}

int main(void) {
  for (int32_t tier = -1; next_tier("sparse_products", &tier);) {
    check_tier(tier);
  }
  return 0;
}
