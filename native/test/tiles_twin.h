/*
 * The operations of x86/tiles_amx.h in plain C: the products of tier AMX compiled with these are
 * run wherever the tests are, under sanitizers too. They are stricter than a CPU: tiles must be
 * configured, shapes must fit, and loads and stores touch no other bytes than a tile's rows.
 */
#ifndef BITNET_TILES_TWIN_H
#define BITNET_TILES_TWIN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/five_digits.h"
#include "common/float_math.h"
#include "common/kernels.h"
#include "common/ternary_panels.h"

/* Compilers that optimize little refuse to unroll what is longer here. */
#undef BN_UNROLL
#define BN_UNROLL

typedef struct twin_tile {
  int32_t rows;
  uint8_t bytes[16][64];
} twin_tile;

static twin_tile twin_tiles[8];
static int twin_configured;

static inline void twin_require(int condition, const char* sentence) {
  if (!condition) {
    fprintf(stderr, "FAILED, in the twin of tier AMX: %s\n", sentence);
    abort();
  }
}

static inline void bn_tiles_configure(int32_t rows) {
  twin_require(rows >= 1 && rows <= 16, "a tile has 1 to 16 rows");
  memset(twin_tiles, 0, sizeof twin_tiles);
  for (int i = 0; i < 8; i++) {
    twin_tiles[i].rows = i < 6 ? rows : 16;
  }
  twin_configured = 1;
}

static inline void bn_tiles_release(void) { twin_configured = 0; }

static inline twin_tile* twin_of(int tile) {
  twin_require(twin_configured, "tiles are used that are not configured");
  return &twin_tiles[tile];
}

static inline void bn_tile_zero(int tile) {
  twin_tile* t = twin_of(tile);
  memset(t->bytes, 0, sizeof t->bytes);
}

static inline void bn_tile_load(int tile, const void* start, int64_t apart) {
  twin_tile* t = twin_of(tile);
  memset(t->bytes, 0, sizeof t->bytes);
  for (int32_t r = 0; r < t->rows; r++) {
    memcpy(t->bytes[r], (const uint8_t*)start + r * apart, 64);
  }
}

static inline void bn_tile_store(int tile, void* start, int64_t apart) {
  const twin_tile* t = twin_of(tile);
  for (int32_t r = 0; r < t->rows; r++) {
    memcpy((uint8_t*)start + r * apart, t->bytes[r], 64);
  }
}

/* Without sanitizers, which it gives nothing to find and which make it slow. */
__attribute__((no_sanitize("address", "undefined"))) static inline void bn_tile_dot(int sums,
                                                                                    int values,
                                                                                    int digits) {
  twin_tile* c = twin_of(sums);
  const twin_tile* a = twin_of(values);
  const twin_tile* b = twin_of(digits);
  twin_require(c->rows == a->rows && b->rows == 16, "the shapes of a product's tiles do not fit");
  for (int32_t m = 0; m < c->rows; m++) {
    int32_t sum[16];
    memcpy(sum, c->bytes[m], sizeof sum);
    for (int k = 0; k < 64; k++) {
      const int32_t value = (int8_t)a->bytes[m][k];
      for (int n = 0; n < 16; n++) {
        sum[n] += value * b->bytes[k / 4][4 * n + k % 4];
      }
    }
    memcpy(c->bytes[m], sum, sizeof sum);
  }
}

/* The same with digits by rows. */
__attribute__((no_sanitize("address", "undefined"))) static inline void bn_tile_dot_rows(
    int sums, int digits, int values) {
  twin_tile* c = twin_of(sums);
  const twin_tile* a = twin_of(digits);
  const twin_tile* b = twin_of(values);
  twin_require(c->rows == 16 && a->rows == 16 && b->rows == 16,
               "the shapes of a product's tiles do not fit");
  for (int32_t m = 0; m < 16; m++) {
    int32_t sum[16];
    memcpy(sum, c->bytes[m], sizeof sum);
    for (int k = 0; k < 64; k++) {
      const int32_t digit = a->bytes[m][k];
      for (int n = 0; n < 16; n++) {
        sum[n] += digit * (int8_t)b->bytes[k / 4][4 * n + k % 4];
      }
    }
    memcpy(c->bytes[m], sum, sizeof sum);
  }
}

BN_INLINE void bn_decode_block_amx(uint8_t* quads, const uint8_t* block) {
  for (int f = 0; f < 4; f++) {
    for (int i = 0; i < 64; i++) {
      quads[64 * f + i] = block[i] >> 2 * f & 3;
    }
  }
}

BN_INLINE void bn_decode_nibbles_amx(uint8_t* quads, const uint8_t* block) {
  for (int i = 0; i < 64; i++) {
    quads[i] = block[i] & 15;
    quads[64 + i] = block[i] >> 4;
  }
}

BN_INLINE void bn_bound_panel_amx(const bn_low_bit* s, const bn_activation16* x,
                                  const bn_bounds* bounds, int32_t panel, const int32_t* high,
                                  const int32_t* low) {
  int32_t* sums = bounds->sums + 32 * (int64_t)panel;
  memcpy(sums, high, 16 * sizeof sums[0]);
  memcpy(sums + 16, low, 16 * sizeof sums[0]);
  bn_bound_panel(s, x, bounds, panel);
}

BN_INLINE void bn_decode_fine_amx(uint8_t* tiles, int64_t apart, const uint8_t* const* rows,
                                  const uint8_t* const* next, int64_t at) {
  (void)next;
  for (int f = 0; f < 4; f++) {
    for (int r = 0; r < 16; r++) {
      for (int i = 0; i < 64; i++) {
        tiles[f * apart + i / 4 * 64 + 4 * r + i % 4] = rows[r][at + i] >> 2 * f & 3;
      }
    }
  }
}

BN_INLINE void bn_decode_rows_amx(uint8_t (*tiles)[1024], const uint8_t* const* rows, int64_t at,
                                  const int step) {
  for (int r = 0; r < 32; r++) {
    for (int i = 0; i < 64; i++) {
      tiles[r / 16][64 * (r % 16) + i] = rows[r][at + i] >> 2 * step & 3;
    }
  }
}

BN_INLINE void bn_interleave_tokens_amx(int8_t* to, const int8_t* start, int64_t stride,
                                        int32_t count) {
  for (int k = 0; k < 64; k++) {
    for (int t = 0; t < 16; t++) {
      to[k / 4 * 64 + 4 * t + k % 4] = t < count ? start[t * stride + k] : 0;
    }
  }
}

BN_INLINE void bn_transpose_sums_amx(int32_t (*to)[16], int32_t (*sums)[16]) {
  for (int r = 0; r < 16; r++) {
    for (int t = 0; t < 16; t++) {
      to[t][r] = sums[r][t];
    }
  }
}

BN_INLINE void bn_interleave_columns_amx(uint8_t* quads, int64_t apart, const uint8_t* line,
                                         int64_t stride) {
  for (int part = 0; part < 4; part++) {
    for (int n = 0; n < 16; n++) {
      for (int k = 0; k < 4; k++) {
        quads[part * apart + 4 * n + k] = line[k * stride + n / 4 * 16 + 4 * part + n % 4];
      }
    }
  }
}

BN_INLINE void bn_decode_fields_amx(uint8_t (*tiles)[1024], const uint8_t* quads, const int field) {
  for (int f = 0; f < 2; f++) {
    for (int i = 0; i < 1024; i++) {
      tiles[f][i] = quads[i] & 3 << 2 * (field + f);
    }
  }
}

BN_INLINE void bn_gather_rows_amx(int32_t* panels, int64_t panels_apart, const int32_t* parts,
                                  int64_t parts_apart, int32_t field) {
  for (int i = 0; i < 4; i++) {
    for (int j = 0; j < 16; j++) {
      panels[i * panels_apart + j] = parts[j / 4 * parts_apart + 4 * i + j % 4] >> 2 * field;
    }
  }
}

BN_INLINE uint32_t bn_rows_to_refine_amx(const bn_low_bit* s, const bn_activation16* x,
                                         const bn_bounds* bounds, int32_t panel) {
  return bn_rows_to_refine(s, x, bounds, panel);
}

BN_INLINE void bn_refine_panel_amx(const bn_low_bit* s, const bn_activation16* x,
                                   const bn_bounds* bounds, int32_t panel, uint32_t listed,
                                   const int32_t* high, const int32_t* low) {
  int32_t by_row[2][16] = {{0}};
  for (int32_t r = 0, at = 0; r < 16; r++) {
    if (listed >> r & 1) {
      by_row[0][r] = high[at];
      by_row[1][r] = low[at++];
    }
  }
  bn_refine_panel(s, x, bounds, panel, bn_rows_to_refine_amx(s, x, bounds, panel), by_row[0],
                  by_row[1]);
}

BN_INLINE void bn_row_weights_amx(float* weights, const bn_ternary* w, int64_t row) {
  for (int r = 0; r < 16; r++) {
    weights[r] = w->row_scales == NULL ? w->scale : w->row_scales[row + r];
  }
}

BN_INLINE void bn_store_products_amx(float* to, uint32_t mask, const int32_t* sums, int32_t less,
                                     const float* weights, float factor) {
  for (int r = 0; r < 16; r++) {
    if (mask >> r & 1) {
      to[r] = (float)(sums[r] - less) * (weights[r] * factor);
    }
  }
}

BN_INLINE void bn_weights_amx(float* weights, const uint16_t* halves) {
  for (int r = 0; r < 16; r++) {
    weights[r] = bn_from_half(halves[r]);
  }
}

BN_INLINE void bn_add_group_amx(float* out, const int32_t* sums, int32_t less, const float* weights,
                                float factor) {
  for (int r = 0; r < 16; r++) {
    out[r] = bn_fma((float)(sums[r] - less), weights[r] * factor, out[r]);
  }
}

BN_INLINE void bn_store_outputs_amx(float* to, uint32_t mask, const float* out, float factor) {
  for (int r = 0; r < 16; r++) {
    if (mask >> r & 1) {
      to[r] = out[r] * factor;
    }
  }
}

#define bn_repack_five_amx bn_repack_five_portable
#define bn_ternary_product_of_few bn_ternary_product_c
#define bn_group_product_of_few bn_group_product_c
#define bn_bound_logits_of_few bn_bound_logits_c
#define bn_refine_bounds_of_few bn_refine_bounds_c

#endif
