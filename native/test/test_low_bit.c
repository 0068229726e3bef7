#include <string.h>

#include "common/bounds.h"
#include "testing.h"

static int64_t panels_of(int32_t rows) { return (rows + 15) / 16; }
static int64_t coarse_bytes(int32_t rows, int32_t columns) {
  return panels_of(rows) * ((columns + 7) / 8) * 64;
}
static int64_t fine_bytes(int32_t rows, int32_t columns) {
  return (int64_t)rows * ((columns + 255) / 256) * 64;
}

static bn_low_bit new_low_bit(place where, int32_t rows, int32_t columns) {
  bn_low_bit s = {.rows = rows, .columns = columns};
  s.coarse = guarded(where, (size_t)coarse_bytes(rows, columns));
  s.fine = guarded(where, (size_t)fine_bytes(rows, columns));
  s.scales_and_norms = guarded(where, (size_t)panels_of(rows) * 64 * sizeof(float));
  memset(s.coarse, 0, (size_t)coarse_bytes(rows, columns));
  memset(s.fine, 0, (size_t)fine_bytes(rows, columns));
  memset(s.scales_and_norms, 0, (size_t)panels_of(rows) * 64 * sizeof(float));
  return s;
}

static bn_bounds new_bounds(place where, int32_t rows) {
  const size_t panels = (size_t)panels_of(rows);
  bn_bounds b = {.upper = guarded(where, panels * 16 * sizeof(float)),
                 .sums = guarded(where, panels * 32 * sizeof(int32_t)),
                 .panel_value = guarded(where, panels * sizeof(float)),
                 .panel_upper = guarded(where, panels * sizeof(float)),
                 .panel_refined = guarded(where, panels * sizeof(int32_t))};
  memset(b.upper, 1, panels * 16 * sizeof(float));
  memset(b.sums, 1, panels * 32 * sizeof(int32_t));
  memset(b.panel_value, 1, panels * sizeof(float));
  memset(b.panel_upper, 1, panels * sizeof(float));
  memset(b.panel_refined, 1, panels * sizeof(int32_t));
  return b;
}

/* Any bytes, or all the same extreme ones; low ones may be left zero. */
static bn_activation16 new_activation(rng* r, place where, int32_t columns, bool rounded) {
  const size_t padded = (size_t)(columns + 255) / 256 * 256;
  int8_t* high = guarded(where, padded);
  int8_t* low = guarded(where, padded);
  memset(high, 0, padded);
  memset(low, 0, padded);
  fill_bytes(r, high, (size_t)columns);
  fill_bytes(r, low, (size_t)columns);
  if (random_below(r, 4) == 0) {
    const int value = random_below(r, 2) == 0 ? -128 : 127;
    memset(high, value, (size_t)columns);
    memset(low, value, (size_t)columns);
  }
  if (rounded) {
    memset(low, 0, (size_t)columns);
  }
  bn_activation16 x = {
      .high = high, .low = low, .scale = 0.001f + 0.001f * random_unit(r), .low_is_zero = rounded};
  for (int32_t i = 0; i < columns; i++) {
    x.high_sum += high[i];
    x.low_sum += low[i];
  }
  x.error_weight = 3.0f + random_unit(r);
  x.norm_weight = 0.01f + 0.01f * random_unit(r);
  x.slack = 0x1p-100f;
  seal(high);
  seal(low);
  return x;
}

static float largest_norm(const bn_low_bit* s) {
  float largest = 0.0f;
  for (int32_t r = 0; r < s->rows; r++) {
    const float norm = s->scales_and_norms[r / 16 * 64 + 48 + r % 16];
    largest = norm > largest ? norm : largest;
  }
  return largest;
}

static void same_bytes(const test_case* c, const char* what, const void* expected,
                       const void* actual, int64_t n) {
  const bool same = memcmp(expected, actual, (size_t)n) == 0;
  for (int64_t i = 0; !same && i < n; i++) {
    same_int(c, what, i, ((const uint8_t*)expected)[i], ((const uint8_t*)actual)[i]);
  }
}

static void same_bounds(const test_case* c, const bn_bounds* expected, const bn_bounds* actual,
                        int32_t rows) {
  const int64_t panels = panels_of(rows);
  same_bytes(c, "upper", expected->upper, actual->upper, panels * 64);
  same_bytes(c, "sums", expected->sums, actual->sums, panels * 128);
  same_bytes(c, "panel_value", expected->panel_value, actual->panel_value, panels * 4);
  same_bytes(c, "panel_upper", expected->panel_upper, actual->panel_upper, panels * 4);
  same_bytes(c, "panel_refined", expected->panel_refined, actual->panel_refined, panels * 4);
}

/* Of some row by the coarse plane, or the largest of some panel. */
static float some_upper(const bn_low_bit* s, const bn_activation16* x, const bn_bounds* b, rng* r) {
  if (random_below(r, 2) == 0) {
    return bn_coarse_bound(s, x, b, random_below(r, s->rows)).upper;
  }
  return b->panel_upper[random_below(r, (int32_t)panels_of(s->rows))];
}

/* More than a tile holds. */
#define MOST_ROWS 20
#define MANY_ROWS 8

bn_bound_logits_fn bn_bound_logits_amx_twin;
bn_refine_bounds_fn bn_refine_bounds_amx_twin;

/* Which rows of activations have no low bytes. */
typedef enum { ROUNDED_NONE, ROUNDED_ALL, ROUNDED_SOME, ROUNDED_ANY } rounding;

/*
 * Bounds by a finished low-bit copy for some rows of activations (0: any number), in one range and
 * in two, and refined from some row's bound on.
 */
static void check_bounds(test_case* c, int32_t tier, place where, const bn_low_bit* s, int32_t some,
                         rounding which, rng* r) {
  const int32_t panels = (int32_t)panels_of(s->rows);
  const int32_t kind = random_below(r, 6);
  const int32_t most = kind == 0 ? MOST_ROWS : kind < 4 ? MANY_ROWS + 1 : 1;
  const int32_t count = some != 0 ? some : 1 + random_below(r, most);
  which = which == ROUNDED_ANY ? (rounding)random_below(r, 3) : which;
  bn_activation16 x[MOST_ROWS];
  bn_bounds expected[MOST_ROWS];
  bn_bounds actual[MOST_ROWS];
  for (int32_t t = 0; t < count; t++) {
    const bool rounded = which == ROUNDED_ALL || (which == ROUNDED_SOME && random_below(r, 3) > 0);
    x[t] = new_activation(r, where, s->columns, rounded);
    expected[t] = new_bounds(where, s->rows);
    actual[t] = new_bounds(where, s->rows);
  }
  const int32_t cut = random_below(r, panels + 1);
  for (int32_t t = 0; t < count; t++) { /* each row alone */
    same_int(c, "status", 0, BN_OK,
             bn_bound_logits(BN_TIER_C, s, x + t, expected + t, 1, 0, panels));
  }
  same_int(c, "status", 1, BN_OK, bn_bound_logits(tier, s, x, actual, count, cut, panels));
  same_int(c, "status", 2, BN_OK, bn_bound_logits(tier, s, x, actual, count, 0, cut));
  for (int32_t t = 0; t < count; t++) {
    same_bounds(c, expected + t, actual + t, s->rows);
  }
  const bool twins = tier == BN_TIER_C && count >= MANY_ROWS; /* few machines have AMX */
  bn_bounds twin[MOST_ROWS];
  if (twins) {
    c->op = "low_bit with tiles in plain C";
    for (int32_t t = 0; t < count; t++) {
      twin[t] = new_bounds(where, s->rows);
    }
    same_int(c, "status", 1, BN_OK, bn_bound_logits_amx_twin(s, x, twin, count, cut, panels));
    same_int(c, "status", 2, BN_OK, bn_bound_logits_amx_twin(s, x, twin, count, 0, cut));
    for (int32_t t = 0; t < count; t++) {
      same_bounds(c, expected + t, twin + t, s->rows);
    }
    c->op = "low_bit";
  }
  for (int i = 0; i < 4; i++) {
    for (int32_t t = 0; t < count; t++) {
      const float threshold = i % 2 == 0 ? some_upper(s, x + t, expected + t, r)
                              : i == 1   ? -__builtin_inff()
                                         : __builtin_inff();
      expected[t].threshold = actual[t].threshold = twin[t].threshold = threshold;
      same_int(c, "status", 3, BN_OK,
               bn_refine_bounds(BN_TIER_C, s, x + t, expected + t, 1, 0, panels));
    }
    same_int(c, "status", 4, BN_OK, bn_refine_bounds(tier, s, x, actual, count, 0, cut));
    same_int(c, "status", 5, BN_OK, bn_refine_bounds(tier, s, x, actual, count, cut, panels));
    for (int32_t t = 0; t < count; t++) {
      same_bounds(c, expected + t, actual + t, s->rows);
    }
    if (twins) {
      c->op = "low_bit with tiles in plain C";
      same_int(c, "status", 4, BN_OK, bn_refine_bounds_amx_twin(s, x, twin, count, 0, cut));
      same_int(c, "status", 5, BN_OK, bn_refine_bounds_amx_twin(s, x, twin, count, cut, panels));
      for (int32_t t = 0; t < count; t++) {
        same_bounds(c, expected + t, twin + t, s->rows);
      }
      c->op = "low_bit";
    }
    for (int32_t t = 0; t < count; t++) {
      if (i == 1) { /* and from the start again */
        bn_bound_logits(BN_TIER_C, s, x + t, expected + t, 1, 0, panels);
        bn_bound_logits(tier, s, x + t, actual + t, 1, 0, panels);
        if (twins) {
          bn_bound_logits(tier, s, x + t, twin + t, 1, 0, panels);
        }
      }
    }
  }
}

static void check(int32_t tier, place where, int32_t type, int32_t rows, int32_t columns,
                  bool finite, int32_t some, rounding which, uint64_t seed) {
  test_case c = {.op = "low_bit", .tier = tier, .seed = seed};
  describe(&c, "type %d, %d rows, %d columns, finite %d, place %d", type, rows, columns, finite,
           where);
  rng r = {seed};
  const bn_matrix m = new_matrix(&r, where, type, rows, columns, finite);
  const bn_low_bit expected = new_low_bit(where, rows, columns);
  const bn_low_bit actual = new_low_bit(where, rows, columns);
  const int32_t panels = (int32_t)panels_of(rows);
  const int32_t status = bn_pack_low_bit(BN_TIER_C, &m, &expected, 0, panels);
  same_int(&c, "status", 0, status, bn_pack_low_bit(tier, &m, &actual, 0, panels));
  if (status != BN_OK) {
    same_int(&c, "status", 1, BN_NON_FINITE, status);
  } else {
    same_bytes(&c, "coarse", expected.coarse, actual.coarse, coarse_bytes(rows, columns));
    same_bytes(&c, "fine", expected.fine, actual.fine, fine_bytes(rows, columns));
    same_bytes(&c, "scales_and_norms", expected.scales_and_norms, actual.scales_and_norms,
               panels * 256);
    seal(actual.coarse);
    seal(actual.fine);
    seal(actual.scales_and_norms);
    if (largest_norm(&actual) <= 0x1p70f) { /* beyond it bounds may overflow, and mean nothing */
      check_bounds(&c, tier, where, &actual, some, which, &r);
    }
  }
  release_blocks();
}

/* Sums at their largest: every code 63 and every byte at its end, in the longest rows. */
static void holds_the_largest_sums(int32_t tier) {
  enum { rows = 4 * 16 + 1, panels = 5 };
  const int32_t columns = BN_MAX_COLUMNS;
  const size_t padded = (size_t)(columns + 255) / 256 * 256;
  for (int value = -128; value <= 127; value += 255) {
    test_case c = {.op = "low_bit", .tier = tier};
    describe(&c, "largest sums, bytes %d", value);
    const bn_low_bit s = new_low_bit(FLUSH_END, rows, columns);
    memset(s.coarse, 0xff, (size_t)coarse_bytes(rows, columns));
    memset(s.fine, 0xff, (size_t)fine_bytes(rows, columns));
    for (int i = 0; i < 64 * panels; i++) {
      s.scales_and_norms[i] = 1.0f;
    }
    int8_t* bytes = guarded(FLUSH_END, padded);
    memset(bytes, 0, padded);
    memset(bytes, value, (size_t)columns);
    const bn_activation16 x = {.high = bytes,
                               .low = bytes,
                               .high_sum = value * columns,
                               .low_sum = value * columns,
                               .scale = 1.0f,
                               .error_weight = 1.0f};
    bn_bounds b[3];
    bn_activation16 same[3];
    for (int t = 0; t < 3; t++) {
      b[t] = new_bounds(FLUSH_END, rows);
      b[t].threshold = -__builtin_inff();
      same[t] = x;
    }
    same_int(&c, "status", 0, BN_OK, bn_bound_logits(tier, &s, same, b, 3, 0, panels));
    for (int r = 0; r < rows * 3; r++) {
      const int32_t* sums = b[r % 3].sums + r / 3 / 16 * 32 + r / 3 % 16;
      same_int(&c, "sum", r, 15LL * value * columns, sums[0]);
      same_int(&c, "sum", r, 15LL * value * columns, sums[16]);
    }
    same_int(&c, "status", 1, BN_OK, bn_refine_bounds(tier, &s, same, b, 3, 0, panels));
    const float logit = (float)(257.0 * 63 * value * columns) * 0.5f;
    for (int r = 0; r < rows * 3; r++) {
      same_int(&c, "upper", r, (int64_t)(logit + 1.0f), (int64_t)b[r % 3].upper[r / 3]);
    }
    release_blocks();
  }
}

/*
 * Products by the coarse plane that are zeros of both signs, the first of one, the others of the
 * other: every tier takes the positive one as the largest.
 */
static void takes_the_positive_zero(int32_t tier) {
  for (int first = 0; first < 2; first++) {
    test_case c = {.op = "low_bit", .tier = tier};
    describe(&c, "zeros, first %d", first);
    const bn_low_bit s = new_low_bit(FLUSH_END, 16, 8);
    for (int r = 0; r < 16; r++) {
      s.scales_and_norms[r] = 0x1p-120f;
      memset(s.coarse + 4 * r, (r == 0) == (first == 0) ? 0x11 : 0xff, 4);
    }
    int8_t* high = guarded(FLUSH_END, 256);
    int8_t* low = guarded(FLUSH_END, 256);
    memset(high, 0, 256);
    memset(low, 0, 256);
    high[0] = 1;
    const bn_activation16 x = {.high = high, .low = low, .high_sum = 1, .scale = 0x1p-60f};
    const bn_bounds b = new_bounds(FLUSH_END, 16);
    same_int(&c, "status", 0, BN_OK, bn_bound_logits(tier, &s, &x, &b, 1, 0, 1));
    same_int(&c, "sum of row", 0, first == 0 ? -13 : 15, b.sums[0]);
    same_int(&c, "sum of row", 1, first == 0 ? 15 : -13, b.sums[1]);
    int32_t bits;
    memcpy(&bits, b.panel_value, sizeof bits);
    same_int(&c, "panel_value", 0, 0, bits);
    release_blocks();
  }
}

static bool has_own(const bn_kernels* tier) {
  return tier->pack_low_bit != NULL || tier->bound_logits != NULL || tier->refine_bounds != NULL;
}

int main(void) {
  const tier_list all = list_tiers("low_bit", has_own);
  for (int p = 0; p < all.count; p++) {
    const int32_t tier = all.tiers[p];
    holds_the_largest_sums(tier);
    takes_the_positive_zero(tier);
    /* More tokens than are listed at once; many rows take long where each instruction is emulated.
     */
    const bool emulated = small_step() > 1;
    for (int32_t some = 6; some <= (emulated ? 6 : MOST_ROWS); some += 7) {
      for (rounding which = ROUNDED_NONE; which <= ROUNDED_SOME; which++) {
        check(tier, FLUSH_END, BN_TYPE_F16, 1117, 520, true, some, which, 1);
      }
    }
    /* Tier AMX has tiles up to 8192 columns. */
    for (int32_t columns = 8191; columns <= 8193 && !emulated; columns++) {
      check(tier, FLUSH_END, BN_TYPE_F16, 35, columns, true, MANY_ROWS, ROUNDED_SOME, 1);
    }
    uint64_t seed = 1;
    for (int t = 0; t < MATRIX_TYPES; t++) {
      const int32_t type = matrix_types[t];
      const int32_t block = block_columns(type);
      int32_t columns;
      for (int i = 0; (columns = columns_at(i)) != 0; i++) {
        columns = columns > SMALL_COLUMNS ? columns / block * block
                  : block == 1            ? columns
                                          : (columns + 15) / 16 * block;
        if (columns > 0) {
          const int32_t rows = columns > 1000 ? 18 : 1 + (int32_t)(seed % 40);
          check(tier, (place)(seed % PLACES), type, rows, columns, seed % 7 != 0, 0, ROUNDED_ANY,
                seed);
        }
        seed++;
      }
      for (int32_t rows = 1; rows <= SMALL_COLUMNS; rows += small_step(), seed++) {
        check(tier, (place)(seed % PLACES), type, rows, block == 1 ? 263 : 256, true, 0,
              ROUNDED_ANY, seed);
      }
    }
  }
  return 0;
}
