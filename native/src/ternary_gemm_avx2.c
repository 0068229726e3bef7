/* The product for many tokens, whatever the storage: 16 rows by up to 6 tokens of 16-bit sums. */
#include "ternary_avx2.h"

/* Panels unpacked at a time: at BN_WORD_COLUMNS their tiles take half of a 32 KiB L1 cache. */
#define TILE_PANELS 4
#define TILE_TOKENS 6

typedef struct tile {
  const bn_ternary* w;
  const bn_quantized* a;
  const bn_rows* y;
  const uint8_t* quads; /* of one panel */
  int32_t panel;
  int32_t first;   /* the first column */
  int32_t columns; /* how many, at most BN_WORD_COLUMNS: so 16-bit sums are enough */
} tile;

/*
 * Adds a panel's tile times T tokens to the sums so far, which between tiles live in y's own
 * storage as int32; after the last tile come the outputs. A sum is at most
 * BN_MAX_COLUMNS * 2 * 128 < 2^26 in absolute value.
 */
BN_INLINE void multiply(const tile* tile, int32_t token, const int T) {
  const int8_t* q = tile->a->values + token * tile->a->stride + tile->first;
  const int64_t stride = tile->a->stride;
  __m256i words[2][TILE_TOKENS];
  BN_UNROLL for (int t = 0; t < T; t++) { words[0][t] = words[1][t] = _mm256_setzero_si256(); }
  for (int64_t k = 0; k < tile->columns; k += 4) {
    const __m256i u0 = _mm256_load_si256((const __m256i*)(tile->quads + 16 * k));
    const __m256i u1 = _mm256_load_si256((const __m256i*)(tile->quads + 16 * k + 32));
    BN_UNROLL for (int t = 0; t < T; t++) {
      const __m256i quad = bn_broadcast_quad(q + t * stride + k);
      words[0][t] = _mm256_add_epi16(words[0][t], _mm256_maddubs_epi16(u0, quad));
      words[1][t] = _mm256_add_epi16(words[1][t], _mm256_maddubs_epi16(u1, quad));
    }
  }
  const int last = tile->first + tile->columns == bn_padded_columns(tile->w);
  const uint32_t mask = bn_panel_mask(tile->w, tile->panel);
  BN_UNROLL for (int t = 0; t < T; t++) {
    BN_UNROLL for (int half = 0; half < 2; half++) {
      const int64_t row = BN_PANEL_ROWS * (int64_t)tile->panel + 8 * half;
      const uint32_t half_mask = mask >> 8 * half;
      int* partial = (int*)(void*)(bn_row(tile->y, token + t) + row);
      __m256i sums = tile->first == 0 ? _mm256_setzero_si256()
                                      : _mm256_maskload_epi32(partial, bn_lane_mask(half_mask));
      sums = bn_widen_add(sums, words[half][t]);
      if (last) {
        bn_finish_avx2(tile->w, tile->a, tile->y, token + t, row, half_mask, sums);
      } else {
        _mm256_maskstore_epi32(partial, bn_lane_mask(half_mask), sums);
      }
    }
  }
}

static void multiply_tokens(const tile* tile, int32_t token, int32_t tokens) {
  switch (tokens) {
    case 1:
      multiply(tile, token, 1);
      break;
    case 2:
      multiply(tile, token, 2);
      break;
    case 3:
      multiply(tile, token, 3);
      break;
    case 4:
      multiply(tile, token, 4);
      break;
    case 5:
      multiply(tile, token, 5);
      break;
    default:
      multiply(tile, token, TILE_TOKENS);
      break;
  }
}

void bn_ternary_gemm_avx2(bn_unpack_fn* unpack, int64_t panel_bytes, const bn_ternary* w,
                          const bn_quantized* a, const bn_rows* y, int32_t count, int32_t begin,
                          int32_t end) {
  _Alignas(64) uint8_t quads[TILE_PANELS][BN_WORD_COLUMNS * BN_PANEL_ROWS];
  const int32_t columns = bn_padded_columns(w);
  const int32_t groups = (count + TILE_TOKENS - 1) / TILE_TOKENS;
  tile tile = {.w = w, .a = a, .y = y};
  for (int32_t p = begin; p < end; p += TILE_PANELS) {
    const int32_t panels = end - p < TILE_PANELS ? end - p : TILE_PANELS;
    for (tile.first = 0; tile.first < columns; tile.first += BN_WORD_COLUMNS) {
      const int32_t left = columns - tile.first;
      tile.columns = left < BN_WORD_COLUMNS ? left : BN_WORD_COLUMNS;
      for (int32_t i = 0; i < panels; i++) {
        unpack(w->panels + (p + i) * panel_bytes, tile.first, tile.columns, quads[i]);
      }
      for (int32_t g = 0; g < groups; g++) { /* groups of even size: none is left with few */
        const int32_t token = (int32_t)((int64_t)count * g / groups);
        const int32_t tokens = (int32_t)((int64_t)count * (g + 1) / groups) - token;
        for (int32_t i = 0; i < panels; i++) {
          tile.panel = p + i;
          tile.quads = quads[i];
          multiply_tokens(&tile, token, tokens);
        }
      }
    }
  }
}
