/*
 * Products of two-bit panels by tiles, in tier AMX.
 *
 * A decoded quad, 16 rows by 4 columns, is a row of a tile of digits, so that a tile holds a
 * panel's digits of 64 columns. A tile of activations holds the same columns of up to 16 tokens.
 * Two panels and two tiles of tokens are multiplied in a step of 64 columns: four loads, four
 * products, each of which takes 16 cycles for 16 tokens and leaves its sum after some 50, so that
 * four hide that.
 *
 * Digits are decoded a block of columns at a time, and all tokens of a portion are multiplied with
 * them. While a block's first two tiles of tokens are multiplied, the digits of the steps after are
 * decoded: vector units and stores then work beside the tile unit, and what is stored has reached
 * the cache when a tile is loaded from it, for tile loads are not forwarded from the store buffer.
 * Blocks are long, and their digits come from the L2 cache as the activations do: sums stay in
 * their tiles until one ends and then rest in memory. On an Emerald Rapids, 128 tokens by 2560 x
 * 2560, blocks of 40 steps were 1.2 times as fast as ones of 10, whose digits the L1 cache holds,
 * where its power was limited, and as fast where it was not.
 *
 * The digits for one tile of tokens are used but once. They go through a ring of a few steps that
 * the L1 cache holds, without a pause from one pair of panels to the next: on the same machine 1.2
 * to 1.3 times as fast as blocks of 10 steps, from the L2 cache and from memory.
 *
 * Activations are not copied: in a loop of products alone, rows that followed each other in memory
 * were 3 to 8 % faster there, but each thread would have to copy all tokens. An odd number of lines
 * from row to row, as QuantizedRows has, keeps the 16 lines of a load in 16 sets of the cache.
 */
#ifndef BITNET_TERNARY_PANELS_AMX_H
#define BITNET_TERNARY_PANELS_AMX_H

#include <string.h>

#include "common/kernels.h"
#include "common/ternary_panels.h"
#if defined(__AMX_INT8__)
#include "tiles_amx.h"
#else
#include "tiles_twin.h" /* the tests' */
#endif

/* Fewer tokens are multiplied by vectors: tiles would be mostly empty, and memory limits both. */
#define BN_LEAST_TOKENS_AMX 8
/*
 * The most tokens of a portion, whose activations are in half of an L2 cache of 2 MiB: the more
 * there are, the less of the time goes into decoding. That takes as long as half of the products of
 * two tiles of tokens: an eighth of all with the least portion that is cut off.
 */
#define BN_TOKENS_AMX 256
#define BN_LEAST_PORTION_AMX 128
#define BN_ACTIVATION_BYTES_AMX (1024 * 1024)
#define BN_PANELS_AMX 2
/* Panels that stay in the L2 cache while more tokens than go at once are multiplied with them. */
#define BN_CACHED_BYTES_AMX (256 * 1024)

#define BN_TILE_TOKENS 16
#define BN_TILES_AMX (BN_TOKENS_AMX / BN_TILE_TOKENS)
#define BN_TILE_BYTES 1024
/* Of a step. */
#define BN_STEP_COLUMNS 64
#define BN_STEP_BLOCKS (BN_STEP_COLUMNS / BN_BLOCK_COLUMNS)
/* The most steps of a block: 108 KiB of digits of two panels. And the steps of a ring. */
#define BN_STEPS_AMX 54
#define BN_RING_AMX 8
/*
 * How many steps before their use digits are decoded: then what is stored and what is loaded are in
 * different halves of 4096 bytes, for a load waits for a store before it whose address has the same
 * lower 12 bits.
 */
#define BN_AHEAD_AMX 4
/* How far ahead of the digits in use the next ones of each panel are asked for. */
#define BN_PREFETCH_AMX 2048

/* How tokens are shared out among tiles: evenly, so that one configuration fits all. */
typedef struct bn_tokens {
  int32_t first;
  int32_t count;
  int32_t tiles; /* 1, or an even number */
  int32_t rows;  /* of each tile */
} bn_tokens;

static inline bn_tokens bn_tokens_of(int32_t first, int32_t count) {
  const int32_t pair = 2 * BN_TILE_TOKENS;
  const int32_t tiles = count <= BN_TILE_TOKENS ? 1 : (count + pair - 1) / pair * 2;
  return (bn_tokens){first, count, tiles, (count + tiles - 1) / tiles};
}

/* The first token of a tile; the last tiles share tokens with those before if there are too few. */
static inline int32_t bn_tile_token(const bn_tokens* tokens, int32_t tile) {
  const int32_t token = tile * tokens->rows;
  const int32_t last = tokens->count - tokens->rows;
  return tokens->first + (token < last ? token : last);
}

/* P panels, that many bytes apart, that are multiplied together. */
typedef struct bn_digits {
  const uint8_t* start;
  int64_t apart;
  int64_t blocks; /* of a panel */
} bn_digits;

static inline bn_digits bn_digits_of(const bn_ternary* w, bn_panels panels) {
  const int64_t blocks = bn_padded_columns(w) / BN_BLOCK_COLUMNS;
  return (bn_digits){.start = w->panels + BN_BLOCK_BYTES_2BIT * blocks * panels.first,
                     .apart = BN_BLOCK_BYTES_2BIT * blocks * panels.step,
                     .blocks = blocks};
}

static inline int64_t bn_steps_of(int64_t blocks) {
  return (blocks + BN_STEP_BLOCKS - 1) / BN_STEP_BLOCKS;
}

/* Decoded digits of a step: a tile for each panel. */
typedef uint8_t bn_decoded[BN_PANELS_AMX][BN_TILE_BYTES];

/*
 * Decodes the digits of a step of P panels. Where the panels end within it, digits are zero; the
 * activations there are zero too.
 */
BN_INLINE void bn_decode_step(const bn_digits* digits, int64_t step,
                              uint8_t (*tiles)[BN_TILE_BYTES], const int P) {
  const int64_t left = digits->blocks - BN_STEP_BLOCKS * step;
  BN_UNROLL for (int p = 0; p < P; p++) {
    const uint8_t* block =
        digits->start + p * digits->apart + BN_BLOCK_BYTES_2BIT * BN_STEP_BLOCKS * step;
    BN_UNROLL for (int b = 0; b < BN_STEP_BLOCKS; b++, block += BN_BLOCK_BYTES_2BIT) {
      uint8_t* quads = tiles[p] + BN_TILE_BYTES / BN_STEP_BLOCKS * b;
      if (b < left) {
        __builtin_prefetch(block + BN_PREFETCH_AMX);
        bn_decode_block_amx(quads, block);
      } else {
        memset(quads, 0, BN_TILE_BYTES / BN_STEP_BLOCKS);
      }
    }
  }
}

/* Two tiles of activations: of two tiles of tokens, or of one. */
typedef struct bn_values {
  const int8_t* start[2]; /* the first token's activations of the first step */
  int64_t stride;
} bn_values;

static inline bn_values bn_values_of(const bn_quantized* a, const bn_tokens* tokens, int32_t tile,
                                     int64_t step, const int N) {
  bn_values values = {.stride = a->stride};
  for (int n = 0; n < N; n++) {
    values.start[n] =
        a->values + bn_tile_token(tokens, tile + n) * a->stride + BN_STEP_COLUMNS * step;
  }
  return values;
}

/* Tiles 0..3 hold sums: of tile n of tokens and panel p, tile 2 * n + p. */
BN_INLINE void bn_zero_sums(const int P, const int N) {
  bn_tile_zero(0);
  if (P > 1) {
    bn_tile_zero(1);
  }
  if (N > 1) {
    bn_tile_zero(2);
  }
  if (P > 1 && N > 1) {
    bn_tile_zero(3);
  }
}

/* Sums in memory: by tiles of tokens, panels, tokens and rows. */
typedef int32_t bn_tile_sums[BN_PANELS_AMX][BN_TILE_TOKENS][BN_PANEL_ROWS];

BN_INLINE void bn_load_sums(bn_tile_sums* sums, const int P, const int N) {
  bn_tile_load(0, sums[0][0], 64);
  if (P > 1) {
    bn_tile_load(1, sums[0][1], 64);
  }
  if (N > 1) {
    bn_tile_load(2, sums[1][0], 64);
  }
  if (P > 1 && N > 1) {
    bn_tile_load(3, sums[1][1], 64);
  }
}

BN_INLINE void bn_store_sums(bn_tile_sums* sums, const int P, const int N) {
  bn_tile_store(0, sums[0][0], 64);
  if (P > 1) {
    bn_tile_store(1, sums[0][1], 64);
  }
  if (N > 1) {
    bn_tile_store(2, sums[1][0], 64);
  }
  if (P > 1 && N > 1) {
    bn_tile_store(3, sums[1][1], 64);
  }
}

/* Loads the tiles of a step, of P panels and N tiles of values. */
BN_INLINE void bn_load_step(uint8_t (*digits)[BN_TILE_BYTES], const int8_t* q0, const int8_t* q1,
                            int64_t stride, const int P, const int N) {
  bn_tile_load(4, q0, stride);
  bn_tile_load(6, digits[0], 64);
  if (P > 1) {
    bn_tile_load(7, digits[1], 64);
  }
  if (N > 1) {
    bn_tile_load(5, q1, stride);
  }
}

/* Multiplies the tiles that are loaded, and loads each for the next step right after its last use.
 */
BN_INLINE void bn_multiply_step(uint8_t (*next)[BN_TILE_BYTES], const int8_t* q0, const int8_t* q1,
                                int64_t stride, const int last, const int P, const int N) {
  bn_tile_dot(0, 4, 6);
  if (P > 1) {
    bn_tile_dot(1, 4, 7);
  }
  if (!last) {
    bn_tile_load(4, q0, stride);
  }
  if (N > 1) {
    bn_tile_dot(2, 5, 6);
  }
  if (!last) {
    bn_tile_load(6, next[0], 64);
  }
  if (P > 1 && N > 1) {
    bn_tile_dot(3, 5, 7);
  }
  if (!last) {
    if (P > 1) {
      bn_tile_load(7, next[1], 64);
    }
    if (N > 1) {
      bn_tile_load(5, q1, stride);
    }
  }
}

/*
 * Adds the products of steps [begin, end) of a block of `steps` that starts at step `first` of the
 * panels. If it decodes, those before begin + BN_AHEAD_AMX are decoded already, and all before end
 * + BN_AHEAD_AMX are when it returns.
 */
BN_INLINE void bn_add_steps(const bn_digits* digits, bn_decoded* decoded, const bn_values* values,
                            int64_t first, int64_t begin, int64_t end, int64_t steps,
                            const int decodes, const int P, const int N) {
  const int8_t* q0 = values->start[0] + BN_STEP_COLUMNS * begin;
  const int8_t* q1 = N > 1 ? values->start[1] + BN_STEP_COLUMNS * begin : NULL;
  bn_load_step(decoded[begin], q0, q1, values->stride, P, N);
  for (int64_t s = begin;; s++) {
    if (decodes && s + BN_AHEAD_AMX < steps) {
      bn_decode_step(digits, first + s + BN_AHEAD_AMX, decoded[s + BN_AHEAD_AMX], P);
    }
    if (s + 1 == end) {
      bn_multiply_step(NULL, NULL, NULL, 0, 1, P, N);
      return;
    }
    q0 += BN_STEP_COLUMNS;
    if (N > 1) {
      q1 += BN_STEP_COLUMNS;
    }
    bn_multiply_step(decoded[s + 1], q0, q1, values->stride, 0, P, N);
  }
}

/* Decodes what bn_add_steps finds decoded when it begins with a block. */
BN_INLINE void bn_decode_ahead(const bn_digits* digits, bn_decoded* decoded, int64_t first,
                               int64_t steps, const int P) {
  for (int64_t s = 0; s < BN_AHEAD_AMX && s < steps; s++) {
    bn_decode_step(digits, first + s, decoded[s], P);
  }
}

/* Decodes a step of P panels, of which `panels` says where they are. */
typedef void bn_decode_amx(const void* panels, int64_t step, uint8_t (*tiles)[BN_TILE_BYTES],
                           const int P);

/* Digits that are used once: step `at`, counted on from panels to panels, is at at % BN_RING_AMX.
 */
typedef struct bn_ring {
  _Alignas(64) bn_decoded steps[BN_RING_AMX];
  int64_t at; /* the next step in use */
} bn_ring;

/* How many steps are decoded ahead of the one in use, where panels have that many. */
BN_INLINE int64_t bn_ring_ahead(int64_t steps) {
  return steps < BN_AHEAD_AMX ? steps : BN_AHEAD_AMX;
}

/* Begins with panels of that many steps. */
BN_INLINE void bn_start_ring(bn_ring* ring, bn_decode_amx* decode, const void* panels,
                             int64_t steps, const int P) {
  ring->at = 0;
  for (int64_t s = 0; s < bn_ring_ahead(steps); s++) {
    decode(panels, s, ring->steps[s], P);
  }
}

/*
 * Adds the products of steps [begin, end), of the panels' `steps`, after those before begin; at the
 * last ones the first steps of the next panels, if any, are decoded.
 */
BN_INLINE void bn_add_through_ring(bn_ring* ring, bn_decode_amx* decode, const void* panels,
                                   const void* next, const bn_values* values, int64_t begin,
                                   int64_t end, int64_t steps, const int P, const int N) {
  const int64_t distance = bn_ring_ahead(steps);
  int64_t at = ring->at;
  const int8_t* q0 = values->start[0] + BN_STEP_COLUMNS * begin;
  const int8_t* q1 = N > 1 ? values->start[1] + BN_STEP_COLUMNS * begin : NULL;
  bn_load_step(ring->steps[at % BN_RING_AMX], q0, q1, values->stride, P, N);
  for (int64_t s = begin;; s++, at++) {
    uint8_t(*later)[BN_TILE_BYTES] = ring->steps[(at + distance) % BN_RING_AMX];
    if (s + distance < steps) {
      decode(panels, s + distance, later, P);
    } else if (next != NULL) {
      decode(next, s + distance - steps, later, P);
    }
    if (s + 1 == end) {
      bn_multiply_step(NULL, NULL, NULL, 0, 1, P, N);
      ring->at = at + 1;
      return;
    }
    q0 += BN_STEP_COLUMNS;
    if (N > 1) {
      q1 += BN_STEP_COLUMNS;
    }
    bn_multiply_step(ring->steps[(at + 1) % BN_RING_AMX], q0, q1, values->stride, 0, P, N);
  }
}

/* Decodes the digits of a step of P panels, which are bn_digits. */
BN_INLINE void bn_decode_digits(const void* digits, int64_t step, uint8_t (*tiles)[BN_TILE_BYTES],
                                const int P) {
  bn_decode_step(digits, step, tiles, P);
}

/* How P panels are multiplied with pairs of tiles of tokens, in memory for what is between. */
typedef void bn_multiply_pairs(void* memory, const bn_ternary* w, const bn_quantized* a,
                               const bn_rows* y, const bn_tokens* tokens, bn_panels panels,
                               const int P);

/* How P panels, and those that follow each of them, `times` in all, are with one tile of tokens. */
typedef void bn_multiply_once(void* memory, const bn_ternary* w, const bn_quantized* a,
                              const bn_rows* y, const bn_tokens* tokens, bn_panels panels,
                              int32_t times, const int P);

/*
 * Tokens [token, token + count), and panels [begin, end): two neighbours at a time, or two streams
 * of them for one tile of tokens, which memory limits.
 */
BN_INLINE void bn_multiply_panels_amx(bn_multiply_pairs* by_pairs, bn_multiply_once* once,
                                      void* memory, const bn_ternary* w, const bn_quantized* a,
                                      const bn_rows* y, int32_t token, int32_t count, int32_t begin,
                                      int32_t end) {
  const bn_tokens tokens = bn_tokens_of(token, count);
  bn_tiles_configure(tokens.rows);
  const int32_t pairs = (end - begin) / BN_PANELS_AMX;
  const int32_t rest = begin + pairs * BN_PANELS_AMX;
  if (tokens.tiles > 1) {
    for (int32_t p = begin; p < rest; p += BN_PANELS_AMX) {
      by_pairs(memory, w, a, y, &tokens, (bn_panels){p, 1}, BN_PANELS_AMX);
    }
    if (rest < end) {
      by_pairs(memory, w, a, y, &tokens, (bn_panels){rest, 1}, 1);
    }
    return;
  }
  if (pairs > 0) {
    once(memory, w, a, y, &tokens, (bn_panels){begin, pairs}, pairs, BN_PANELS_AMX);
  }
  if (rest < end) {
    once(memory, w, a, y, &tokens, (bn_panels){rest, 1}, 1, 1);
  }
}

/* Any number of tokens but few; leaves no tile configured. */
BN_INLINE void bn_product_amx(bn_multiply_panels* multiply, const bn_ternary* w,
                              const bn_quantized* a, const bn_rows* y, int32_t count, int32_t begin,
                              int32_t end) {
  const int64_t fit = BN_ACTIVATION_BYTES_AMX / a->stride;
  const int32_t tokens = fit > BN_TOKENS_AMX          ? BN_TOKENS_AMX
                         : fit < BN_LEAST_PORTION_AMX ? BN_LEAST_PORTION_AMX
                                                      : (int32_t)fit / 32 * 32;
  const bn_portion once = {tokens, BN_PANELS_AMX, BN_CACHED_BYTES_AMX, BN_QUADS_2BIT};
  bn_ternary_product_by(multiply, once, w, a, y, count, begin, end);
  bn_tiles_release();
}

#endif
