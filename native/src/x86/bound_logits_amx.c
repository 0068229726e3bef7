/*
 * Bounds by tiles: the upper and the lower bytes of up to 16 rows of activations are two tiles, and
 * a panel's codes of 64 columns one. They are multiplied as two tiles of tokens and two panels are;
 * a code is used by no more rows than these, so few decoded ones are kept, in the L1 cache.
 */
#include "common/low_bit.h"
#include "ternary_panels_amx.h"

/* Rows of activations are copied, for theirs may lie anywhere; longer ones go another way. */
#define MOST_COLUMNS 8192
/* Apart by an odd number of lines, so that the 16 lines of a load are in 16 sets of the cache. */
#define STRIDE (MOST_COLUMNS + 64)
/* Blocks of codes in a step of columns. */
#define STEP_BLOCKS (BN_STEP_COLUMNS / BN_COARSE_COLUMNS)

/* Each thread's. */
static _Thread_local struct {
  _Alignas(64) int8_t bytes[2][BN_TILE_TOKENS][STRIDE];
  bn_decoded decoded[BN_STEPS_ONCE_AMX];
  bn_tile_sums sums[2]; /* of upper bytes and of lower ones */
} memory;

/* Copies both bytes of rows of activations, to a multiple of a step's columns. */
static void copy_bytes(const bn_activation16* x, int32_t rows, int64_t columns) {
  for (int32_t t = 0; t < rows; t++) {
    memcpy(memory.bytes[0][t], x[t].high, (size_t)columns);
    memcpy(memory.bytes[1][t], x[t].low, (size_t)columns);
  }
}

/* Decodes the codes of steps [first, first + steps) of P panels from `panel` on. */
BN_INLINE void decode(const bn_low_bit* s, int32_t panel, int64_t first, int64_t steps,
                      const int P) {
  const int64_t bytes = bn_coarse_panel_bytes(s);
  for (int64_t i = 0; i < steps; i++) {
    const int64_t left = bytes / 64 - STEP_BLOCKS * (first + i);
    for (int p = 0; p < P; p++) {
      const uint8_t* block = s->coarse + bytes * (panel + p) + 64 * STEP_BLOCKS * (first + i);
      uint8_t* quads = memory.decoded[i][p];
      for (int b = 0; b < STEP_BLOCKS; b++, block += 64, quads += 128) {
        if (b < left) {
          __builtin_prefetch(block + BN_PREFETCH_AMX);
          bn_decode_nibbles_amx(quads, block);
        } else {
          memset(quads, 0, 128);
        }
      }
    }
  }
}

/* Bounds of P panels from `panel` on, for the rows of activations that are copied. */
BN_INLINE void bound_panels(const bn_low_bit* s, const bn_activation16* x, const bn_bounds* bounds,
                            int32_t rows, int64_t all, int32_t panel, const int P) {
  bn_zero_sums(P, 2);
  for (int64_t first = 0; first < all; first += BN_STEPS_ONCE_AMX) {
    const int64_t steps = all - first < BN_STEPS_ONCE_AMX ? all - first : BN_STEPS_ONCE_AMX;
    decode(s, panel, first, steps, P);
    const bn_values values = {.start = {memory.bytes[0][0] + BN_STEP_COLUMNS * first,
                                        memory.bytes[1][0] + BN_STEP_COLUMNS * first},
                              .stride = STRIDE};
    bn_add_steps(NULL, memory.decoded, &values, first, 0, steps, steps, 0, P, 2);
  }
  bn_store_sums(memory.sums, P, 2);
  for (int32_t t = 0; t < rows; t++) {
    for (int p = 0; p < P; p++) {
      bn_bound_panel_amx(s, x + t, bounds + t, panel + p, memory.sums[0][p][t],
                         memory.sums[1][p][t]);
    }
  }
}

int32_t bn_bound_logits_amx(const bn_low_bit* s, const bn_activation16* x, const bn_bounds* bounds,
                            int32_t count, int32_t begin, int32_t end) {
  if (count < BN_LEAST_TOKENS_AMX || s->columns > MOST_COLUMNS) {
    return bn_bound_logits_of_few(s, x, bounds, count, begin, end);
  }
  const int64_t all = ((int64_t)s->columns + BN_STEP_COLUMNS - 1) / BN_STEP_COLUMNS;
  const int32_t groups = (count + BN_TILE_TOKENS - 1) / BN_TILE_TOKENS;
  for (int32_t g = 0; g < groups; g++) {
    const int32_t first = count * g / groups;
    const int32_t rows = count * (g + 1) / groups - first;
    copy_bytes(x + first, rows, all * BN_STEP_COLUMNS);
    bn_tiles_configure(rows);
    int32_t panel = begin;
    for (; panel + BN_PANELS_AMX <= end; panel += BN_PANELS_AMX) {
      bound_panels(s, x + first, bounds + first, rows, all, panel, BN_PANELS_AMX);
    }
    for (; panel < end; panel++) {
      bound_panels(s, x + first, bounds + first, rows, all, panel, 1);
    }
    bn_tiles_release();
  }
  return BN_OK;
}
