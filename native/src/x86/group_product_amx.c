/* Matrices with scales by groups: the sums of a group become floats before the next begins. */
#include "ternary_panels_amx.h"

/* Sums of outputs: by tiles of tokens, panels, tokens and rows, as bn_tile_sums. */
typedef float tile_outputs[BN_PANELS_AMX][BN_TILE_TOKENS][BN_PANEL_ROWS];

/* A group of columns, and the scales of P panels there. */
typedef struct group {
  int64_t index;
  const float* factors; /* what they are multiplied by: the first token's; null: 1 */
  _Alignas(64) float weights[BN_PANELS_AMX][BN_PANEL_ROWS];
} group;

BN_INLINE void weigh(group* g, const bn_ternary* w, const bn_quantized* a, const bn_groups* groups,
                     bn_panels panels, int64_t index, const int P) {
  g->index = index;
  g->factors = groups->sharing == 0 ? NULL : a->scales + index / groups->sharing;
  BN_UNROLL for (int p = 0; p < P; p++) {
    const int64_t panel = panels.first + (int64_t)p * panels.step;
    bn_weights_amx(g->weights[p],
                   w->group_scales + BN_PANEL_ROWS * (groups->count * panel + index));
  }
}

/* Adds the sums of a group, of N tiles of tokens and P panels, to their outputs. */
BN_INLINE void add_group(const bn_quantized* a, const bn_groups* groups, const group* g,
                         const bn_tokens* tokens, int32_t tile, tile_outputs* out,
                         bn_tile_sums* sums, const int P, const int N) {
  for (int n = 0; n < N; n++) {
    const int32_t token = bn_tile_token(tokens, tile + n);
    for (int32_t t = 0; t < tokens->rows; t++) {
      /* Sums of q * u less the sum of q are those of q * (u - 1). */
      const int32_t less = bn_group_sum(a, groups, token + t, g->index);
      const float factor = g->factors == NULL ? 1.0f : g->factors[(token + t) * groups->row_scales];
      BN_UNROLL for (int p = 0; p < P; p++) {
        bn_add_group_amx(out[n][p][t], sums[n][p][t], less, g->weights[p], factor);
      }
    }
  }
}

BN_INLINE void finish(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                      const bn_groups* groups, const bn_tokens* tokens, int32_t tile,
                      bn_panels panels, tile_outputs* out, const int P, const int N) {
  for (int n = 0; n < N; n++) {
    const int32_t token = bn_tile_token(tokens, tile + n);
    for (int32_t t = 0; t < tokens->rows; t++) {
      const float factor = bn_row_factor(a, groups, token + t);
      BN_UNROLL for (int p = 0; p < P; p++) {
        const int32_t panel = panels.first + p * panels.step;
        bn_store_outputs_amx(bn_row(y, token + t) + BN_PANEL_ROWS * (int64_t)panel,
                             bn_panel_mask(w, panel), out[n][p][t], factor);
      }
    }
  }
}

/* Digits of a block of steps or a ring, sums of a group, and outputs of all tiles: 144 KiB. */
typedef struct space {
  union {
    _Alignas(64) bn_decoded decoded[BN_STEPS_AMX];
    bn_ring ring;
  };
  bn_tile_sums sums[2];
  tile_outputs out[BN_TILES_AMX];
} space;

/* Adds the sums of group `index`, which are in tiles, to the outputs of N tiles of tokens. */
BN_INLINE void end_group(space* in, const bn_ternary* w, const bn_quantized* a,
                         const bn_groups* groups, const bn_tokens* tokens, int32_t tile,
                         bn_panels panels, int64_t index, const int P, const int N) {
  bn_store_sums(in->sums, P, N);
  group g;
  weigh(&g, w, a, groups, panels, index, P);
  add_group(a, groups, &g, tokens, tile, in->out + tile, in->sums, P, N);
}

/* Blocks of steps are whole groups. */
BN_INLINE void multiply_pairs(void* mine, const bn_ternary* w, const bn_quantized* a,
                              const bn_rows* y, const bn_tokens* tokens, bn_panels panels,
                              const int P) {
  space* const in = mine;
  memset(in->out, 0, sizeof in->out[0] * (size_t)tokens->tiles);
  const bn_groups groups = bn_groups_of(w, a);
  const bn_digits digits = bn_digits_of(w, panels);
  const int64_t all = bn_steps_of(digits.blocks);
  const int64_t in_group = groups.blocks / BN_STEP_BLOCKS;
  const int64_t in_block = BN_STEPS_AMX / in_group * in_group;
  for (int64_t first = 0; first < all; first += in_block) {
    const int64_t steps = all - first < in_block ? all - first : in_block;
    bn_decode_ahead(&digits, in->decoded, first, steps, P);
    for (int32_t tile = 0; tile < tokens->tiles; tile += 2) {
      const bn_values values = bn_values_of(a, tokens, tile, first, 2);
      for (int64_t s = 0; s < steps; s += in_group) {
        const int64_t end = steps - s < in_group ? steps : s + in_group;
        bn_zero_sums(P, 2);
        if (tile == 0) {
          bn_add_steps(&digits, in->decoded, &values, first, s, end, steps, 1, P, 2);
        } else {
          bn_add_steps(&digits, in->decoded, &values, first, s, end, steps, 0, P, 2);
        }
        end_group(in, w, a, &groups, tokens, tile, panels, (first + s) / in_group, P, 2);
      }
    }
  }
  for (int32_t tile = 0; tile < tokens->tiles; tile += 2) {
    finish(w, a, y, &groups, tokens, tile, panels, in->out + tile, P, 2);
  }
}

BN_INLINE void multiply_once(void* mine, const bn_ternary* w, const bn_quantized* a,
                             const bn_rows* y, const bn_tokens* tokens, bn_panels panels,
                             int32_t times, const int P) {
  space* const in = mine;
  const bn_groups groups = bn_groups_of(w, a);
  bn_digits digits = bn_digits_of(w, panels);
  const int64_t steps = bn_steps_of(digits.blocks);
  const int64_t in_group = groups.blocks / BN_STEP_BLOCKS;
  const bn_values values = bn_values_of(a, tokens, 0, 0, 1);
  bn_start_ring(&in->ring, bn_decode_digits, &digits, steps, P);
  for (int32_t i = 0; i < times; i++, panels.first++) {
    const bn_digits next = bn_digits_of(w, (bn_panels){panels.first + 1, panels.step});
    memset(in->out, 0, sizeof in->out[0]);
    for (int64_t s = 0; s < steps; s += in_group) {
      const int64_t end = steps - s < in_group ? steps : s + in_group;
      bn_zero_sums(P, 1);
      bn_add_through_ring(&in->ring, bn_decode_digits, &digits, i + 1 < times ? &next : NULL,
                          &values, s, end, steps, P, 1);
      end_group(in, w, a, &groups, tokens, 0, panels, s / in_group, P, 1);
    }
    finish(w, a, y, &groups, tokens, 0, panels, in->out, P, 1);
    digits = next;
  }
}

/* Each thread's, which gets it at its first product: Java's threads leave native code less stack.
 */
static _Thread_local space memory;

static void multiply_panels(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                            int32_t token, int32_t count, int32_t begin, int32_t end) {
  bn_multiply_panels_amx(multiply_pairs, multiply_once, &memory, w, a, y, token, count, begin, end);
}

/* Whether a block of steps consists of groups of that many columns. */
static int fits_steps(int32_t group_columns) {
  return group_columns % BN_STEP_COLUMNS == 0 && group_columns <= BN_STEPS_AMX * BN_STEP_COLUMNS;
}

int32_t bn_group_product_amx(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                             int32_t count, int32_t begin, int32_t end) {
  if (count < BN_LEAST_TOKENS_AMX || !bn_is_two_bit_by_groups(w, a) ||
      !fits_steps(w->group_columns)) {
    return bn_group_product_of_few(w, a, y, count, begin, end);
  }
  bn_product_amx(multiply_panels, w, a, y, count, begin, end);
  return BN_OK;
}
