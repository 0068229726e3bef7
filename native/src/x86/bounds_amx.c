/*
 * Bounds by tiles: the upper and the lower bytes of up to 16 rows of activations are two tiles, or
 * the upper ones alone are one if all lower ones are zero, and the codes of 16 tokens and 64
 * columns one: of a panel in the coarse plane, of any 16 tokens in the fine one. They are
 * multiplied as two tiles of tokens, or one, and two panels are; a code is used by no more rows
 * than these, so few decoded ones are kept, in the L1 cache.
 */
#include "common/low_bit.h"
#include "common/unroll.h"
#include "ternary_panels_amx.h"

/* Rows of activations are copied, for theirs may lie anywhere; longer ones go another way. */
#define MOST_COLUMNS 8192
/* Apart by an odd number of lines, so that the 16 lines of a load are in 16 sets of the cache. */
#define STRIDE (MOST_COLUMNS + 64)
/* Blocks of coarse codes in a step of columns, and steps in a line of fine ones. */
#define STEP_BLOCKS (BN_STEP_COLUMNS / BN_COARSE_COLUMNS)
#define LINE_STEPS (BN_FINE_COLUMNS / BN_STEP_COLUMNS)
/* Panels whose tokens are listed before any is added up, and the most tokens of such a list. */
#define LIST_PANELS 32
#define LIST_TOKENS (LIST_PANELS * BN_LOW_BIT_ROWS)

/*
 * Where fewer panels reach a threshold, counted for each row of activations, copying these takes
 * longer than multiplying without tiles.
 */
#ifndef FEW_REACHED
#define FEW_REACHED 64
#endif

/* Each thread's, 345 KiB. */
static _Thread_local struct {
  _Alignas(64) int8_t bytes[2][BN_TILE_TOKENS][STRIDE];
  union {
    bn_ring ring;                    /* of coarse codes */
    bn_decoded decoded[BN_RING_AMX]; /* fine ones */
  };
  bn_tile_sums sums[2]; /* of upper bytes and of lower ones */
  int32_t list[LIST_TOKENS];
  int32_t fine[BN_TILE_TOKENS][2][LIST_TOKENS]; /* sums by row of activations, byte and list */
} memory;

/*
 * Copies the bytes of rows of activations, to a multiple of a step's columns. Returns how many
 * tiles they are: one if all low bytes are zero, else two.
 */
static int copy_bytes(const bn_activation16* x, int32_t rows, int64_t columns) {
  int tiles = 1;
  for (int32_t t = 0; t < rows; t++) {
    tiles = x[t].low_is_zero ? tiles : 2;
  }
  for (int32_t t = 0; t < rows; t++) {
    memcpy(memory.bytes[0][t], x[t].high, (size_t)columns);
    if (tiles == 2) {
      memcpy(memory.bytes[1][t], x[t].low, (size_t)columns);
    }
  }
  if (tiles == 1) {
    memset(memory.sums[1], 0, sizeof memory.sums[1]); /* nobody adds to these */
  }
  return tiles;
}

/* Neighbouring panels of the coarse plane. */
typedef struct coarse_panels {
  const uint8_t* start;
  int64_t bytes; /* of each */
} coarse_panels;

static inline coarse_panels coarse_panels_of(const bn_low_bit* s, int64_t panel) {
  const int64_t bytes = bn_coarse_panel_bytes(s);
  return (coarse_panels){.start = s->coarse + bytes * panel, .bytes = bytes};
}

/* Decodes a step of P coarse_panels. */
BN_INLINE void decode_coarse(const void* panels, int64_t step, uint8_t (*tiles)[BN_TILE_BYTES],
                             const int P) {
  const coarse_panels* from = panels;
  const int64_t left = from->bytes / 64 - STEP_BLOCKS * step;
  BN_UNROLL for (int p = 0; p < P; p++) {
    const uint8_t* block = from->start + p * from->bytes + 64 * STEP_BLOCKS * step;
    uint8_t* quads = tiles[p];
    BN_UNROLL for (int b = 0; b < STEP_BLOCKS; b++, block += 64, quads += 128) {
      if (b < left) {
        __builtin_prefetch(block + BN_PREFETCH_AMX);
        bn_decode_nibbles_amx(quads, block);
      } else {
        memset(quads, 0, 128);
      }
    }
  }
}

/* Bounds of panels [begin, end) by P, for the rows of activations that are N tiles. */
BN_INLINE void bound_panels(const bn_low_bit* s, const bn_activation16* x, const bn_bounds* bounds,
                            int32_t rows, int64_t steps, int32_t begin, int32_t end, const int P,
                            const int N) {
  const bn_values values = {.start = {memory.bytes[0][0], memory.bytes[1][0]}, .stride = STRIDE};
  coarse_panels panels = coarse_panels_of(s, begin);
  bn_start_ring(&memory.ring, decode_coarse, &panels, steps, P);
  for (int32_t panel = begin; panel < end; panel += P) {
    const coarse_panels next = coarse_panels_of(s, panel + P);
    bn_zero_sums(P, N);
    bn_add_through_ring(&memory.ring, decode_coarse, &panels, panel + P < end ? &next : NULL,
                        &values, 0, steps, steps, P, N);
    bn_store_sums(memory.sums, P, N);
    for (int32_t t = 0; t < rows; t++) {
      for (int p = 0; p < P; p++) {
        bn_bound_panel_amx(s, x + t, bounds + t, panel + p, memory.sums[0][p][t],
                           memory.sums[1][p][t]);
      }
    }
    panels = next;
  }
}

/*
 * Lists the tokens of panels [begin, end) that reach the threshold of a row of activations, and
 * says which as bit masks. Returns how many they are.
 */
static int32_t list_tokens(const bn_low_bit* s, const bn_activation16* x, const bn_bounds* bounds,
                           int32_t rows, int32_t begin, int32_t end, uint32_t* masks) {
  int32_t count = 0;
  for (int32_t panel = begin; panel < end; panel++) {
    uint32_t mask = 0;
    for (int32_t t = 0; t < rows; t++) {
      mask |= bn_rows_to_refine_amx(s, x + t, bounds + t, panel);
    }
    for (uint32_t left = mask; left != 0; left &= left - 1) {
      memory.list[count++] = BN_LOW_BIT_ROWS * panel + __builtin_ctz(left);
    }
    masks[panel - begin] = mask;
  }
  return count;
}

/*
 * Adds up the fine codes of P times 16 tokens of the list of `count`, from `first` on, for rows of
 * activations that are N tiles.
 */
BN_INLINE void add_tokens(const bn_low_bit* s, int32_t rows, int32_t first, int32_t count,
                          const int P, const int N) {
  const int64_t row_bytes = bn_fine_row_bytes(s);
  const uint8_t* codes[BN_PANELS_AMX][BN_LOW_BIT_ROWS];
  const uint8_t* next[BN_PANELS_AMX][BN_LOW_BIT_ROWS];
  for (int p = 0; p < P; p++) {
    for (int r = 0; r < BN_LOW_BIT_ROWS; r++) { /* the last token replaces missing ones */
      const int32_t at = first + BN_LOW_BIT_ROWS * p + r;
      const int32_t later = at + BN_LOW_BIT_ROWS * P;
      codes[p][r] = s->fine + row_bytes * memory.list[at < count ? at : count - 1];
      next[p][r] = s->fine + row_bytes * memory.list[later < count ? later : count - 1];
    }
  }
  bn_zero_sums(P, N);
  const int64_t lines = row_bytes / 64;
  for (int64_t line = 0; line < lines; line += BN_RING_AMX / LINE_STEPS) {
    int64_t steps = 0;
    do {
      for (int p = 0; p < P; p++) {
        bn_decode_fine_amx(memory.decoded[steps][p], sizeof memory.decoded[0], codes[p], next[p],
                           64 * line + 64 / LINE_STEPS * steps);
      }
      steps += LINE_STEPS;
    } while (steps < BN_RING_AMX && line + steps / LINE_STEPS < lines);
    const bn_values values = {.start = {memory.bytes[0][0] + BN_FINE_COLUMNS * line,
                                        memory.bytes[1][0] + BN_FINE_COLUMNS * line},
                              .stride = STRIDE};
    bn_add_steps(NULL, memory.decoded, &values, 0, 0, steps, steps, 0, P, N);
  }
  bn_store_sums(memory.sums, P, N);
  for (int32_t t = 0; t < rows; t++) {
    for (int d = 0; d < 2; d++) {
      for (int p = 0; p < P; p++) {
        memcpy(memory.fine[t][d] + first + BN_LOW_BIT_ROWS * p, memory.sums[d][p][t], 64);
      }
    }
  }
}

/* Adds up the fine codes of the tokens of a list, for rows of activations that are N tiles. */
BN_INLINE void add_list(const bn_low_bit* s, int32_t rows, int32_t count, const int N) {
  int32_t first = 0;
  for (; first + BN_LOW_BIT_ROWS < count; first += BN_PANELS_AMX * BN_LOW_BIT_ROWS) {
    add_tokens(s, rows, first, count, BN_PANELS_AMX, N);
  }
  if (first < count) {
    add_tokens(s, rows, first, count, 1, N);
  }
}

/* Refines panels [begin, end), at most LIST_PANELS, for rows of activations in so many tiles. */
static void refine_panels(const bn_low_bit* s, const bn_activation16* x, const bn_bounds* bounds,
                          int32_t rows, int tiles, int32_t begin, int32_t end) {
  uint32_t masks[LIST_PANELS];
  const int32_t count = list_tokens(s, x, bounds, rows, begin, end, masks);
  if (tiles == 1) {
    add_list(s, rows, count, 1);
  } else {
    add_list(s, rows, count, 2);
  }
  int32_t at = 0;
  for (int32_t panel = begin; panel < end; panel++) {
    const uint32_t listed = masks[panel - begin];
    for (int32_t t = 0; t < rows; t++) {
      bn_refine_panel_amx(s, x + t, bounds + t, panel, listed, memory.fine[t][0] + at,
                          memory.fine[t][1] + at);
    }
    at += __builtin_popcount(listed);
  }
}

/* Bounds of panels [begin, end), two at a time and a last one, for rows that are N tiles. */
BN_INLINE void bound_all(const bn_low_bit* s, const bn_activation16* x, const bn_bounds* bounds,
                         int32_t rows, int64_t steps, int32_t begin, int32_t end, const int N) {
  const int32_t rest = end - (end - begin) % BN_PANELS_AMX;
  if (begin < rest) {
    bound_panels(s, x, bounds, rows, steps, begin, rest, BN_PANELS_AMX, N);
  }
  if (rest < end) {
    bound_panels(s, x, bounds, rows, steps, rest, end, 1, N);
  }
}

/* How many of `count` rows of activations go together, shared out evenly. */
static int32_t rows_together(int32_t count) {
  const int32_t groups = (count + BN_TILE_TOKENS - 1) / BN_TILE_TOKENS;
  return (count + groups - 1) / groups;
}

int32_t bn_bound_logits_amx(const bn_low_bit* s, const bn_activation16* x, const bn_bounds* bounds,
                            int32_t count, int32_t begin, int32_t end) {
  if (count < BN_LEAST_TOKENS_AMX || s->columns > MOST_COLUMNS) {
    return bn_bound_logits_of_few(s, x, bounds, count, begin, end);
  }
  const int64_t all = ((int64_t)s->columns + BN_STEP_COLUMNS - 1) / BN_STEP_COLUMNS;
  const int32_t together = rows_together(count);
  for (int32_t first = 0; first < count; first += together) {
    const int32_t rows = count - first < together ? count - first : together;
    const int tiles = copy_bytes(x + first, rows, all * BN_STEP_COLUMNS);
    bn_tiles_configure(rows);
    if (tiles == 1) {
      bound_all(s, x + first, bounds + first, rows, all, begin, end, 1);
    } else {
      bound_all(s, x + first, bounds + first, rows, all, begin, end, 2);
    }
    bn_tiles_release();
  }
  return BN_OK;
}

/* Panels that reach a threshold, counted for each row of activations. */
static int32_t count_reached(const bn_bounds* bounds, int32_t count, int32_t begin, int32_t end) {
  int32_t reached = 0;
  for (int32_t t = 0; t < count; t++) {
    reached += bn_panels_reached(bounds + t, begin, end);
  }
  return reached;
}

int32_t bn_refine_bounds_amx(const bn_low_bit* s, const bn_activation16* x, const bn_bounds* bounds,
                             int32_t count, int32_t begin, int32_t end) {
  if (count < BN_LEAST_TOKENS_AMX || s->columns > MOST_COLUMNS ||
      count_reached(bounds, count, begin, end) < FEW_REACHED) {
    return bn_refine_bounds_of_few(s, x, bounds, count, begin, end);
  }
  const int32_t together = rows_together(count);
  for (int32_t first = 0; first < count; first += together) {
    const int32_t rows = count - first < together ? count - first : together;
    const int tiles = copy_bytes(x + first, rows, BN_FINE_COLUMNS / 64 * bn_fine_row_bytes(s));
    bn_tiles_configure(rows);
    for (int32_t panel = begin; panel < end; panel += LIST_PANELS) {
      const int32_t last = end - panel < LIST_PANELS ? end : panel + LIST_PANELS;
      refine_panels(s, x + first, bounds + first, rows, tiles, panel, last);
    }
    bn_tiles_release();
  }
  return BN_OK;
}
