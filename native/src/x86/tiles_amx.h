/*
 * The tile and vector operations that the products of tier AMX are written in, by its instructions.
 *
 * There are eight tiles; an operation's first arguments are their numbers, as literals. The kernels
 * of the tier are compiled a second time for the C tests, with native/test/tiles_twin.h, which
 * gives each operation here the same meaning in plain C: few machines have AMX.
 *
 * Tiles are configured by each call that needs them and released before it returns. So a thread
 * keeps no tile state between calls: nothing of it is saved when the thread is switched or
 * signalled, whichever thread of the process that is.
 *
 * The instructions are inline assembly, because the intrinsics of some compilers do not say that
 * loading a tile reads memory. Compilers never use tiles by themselves.
 */
#ifndef BITNET_TILES_AMX_H
#define BITNET_TILES_AMX_H

#include "bounds_avx512.h"
#include "five_digits_avx512.h"
#include "ternary_panels_avx512.h"
#include "transpose_avx512.h"

/*
 * Follows each load, store and product of tiles. Where a CPU limits the power of its cores, tile
 * operations one after the other are issued at less than half their speed, and these do not end
 * that but soften it: on an Emerald Rapids so limited, four loads and four products took 65 ns with
 * them and 98 to 112 ns without; on the same one not so limited, 28 ns with and without. Six to
 * sixteen do alike, and any other operations do as well as these.
 */
#define BN_PACE "\n\t.rept 8\n\tnop\n\t.endr"

/* What LDTILECFG reads. */
typedef struct bn_tile_shapes {
  uint8_t palette;
  uint8_t reserved[15];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} bn_tile_shapes;

/* Tiles 0..5, of sums and activations, get that many rows; 6 and 7, of digits, 16. Clears all. */
static inline void bn_tiles_configure(int32_t rows) {
  bn_tile_shapes shapes = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    shapes.row_bytes[i] = 64;
    shapes.rows[i] = i < 6 ? (uint8_t)rows : 16;
  }
  __asm__ volatile("ldtilecfg %0" : : "m"(shapes));
}

static inline void bn_tiles_release(void) { __asm__ volatile("tilerelease"); }

#define bn_tile_zero(tile) __asm__ volatile("tilezero %%tmm" #tile : :)

/* Rows of 64 bytes from start on, that many bytes apart. */
#define bn_tile_load(tile, start, apart)                              \
  __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #tile BN_PACE         \
                   :                                                  \
                   : "r"((const void*)(start)), "r"((int64_t)(apart)) \
                   : "memory")
#define bn_tile_store(tile, start, apart)                         \
  __asm__ volatile("tilestored %%tmm" #tile ", (%0,%1,1)" BN_PACE \
                   :                                              \
                   : "r"((void*)(start)), "r"((int64_t)(apart))   \
                   : "memory")

/* sums[m][n] += over k and j: values[m][4 * k + j], signed, * digits[k][4 * n + j], unsigned. */
#define bn_tile_dot(sums, values, digits) \
  __asm__ volatile("tdpbsud %%tmm" #digits ", %%tmm" #values ", %%tmm" #sums BN_PACE : :)

/* The same with digits by rows: sums[m][n] += digits[m][4 * k + j] * values[k][4 * n + j]. */
#define bn_tile_dot_rows(sums, digits, values) \
  __asm__ volatile("tdpbusd %%tmm" #values ", %%tmm" #digits ", %%tmm" #sums BN_PACE : :)

/* The four quads of a block of two-bit digits, a digit a byte. */
BN_INLINE void bn_decode_block_amx(uint8_t* quads, const uint8_t* block) {
  BN_UNROLL for (int f = 0; f < 4; f++) {
    _mm512_store_si512(quads + 64 * f, bn_quad_2bit_avx512(block, f, 1));
  }
}

/* The two quads of a block of nibbles, a nibble a byte. */
BN_INLINE void bn_decode_nibbles_amx(uint8_t* quads, const uint8_t* block) {
  const __m512i nibble = _mm512_set1_epi8(15);
  const __m512i both = _mm512_load_si512(block);
  _mm512_store_si512(quads, _mm512_and_si512(both, nibble));
  _mm512_store_si512(quads + 64, _mm512_and_si512(_mm512_srli_epi16(both, 4), nibble));
}

/* From the sums of a panel's c >> 2 times both bytes to its bounds. */
BN_INLINE void bn_bound_panel_amx(const bn_low_bit* s, const bn_activation16* x,
                                  const bn_bounds* bounds, int32_t panel, const int32_t* high,
                                  const int32_t* low) {
  bn_bound_panel_avx512(s, x, bounds, panel, _mm512_load_si512(high), _mm512_load_si512(low));
}

/*
 * The codes of 64 bytes, from `at` on, of 16 rows of a fine plane: four tiles, that many bytes
 * apart, of 64 columns each. Asks for the same bytes of the next rows.
 */
BN_INLINE void bn_decode_fine_amx(uint8_t* tiles, int64_t apart, const uint8_t* const* rows,
                                  const uint8_t* const* next, int64_t at) {
  __m512i words[4][4]; /* by rows in fours, then words in lanes */
  BN_UNROLL for (int i = 0; i < 4; i++) {
    const uint8_t* lines[4];
    BN_UNROLL for (int r = 0; r < 4; r++) {
      lines[r] = rows[4 * i + r] + at;
      __builtin_prefetch(next[4 * i + r] + at);
    }
    bn_transpose_words_avx512(lines, words[i]);
  }
  const __m512i two_bits = _mm512_set1_epi8(3);
  BN_UNROLL for (int j = 0; j < 4; j++) {
    __m512i quads[4] = {words[0][j], words[1][j], words[2][j], words[3][j]};
    bn_transpose_lanes_avx512(quads);
    BN_UNROLL for (int q = 0; q < 4; q++) {
      BN_UNROLL for (int f = 0; f < 4; f++) {
        _mm512_store_si512(tiles + f * apart + 64 * (4 * q + j),
                           _mm512_and_si512(_mm512_srli_epi16(quads[q], 2 * f), two_bits));
      }
    }
  }
}

/* Of the lines of 32 rows that start at `at`, the digits of a step: two tiles by rows. */
BN_INLINE void bn_decode_rows_amx(uint8_t (*tiles)[1024], const uint8_t* const* rows, int64_t at,
                                  const int step) {
  const __m512i two_bits = _mm512_set1_epi8(3);
  BN_UNROLL for (int r = 0; r < 32; r++) {
    const __m512i line = _mm512_load_si512(rows[r] + at);
    _mm512_store_si512(tiles[r / 16] + 64 * (r % 16),
                       _mm512_and_si512(_mm512_srli_epi16(line, 2 * step), two_bits));
  }
}

/* Row and column of 16 by 16 change places. */
BN_INLINE void bn_transpose_16_avx512(const uint8_t* const lines[16], int32_t (*to)[16]) {
  __m512i words[4][4];
  BN_UNROLL for (int i = 0; i < 4; i++) { bn_transpose_words_avx512(lines + 4 * i, words[i]); }
  BN_UNROLL for (int j = 0; j < 4; j++) {
    __m512i quads[4] = {words[0][j], words[1][j], words[2][j], words[3][j]};
    bn_transpose_lanes_avx512(quads);
    BN_UNROLL for (int q = 0; q < 4; q++) { _mm512_store_si512(to[4 * q + j], quads[q]); }
  }
}

/* Values of 64 columns of up to 16 tokens, from start on, by fours of columns and tokens. */
BN_INLINE void bn_interleave_tokens_amx(int8_t* to, const int8_t* start, int64_t stride,
                                        int32_t count) {
  static const uint8_t zeros[64] __attribute__((aligned(64)));
  const uint8_t* lines[16];
  for (int32_t t = 0; t < 16; t++) {
    lines[t] = t < count ? (const uint8_t*)start + t * stride : zeros;
  }
  bn_transpose_16_avx512(lines, (int32_t(*)[16])(void*)to);
}

/* Sums by rows become sums by tokens. */
BN_INLINE void bn_transpose_sums_amx(int32_t (*to)[16], int32_t (*sums)[16]) {
  const uint8_t* lines[16];
  for (int r = 0; r < 16; r++) {
    lines[r] = (const uint8_t*)sums[r];
  }
  bn_transpose_16_avx512(lines, to);
}

/*
 * From the lines of four columns to quads, rows of four columns in order, whose fields are those of
 * the lines: four times 64 bytes, that many bytes apart, of four rows in every 16 of a field.
 */
BN_INLINE void bn_interleave_columns_amx(uint8_t* quads, int64_t apart, const uint8_t* line,
                                         int64_t stride) {
  const __m512i a = _mm512_load_si512(line);
  const __m512i b = _mm512_load_si512(line + stride);
  const __m512i c = _mm512_load_si512(line + 2 * stride);
  const __m512i d = _mm512_load_si512(line + 3 * stride);
  const __m512i low_ab = _mm512_unpacklo_epi8(a, b);
  const __m512i low_cd = _mm512_unpacklo_epi8(c, d);
  const __m512i high_ab = _mm512_unpackhi_epi8(a, b);
  const __m512i high_cd = _mm512_unpackhi_epi8(c, d);
  _mm512_store_si512(quads, _mm512_unpacklo_epi16(low_ab, low_cd));
  _mm512_store_si512(quads + apart, _mm512_unpackhi_epi16(low_ab, low_cd));
  _mm512_store_si512(quads + 2 * apart, _mm512_unpacklo_epi16(high_ab, high_cd));
  _mm512_store_si512(quads + 3 * apart, _mm512_unpackhi_epi16(high_ab, high_cd));
}

/*
 * Two tiles of digits from 16 times 64 bytes of quads: fields `field` and the next, each where it
 * is in its byte, so that its products are 4^f times as large. Those are at most 128 * 128, and
 * 2^14 * BN_MAX_COLUMNS < 2^31.
 */
BN_INLINE void bn_decode_fields_amx(uint8_t (*tiles)[1024], const uint8_t* quads, const int field) {
  BN_UNROLL for (int g = 0; g < 16; g++) {
    const __m512i x = _mm512_load_si512(quads + 64 * g);
    BN_UNROLL for (int f = 0; f < 2; f++) {
      _mm512_store_si512(tiles[f] + 64 * g,
                         _mm512_and_si512(x, _mm512_set1_epi8((char)(3 << 2 * (field + f)))));
    }
  }
}

/*
 * From the sums of a token in four such parts, 4^field times as large, to those of four panels of
 * 16 rows that follow each other. Both are that many elements apart.
 */
BN_INLINE void bn_gather_rows_amx(int32_t* panels, int64_t panels_apart, const int32_t* parts,
                                  int64_t parts_apart, int32_t field) {
  __m512i v[4];
  BN_UNROLL for (int i = 0; i < 4; i++) { v[i] = _mm512_load_si512(parts + i * parts_apart); }
  bn_transpose_lanes_avx512(v);
  BN_UNROLL for (int i = 0; i < 4; i++) {
    _mm512_store_si512(panels + i * panels_apart, _mm512_srai_epi32(v[i], (unsigned)(2 * field)));
  }
}

/* bn_rows_to_refine. */
BN_INLINE uint32_t bn_rows_to_refine_amx(const bn_low_bit* s, const bn_activation16* x,
                                         const bn_bounds* bounds, int32_t panel) {
  return bn_rows_to_refine_avx512(s, x, bounds, panel);
}

/*
 * Refines a panel; the sums of c & 3 times both bytes are of the listed rows of the panel, one
 * after the other.
 */
BN_INLINE void bn_refine_panel_amx(const bn_low_bit* s, const bn_activation16* x,
                                   const bn_bounds* bounds, int32_t panel, uint32_t listed,
                                   const int32_t* high, const int32_t* low) {
  const uint32_t mask = bn_rows_to_refine_amx(s, x, bounds, panel);
  if (mask == 0) {
    bn_refine_panel(s, x, bounds, panel, 0, NULL, NULL);
    return;
  }
  bn_refine_panel_avx512(s, x, bounds, panel, (__mmask16)mask,
                         _mm512_maskz_expandloadu_epi32((__mmask16)listed, high),
                         _mm512_maskz_expandloadu_epi32((__mmask16)listed, low));
}

/* The scales of 16 rows, from row on. */
BN_INLINE void bn_row_weights_amx(float* weights, const bn_ternary* w, int64_t row) {
  _mm512_store_ps(weights, w->row_scales == NULL ? _mm512_set1_ps(w->scale)
                                                 : _mm512_loadu_ps(w->row_scales + row));
}

/* Stores those of 16 outputs that are in the mask: (float)(sums - less) * (weights * factor). */
BN_INLINE void bn_store_products_amx(float* to, uint32_t mask, const int32_t* sums, int32_t less,
                                     const float* weights, float factor) {
  const __m512i products = _mm512_sub_epi32(_mm512_load_si512(sums), _mm512_set1_epi32(less));
  const __m512 scale = _mm512_mul_ps(_mm512_load_ps(weights), _mm512_set1_ps(factor));
  _mm512_mask_storeu_ps(to, (__mmask16)mask, _mm512_mul_ps(_mm512_cvtepi32_ps(products), scale));
}

/* 16 scales of a group as floats. */
BN_INLINE void bn_weights_amx(float* weights, const uint16_t* halves) {
  _mm512_store_ps(weights, _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i*)halves)));
}

/* out = fma((float)(sums - less), weights * factor, out), of 16. */
BN_INLINE void bn_add_group_amx(float* out, const int32_t* sums, int32_t less, const float* weights,
                                float factor) {
  const __m512i products = _mm512_sub_epi32(_mm512_load_si512(sums), _mm512_set1_epi32(less));
  const __m512 scale = _mm512_mul_ps(_mm512_load_ps(weights), _mm512_set1_ps(factor));
  _mm512_store_ps(out, _mm512_fmadd_ps(_mm512_cvtepi32_ps(products), scale, _mm512_load_ps(out)));
}

/* Stores those of 16 outputs that are in the mask, times factor. */
BN_INLINE void bn_store_outputs_amx(float* to, uint32_t mask, const float* out, float factor) {
  _mm512_mask_storeu_ps(to, (__mmask16)mask,
                        _mm512_mul_ps(_mm512_load_ps(out), _mm512_set1_ps(factor)));
}

/* Five digits a byte become two-bit ones. */
#define bn_repack_five_amx bn_repack_five_avx512

/* The products of tokens too few for tiles. */
#define bn_ternary_product_of_few bn_few_tokens_amx
#define bn_group_product_of_few bn_group_product_avx512
#define bn_bound_logits_of_few bn_bound_logits_avx512
#define bn_refine_bounds_of_few bn_refine_bounds_avx512

#endif
