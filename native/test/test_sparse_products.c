/* The products with copies return what bn_ternary_product returns, and read what they say. */
#include <math.h>
#include <string.h>

#include "common/kernels.h"
#include "ternary_data.h"
#include "testing.h"

/* Tiers of the sparse products, and of the product of everything. */
static tier_list sparse;
static tier_list dense;

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

bn_vectors_product_fn bn_vectors_product_amx_twin;

/* A case's data, and the product of everything by tier C. */
typedef struct sample {
  place where;
  bn_ternary w;
  bn_quantized a;
  int32_t count;
  bn_rows product;
} sample;

/* What tiers write, each to its own, and what they should. */
typedef struct outputs {
  bn_rows expected;
  bn_rows actual[BN_TIER_COUNT];
} outputs;

static outputs new_outputs(const sample* s, const tier_list* list) {
  outputs out = {.expected = new_rows(s->where, s->count, s->w.rows, 0)};
  for (int i = 0; i < list->count; i++) {
    out.actual[i] = copy_rows(s->where, &out.expected);
  }
  return out;
}

/* A range of [0, n), an empty one and all of it; the first is left out if it is all of it. */
typedef struct parts {
  int32_t of[3][2];
  int first;
} parts;

static parts new_parts(rng* r, int32_t n) {
  const int32_t begin = random_below(r, n);
  const int32_t end = begin + 1 + random_below(r, n - begin);
  return (parts){{{begin, end}, {end, end}, {0, n}}, .first = end - begin == n};
}

/* Expects the whole product in those rows of w, up to the last there is. */
static void expect_product(const sample* s, const outputs* out, int32_t begin, int32_t end) {
  copy_columns(&s->product, &out->expected, begin, end < s->w.rows ? end : s->w.rows);
}

static void check_gated(test_case* c, const sample* s, const bn_ternary_vectors* copy, gates kind,
                        rng* r) {
  const int32_t rows = s->w.rows;
  const bn_rows gate = new_rows(s->where, s->count, rows, 16 * random_below(r, 2));
  for (int32_t t = 0; t < s->count; t++) {
    for (int32_t row = 0; row < rows; row++) {
      bn_row(&gate, t)[row] = one_gate(r, kind);
    }
  }
  seal(gate.data);
  const outputs out = new_outputs(s, &sparse);
  const parts ranges = new_parts(r, rows);
  for (int i = ranges.first; i < 3; i++) {
    const int32_t* range = ranges.of[i];
    int64_t bytes = 0;
    for (int32_t row = range[0]; row < range[1]; row++) {
      int needed = 0;
      for (int32_t t = 0; t < s->count; t++) {
        const int computed = bn_row(&gate, t)[row] > 0.0f || !is_bounded(&s->w, &s->a, t);
        bn_row(&out.expected, t)[row] = computed ? bn_row(&s->product, t)[row] : 0.0f;
        needed |= computed;
      }
      bytes += needed ? copy->stride : 0;
    }
    for (int p = 0; p < sparse.count; p++) {
      const int32_t tier = sparse.tiers[p];
      set_tier(c, "gated_product", tier);
      same_int(
          c, "bytes read of rows from", range[0], bytes,
          bn_gated_product(tier, copy, &s->a, &gate, &out.actual[p], s->count, range[0], range[1]));
      same_rows(c, &out.expected, &out.actual[p]);
    }
  }
}

static void check_sparse(test_case* c, const sample* s, const bn_ternary_vectors* copy, rng* r) {
  int64_t used = 0;
  for (int32_t k = 0; k < s->w.columns; k++) {
    int needed = 0;
    for (int32_t t = 0; t < s->count; t++) {
      needed |= s->a.values[t * s->a.stride + k] != 0;
    }
    used += needed;
  }
  const outputs out = new_outputs(s, &sparse);
  const parts ranges = new_parts(r, (s->w.rows + 255) / 256);
  for (int i = ranges.first; i < 3; i++) {
    const int32_t* range = ranges.of[i];
    expect_product(s, &out, 256 * range[0], 256 * range[1]);
    for (int p = 0; p < sparse.count; p++) {
      const int32_t tier = sparse.tiers[p];
      set_tier(c, "sparse_product", tier);
      same_int(c, "bytes read of lines from", range[0],
               used * BN_LINE_BYTES * (range[1] - range[0]),
               bn_sparse_product(tier, copy, &s->a, &out.actual[p], s->count, range[0], range[1]));
      same_rows(c, &out.expected, &out.actual[p]);
    }
  }
}

/* The product of everything, by rows or columns, in the memory of 16 panels. */
static void check_dense(test_case* c, const sample* s, const bn_ternary_vectors* copy, rng* r) {
  const int64_t scratch_bytes = 16 * ((s->w.columns + 15) / 16 * (int64_t)64);
  uint8_t* scratch = guarded(s->where, (size_t)scratch_bytes);
  const outputs out = new_outputs(s, &dense);
  const bn_rows twin = copy_rows(s->where, &out.expected);
  const parts ranges = new_parts(r, (s->w.rows + 15) / 16);
  for (int i = ranges.first; i < 3; i++) {
    const int32_t* range = ranges.of[i];
    expect_product(s, &out, 16 * range[0], 16 * range[1]);
    for (int p = 0; p < dense.count; p++) {
      const int32_t tier = dense.tiers[p];
      set_tier(c, "vectors_product", tier);
      memset(scratch, 0xa5, (size_t)scratch_bytes);
      same_int(c, "status from panel", range[0], BN_OK,
               bn_vectors_product(tier, copy, &s->a, &out.actual[p], s->count, range[0], range[1],
                                  scratch, scratch_bytes));
      same_rows(c, &out.expected, &out.actual[p]);
    }
    /* Few machines have AMX, so its source is run with tiles in plain C too. */
    set_tier(c, "vectors_product with tiles in plain C", BN_TIER_AMX);
    const int fits = copy->order == BN_ROW_MAJOR
                         ? s->w.columns % BN_LINE_DIGITS == 0 && s->w.columns <= 8192
                         : s->w.columns % 64 == 0;
    const int by_tiles = fits && s->count >= 8 && s->count <= 48;
    same_int(c, "status from panel", range[0], by_tiles ? BN_OK : BN_UNSUPPORTED,
             bn_vectors_product_amx_twin(copy, &s->a, &twin, s->count, range[0], range[1]));
    if (by_tiles) {
      same_rows(c, &out.expected, &twin);
    }
  }
}

static void check_count(place where, int32_t rows, int32_t columns, digits weights, values kind,
                        float scale, int32_t count, uint64_t seed) {
  test_case c = {.op = "ternary_product", .tier = BN_TIER_C, .seed = seed};
  rng r = {seed};
  const gates gate = (gates)(seed / 3 % GATES_KINDS);
  describe(&c,
           "%d rows of %d columns, weights %d, values %d, gates %d, scale %g, count %d, place %d",
           rows, columns, weights, kind, gate, (double)scale, count, where);
  sample s = {.where = where, .count = count};
  s.w = new_ternary(&r, where, weights, rows, columns, scale);
  s.a = new_quantized(&r, where, kind, count, columns, 64 * random_below(&r, 2));
  s.product = new_rows(where, count, rows, 0);
  same_int(&c, "status", 0, BN_OK,
           bn_ternary_product(BN_TIER_C, &s.w, &s.a, &s.product, count, 0, (rows + 15) / 16));
  const bn_ternary_vectors by_rows = vectors_of(where, &s.w, BN_ROW_MAJOR);
  const bn_ternary_vectors by_columns = vectors_of(where, &s.w, BN_COLUMN_MAJOR);
  if (count <= BN_MOST_SPARSE_ROWS) {
    check_gated(&c, &s, &by_rows, gate, &r);
    check_sparse(&c, &s, &by_columns, &r);
  }
  check_dense(&c, &s, &by_rows, &r);
  check_dense(&c, &s, &by_columns, &r);
  release_blocks();
}

/* One row of activations every other time, else up to as many as the ABI allows. */
static void check(place where, int32_t rows, int32_t columns, digits weights, values kind,
                  float scale, uint64_t seed) {
  const int32_t count = seed % 2 == 0 ? 1 : 2 + (int32_t)(seed / 2 % (BN_MOST_SPARSE_ROWS - 1));
  check_count(where, rows, columns, weights, kind, scale, count, seed);
}

static void check_sizes(void) {
  uint64_t seed = 1;
  for (int32_t n = 1; n <= 140; n += small_step()) {
    for (values kind = 0; kind < VALUES_KINDS; kind++) {
      check((place)(seed % PLACES), 1 + (int32_t)(seed % 83), n, DIGITS_RANDOM, kind, NAN, seed);
      seed++;
      check((place)(seed % PLACES), n, 1 + (int32_t)(seed % 83), DIGITS_RANDOM, kind, NAN, seed);
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
      check((place)(seed % PLACES), lengths[i], 30 + i, DIGITS_RANDOM, kind, NAN, seed);
      seed++;
      check((place)(seed % PLACES), 30 + i, lengths[i], DIGITS_RANDOM, kind, NAN, seed);
      seed++;
    }
  }
  /* Every number of rows of activations, each with columns of its own. */
  for (int32_t count = 1; count <= BN_MOST_SPARSE_ROWS; count++) {
    check_count((place)(count % PLACES), 640, 1700, DIGITS_RANDOM, VALUES_SPARSE, NAN, count,
                seed++);
  }
  /* Every number that tiles take, by rows of whole lines and by columns. */
  for (int32_t count = 7; count <= BN_MOST_SPARSE_ROWS; count++) {
    for (values kind = 0; kind < VALUES_KINDS; kind++) {
      const digits weights = (digits)(seed % DIGITS_KINDS);
      check_count((place)(count % PLACES), 30 + 17 * count, 256 * (count % 4 + 1), weights, kind,
                  NAN, count, seed++);
      check_count((place)(count % PLACES), 230 + 37 * count, 64 * (count % 7 + 1), weights, kind,
                  NAN, count, seed++);
      /* Several lines of columns, in blocks. */
      check_count((place)(count % PLACES), 230 + 53 * count, 512 + 64 * (count % 11), weights, kind,
                  NAN, count, seed++);
    }
  }
  check_count(FLUSH_END, 40, 8192, DIGITS_PLUS, VALUES_LOW, NAN, 16, seed++);
  /* The longest by columns, with the largest sums. */
  check_count(FLUSH_END, 40, 130944, DIGITS_PLUS, VALUES_LOW, NAN, 8, seed++);
  /* Several tiles, even ones and not, and more than they are used for. */
  static const int32_t tiled[] = {17, 24, 32, 33, 48, 49};
  for (int i = 0; i < 6; i++) {
    check_count((place)(i % PLACES), 700 + 40 * i, 768, DIGITS_RANDOM, VALUES_RANDOM, NAN, tiled[i],
                seed++);
  }
  check_count(FLUSH_END, 40, 8448, DIGITS_PLUS, VALUES_LOW, NAN, 16, seed++);
  static const int32_t counts[] = {1, 2, 9};
  for (int i = 0; i < 3; i++) {
    check_count((place)(i % PLACES), 5000, 600, DIGITS_RANDOM, VALUES_SPARSE, NAN, counts[i],
                seed++);
    /* More columns than are shared at a time. */
    check_count((place)(i % PLACES), 700, 5000, DIGITS_RANDOM, VALUES_SPARSE, NAN, counts[i],
                seed++);
  }
  /* Real lengths with the largest sums, where narrow partial sums would overflow. */
  for (int i = 0; i < large_columns_count; i++) {
    for (digits weights = 0; weights < DIGITS_KINDS; weights++) {
      for (values kind = 0; kind < VALUES_KINDS; kind++) {
        check((place)(seed % PLACES), 3, large_columns[i], weights, kind, NAN, seed);
        seed++;
      }
    }
  }
  /* The longest row that the ABI allows, with the largest sums. */
  for (digits weights = 0; weights < DIGITS_KINDS; weights++) {
    check(FLUSH_END, 4, BN_MAX_COLUMNS, weights, VALUES_HIGH, NAN, seed++);
    check(FLUSH_END, 4, BN_MAX_COLUMNS, weights, VALUES_LOW, NAN, seed++);
  }
  /* Outputs that are rounded among the subnormals, and that are or might be infinite. */
  static const float scales[] = {0x1p-149f,   -0x1p-140f, 0x1.8p-126f, 0x1.fffffep127f,
                                 -0x1.9p127f, 0x1p112f,   0x1p110f,    0.0f};
  for (int i = 0; i < 8; i++) {
    for (int more = 0; more < 6; more++) {
      check(FLUSH_END, 33, 200, DIGITS_RANDOM, VALUES_RANDOM, scales[i], seed++);
      check(FLUSH_END, 33, 200, DIGITS_PLUS, VALUES_HIGH, scales[i], seed++);
    }
  }
}

static bool has_own_sparse(const bn_kernels* tier) {
  return tier->gated_product != NULL || tier->sparse_product != NULL;
}

static bool has_own_dense(const bn_kernels* tier) {
  return tier->pack_panels != NULL || tier->ternary_product != NULL;
}

int main(void) {
  sparse = list_tiers("sparse_products", has_own_sparse);
  dense = list_tiers("vectors_product", has_own_dense);
  check_sizes();
  return 0;
}
