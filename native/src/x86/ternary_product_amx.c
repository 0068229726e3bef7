#include "common/five_digits.h"
#include "ternary_panels_amx.h"

/* Outputs of N tiles of tokens and P panels, from sums of q * u. */
BN_INLINE void finish(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                      const bn_tokens* tokens, int32_t tile, bn_panels panels, bn_tile_sums* sums,
                      const int P, const int N) {
  _Alignas(64) float weights[BN_PANELS_AMX][BN_PANEL_ROWS];
  uint32_t masks[BN_PANELS_AMX];
  BN_UNROLL for (int p = 0; p < P; p++) {
    const int32_t panel = panels.first + p * panels.step;
    bn_row_weights_amx(weights[p], w, BN_PANEL_ROWS * (int64_t)panel);
    masks[p] = bn_panel_mask(w, panel);
  }
  for (int n = 0; n < N; n++) {
    const int32_t token = bn_tile_token(tokens, tile + n);
    float* out = bn_row(y, token) + BN_PANEL_ROWS * (int64_t)panels.first;
    const int64_t stride = y->stride;
    const int32_t* const less = a->sums + token;
    const float* const factors = a->scales + token;
    for (int32_t t = 0; t < tokens->rows; t++, out += stride) {
      BN_UNROLL for (int p = 0; p < P; p++) {
        bn_store_products_amx(out + BN_PANEL_ROWS * (int64_t)p * panels.step, masks[p],
                              sums[n][p][t], less[t], weights[p], factors[t]);
      }
    }
  }
}

/* Digits of a block of steps or of a ring, and the sums of all tiles of tokens: 140 KiB. */
typedef struct space {
  union {
    _Alignas(64) bn_decoded decoded[BN_STEPS_AMX];
    bn_ring ring;
  };
  bn_tile_sums sums[BN_TILES_AMX];
} space;

/* A sum is at most BN_MAX_COLUMNS * 3 * 128 < 2^26. */
BN_INLINE void multiply_pairs(void* mine, const bn_ternary* w, const bn_quantized* a,
                              const bn_rows* y, const bn_tokens* tokens, bn_panels panels,
                              const int P) {
  space* const in = mine;
  const bn_digits digits = bn_digits_of(w, panels);
  const int64_t all = bn_steps_of(digits.blocks);
  const int64_t blocks = (all + BN_STEPS_AMX - 1) / BN_STEPS_AMX;
  const int64_t in_block = (all + blocks - 1) / blocks;
  for (int64_t first = 0; first < all; first += in_block) {
    const int64_t steps = all - first < in_block ? all - first : in_block;
    const int last = first + steps == all;
    bn_decode_ahead(&digits, in->decoded, first, steps, P);
    for (int32_t tile = 0; tile < tokens->tiles; tile += 2) {
      const bn_values values = bn_values_of(a, tokens, tile, first, 2);
      if (first == 0) {
        bn_zero_sums(P, 2);
      } else if (tokens->tiles > 2) {
        bn_load_sums(in->sums + tile, P, 2);
      }
      if (tile == 0) {
        bn_add_steps(&digits, in->decoded, &values, first, 0, steps, steps, 1, P, 2);
      } else {
        bn_add_steps(&digits, in->decoded, &values, first, 0, steps, steps, 0, P, 2);
      }
      if (last || tokens->tiles > 2) {
        bn_store_sums(in->sums + tile, P, 2);
      }
      if (last) {
        finish(w, a, y, tokens, tile, panels, in->sums + tile, P, 2);
      }
    }
  }
}

BN_INLINE void multiply_once(void* mine, const bn_ternary* w, const bn_quantized* a,
                             const bn_rows* y, const bn_tokens* tokens, bn_panels panels,
                             int32_t times, const int P) {
  space* const in = mine;
  bn_digits digits = bn_digits_of(w, panels);
  const int64_t steps = bn_steps_of(digits.blocks);
  const bn_values values = bn_values_of(a, tokens, 0, 0, 1);
  bn_start_ring(&in->ring, bn_decode_digits, &digits, steps, P);
  for (int32_t i = 0; i < times; i++, panels.first++) {
    const bn_digits next = bn_digits_of(w, (bn_panels){panels.first + 1, panels.step});
    bn_zero_sums(P, 1);
    bn_add_through_ring(&in->ring, bn_decode_digits, &digits, i + 1 < times ? &next : NULL, &values,
                        0, steps, steps, P, 1);
    bn_store_sums(in->sums, P, 1);
    finish(w, a, y, tokens, 0, panels, in->sums, P, 1);
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

int32_t bn_ternary_product_amx(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                               int32_t count, int32_t begin, int32_t end) {
  if (count >= BN_LEAST_TOKENS_AMX && bn_is_five_digits_by_rows(w, a)) {
    return bn_five_by_two_bit(bn_repack_five_amx, bn_ternary_product_amx, w, a, y, count, begin,
                              end);
  }
  if (count < BN_LEAST_TOKENS_AMX || !bn_is_two_bit_by_rows(w, a)) {
    return bn_ternary_product_of_few(w, a, y, count, begin, end);
  }
  bn_product_amx(multiply_panels, w, a, y, count, begin, end);
  return BN_OK;
}
