/* The product for many tokens, whatever the storage: 32 rows by up to 12 tokens of sums. */
#include "ternary_avx512.h"

/* Columns unpacked at a time: tiles of two panels take half of a 32 KiB L1 cache. */
#define TILE_COLUMNS 512
#define TILE_PANELS 2
#define TILE_TOKENS 12

typedef struct tile {
  const bn_ternary* w;
  const bn_quantized* a;
  const bn_rows* y;
  const uint8_t* quads; /* TILE_PANELS tiles of TILE_COLUMNS, one after the other */
  int32_t panel;        /* the first of them */
  int32_t first;        /* the first column */
  int32_t columns;      /* how many */
} tile;

/*
 * Adds P panels' tiles times T tokens to the sums so far, which between tiles live in y's own
 * storage as int32; after the last tile come the outputs. A sum is at most
 * BN_MAX_COLUMNS * 2 * 128 < 2^26 in absolute value.
 */
BN_INLINE void multiply(const tile* tile, int32_t token, const int T, const int P) {
  const int8_t* q = tile->a->values + token * tile->a->stride + tile->first;
  const int64_t stride = tile->a->stride;
  const int64_t row = BN_PANEL_ROWS * (int64_t)tile->panel;
  uint32_t masks[TILE_PANELS];
  __m512i sums[TILE_PANELS][TILE_TOKENS];
  BN_UNROLL for (int p = 0; p < P; p++) {
    masks[p] = bn_panel_mask(tile->w, tile->panel + p);
    BN_UNROLL for (int t = 0; t < T; t++) {
      sums[p][t] = tile->first == 0
                       ? _mm512_setzero_si512()
                       : _mm512_maskz_loadu_epi32((__mmask16)masks[p], bn_row(tile->y, token + t) +
                                                                           row + BN_PANEL_ROWS * p);
    }
  }
  for (int64_t k = 0; k < tile->columns; k += 4) {
    __m512i u[TILE_PANELS];
    BN_UNROLL for (int p = 0; p < P; p++) {
      u[p] = _mm512_load_si512(tile->quads + 16 * (TILE_COLUMNS * p + k));
    }
    BN_UNROLL for (int t = 0; t < T; t++) {
      __m512i quad = bn_broadcast_quad(q + t * stride + k);
      BN_UNROLL for (int p = 0; p < P; p++) {
        sums[p][t] = _mm512_dpbusd_epi32(sums[p][t], u[p], quad);
      }
    }
  }
  const int last = tile->first + tile->columns == bn_padded_columns(tile->w);
  BN_UNROLL for (int p = 0; p < P; p++) {
    BN_UNROLL for (int t = 0; t < T; t++) {
      if (last) {
        bn_finish_avx512(tile->w, tile->a, tile->y, token + t, row + BN_PANEL_ROWS * p, masks[p],
                         sums[p][t]);
      } else {
        _mm512_mask_storeu_epi32(bn_row(tile->y, token + t) + row + BN_PANEL_ROWS * p,
                                 (__mmask16)masks[p], sums[p][t]);
      }
    }
  }
}

BN_INLINE void multiply_tokens(const tile* tile, int32_t token, int32_t tokens, const int P) {
  switch (tokens) {
    case 1:
      multiply(tile, token, 1, P);
      break;
    case 2:
      multiply(tile, token, 2, P);
      break;
    case 3:
      multiply(tile, token, 3, P);
      break;
    case 4:
      multiply(tile, token, 4, P);
      break;
    case 5:
      multiply(tile, token, 5, P);
      break;
    case 6:
      multiply(tile, token, 6, P);
      break;
    case 7:
      multiply(tile, token, 7, P);
      break;
    case 8:
      multiply(tile, token, 8, P);
      break;
    case 9:
      multiply(tile, token, 9, P);
      break;
    case 10:
      multiply(tile, token, 10, P);
      break;
    case 11:
      multiply(tile, token, 11, P);
      break;
    default:
      multiply(tile, token, TILE_TOKENS, P);
      break;
  }
}

static void multiply_pair(const tile* tile, int32_t token, int32_t tokens) {
  multiply_tokens(tile, token, tokens, TILE_PANELS);
}

static void multiply_single(const tile* tile, int32_t token, int32_t tokens) {
  multiply_tokens(tile, token, tokens, 1);
}

void bn_ternary_gemm_avx512(bn_unpack_fn* unpack, int64_t panel_bytes, const bn_ternary* w,
                            const bn_quantized* a, const bn_rows* y, int32_t count, int32_t begin,
                            int32_t end) {
  _Alignas(64) uint8_t quads[TILE_PANELS * TILE_COLUMNS * BN_PANEL_ROWS];
  const int32_t columns = bn_padded_columns(w);
  const int32_t groups = (count + TILE_TOKENS - 1) / TILE_TOKENS;
  tile tile = {.w = w, .a = a, .y = y, .quads = quads};
  for (tile.panel = begin; tile.panel < end; tile.panel += TILE_PANELS) {
    const int32_t panels = end - tile.panel < TILE_PANELS ? end - tile.panel : TILE_PANELS;
    for (tile.first = 0; tile.first < columns; tile.first += TILE_COLUMNS) {
      const int32_t left = columns - tile.first;
      tile.columns = left < TILE_COLUMNS ? left : TILE_COLUMNS;
      for (int32_t p = 0; p < panels; p++) {
        unpack(w->panels + (tile.panel + p) * panel_bytes, tile.first, tile.columns,
               quads + BN_PANEL_ROWS * TILE_COLUMNS * p);
      }
      for (int32_t g = 0; g < groups; g++) { /* groups of even size: none is left with few */
        const int32_t token = (int32_t)((int64_t)count * g / groups);
        const int32_t tokens = (int32_t)((int64_t)count * (g + 1) / groups) - token;
        if (panels == TILE_PANELS) {
          multiply_pair(&tile, token, tokens);
        } else {
          multiply_single(&tile, token, tokens);
        }
      }
    }
  }
}
