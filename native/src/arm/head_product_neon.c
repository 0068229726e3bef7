/*
 * Each product is one chain of fused additions, 16 lanes in four registers, so speed comes from
 * several rows at once and, where there are more tokens, from several of them sharing the rows'
 * elements.
 */
#include "common/kernels.h"
#include "common/matrix_elements.h"
#include "common/unroll.h"
#include "lanes_neon.h"

/* Rows and tokens in registers: 4 by 1, or 2 by up to 3. */
#define ROWS 4
#define SHARED_ROWS 2
#define TOKENS 3
/* Block formats are decoded this many columns at a time, for this many tokens. */
#define TILE_COLUMNS 256
#define TILE_TOKENS 15

/* Rows of plain elements, and rows of tokens. */
typedef struct operands {
  const uint8_t* rows;
  int64_t row_bytes;
  const float* x;
  int64_t stride;
} operands;

/* Elements [i, i + n) of a row, n <= 16, then zeros. */
BN_INLINE bn_vector elements(const uint8_t* row, const int type, int64_t i, int64_t n) {
  switch (type) {
    case BN_TYPE_F16:
      return bn_vload_f16(row + 2 * i, n);
    case BN_TYPE_BF16:
      return bn_vload_bf16(row + 2 * i, n);
    default:
      return bn_vload((const float*)(const void*)(row + 4 * i), n);
  }
}

/* Eight of them. */
BN_INLINE float32x4x2_t eight_elements(const uint8_t* row, const int type, int64_t i) {
  switch (type) {
    case BN_TYPE_F16:
      return bn_load_half8(row + 2 * i);
    case BN_TYPE_BF16:
      return bn_load_bfloat8(row + 2 * i);
    default:
      return (float32x4x2_t){{bn_load4(row + 4 * i), bn_load4(row + 4 * i + 16)}};
  }
}

/* Adds n columns' products to the lanes of R rows by T tokens. */
BN_INLINE void accumulate(bn_vector sums[ROWS][TOKENS], const operands* in, const int type,
                          int64_t n, const int R, const int T) {
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    BN_UNROLL for (int half = 0; half < 2; half++) {
      const int64_t at = i + 8 * half;
      float32x4x2_t w[ROWS];
      BN_UNROLL for (int r = 0; r < R; r++) {
        w[r] = eight_elements(in->rows + r * in->row_bytes, type, at);
      }
      BN_UNROLL for (int t = 0; t < T; t++) {
        BN_UNROLL for (int part = 0; part < 2; part++) {
          const float32x4_t x = vld1q_f32(in->x + t * in->stride + at + 4 * part);
          BN_UNROLL for (int r = 0; r < R; r++) {
            float32x4_t* sum = &sums[r][t].val[2 * half + part];
            *sum = vfmaq_f32(*sum, x, w[r].val[part]);
          }
        }
      }
    }
  }
  if (i < n) {
    BN_UNROLL for (int r = 0; r < R; r++) {
      const bn_vector w = elements(in->rows + r * in->row_bytes, type, i, n - i);
      BN_UNROLL for (int t = 0; t < T; t++) {
        const bn_vector x = bn_vload(in->x + t * in->stride + i, n - i);
        sums[r][t] = bn_vfma(sums[r][t], x, w, n - i);
      }
    }
  }
}

/* The whole product of R rows and T tokens in a plain format. */
BN_INLINE void multiply(const bn_matrix* m, const bn_rows* x, const bn_rows* y, const int type,
                        int32_t row, int32_t token, const int R, const int T) {
  const operands in = {bn_matrix_row(m, row), m->row_bytes, bn_row(x, token), x->stride};
  bn_vector sums[ROWS][TOKENS];
  BN_UNROLL for (int r = 0; r < R; r++) {
    BN_UNROLL for (int t = 0; t < T; t++) { sums[r][t] = bn_vall(0.0f); }
  }
  accumulate(sums, &in, type, m->columns, R, T);
  BN_UNROLL for (int t = 0; t < T; t++) {
    BN_UNROLL for (int r = 0; r < R; r++) { bn_row(y, token + t)[row + r] = bn_vfold(&sums[r][t]); }
  }
}

/* R <= SHARED_ROWS rows of a plain format and all tokens. */
BN_INLINE void plain_rows(const bn_matrix* m, const bn_rows* x, const bn_rows* y, const int type,
                          int32_t count, int32_t row, const int R) {
  int32_t t = 0;
  for (; t + TOKENS <= count; t += TOKENS) {
    multiply(m, x, y, type, row, t, R, TOKENS);
  }
  for (; t < count; t++) {
    multiply(m, x, y, type, row, t, R, 1);
  }
}

BN_INLINE void plain(const bn_matrix* m, const bn_rows* x, const bn_rows* y, const int type,
                     int32_t count, int32_t begin, int32_t end) {
  int32_t row = begin;
  if (count == 1) {
    for (; row + ROWS <= end; row += ROWS) {
      multiply(m, x, y, type, row, 0, ROWS, 1);
    }
  }
  for (; row + SHARED_ROWS <= end; row += SHARED_ROWS) {
    plain_rows(m, x, y, type, count, row, SHARED_ROWS);
  }
  if (row < end) {
    plain_rows(m, x, y, type, count, row, 1);
  }
}

/* Adds R of a tile's rows' products with T tokens to their lanes, kept between tiles as they are.
 */
BN_INLINE void tile_tokens(bn_vector kept[TILE_TOKENS][ROWS], const float* tile, const float* x,
                           int64_t stride, int64_t n, int row, const int R, const int T) {
  const operands in = {(const uint8_t*)(tile + TILE_COLUMNS * row), TILE_COLUMNS * sizeof(float), x,
                       stride};
  bn_vector sums[ROWS][TOKENS];
  BN_UNROLL for (int t = 0; t < T; t++) {
    BN_UNROLL for (int r = 0; r < R; r++) { sums[r][t] = kept[t][row + r]; }
  }
  accumulate(sums, &in, BN_TYPE_F32, n, R, T);
  BN_UNROLL for (int t = 0; t < T; t++) {
    BN_UNROLL for (int r = 0; r < R; r++) { kept[t][row + r] = sums[r][t]; }
  }
}

/* Rows [row, row + rows) of a block format and tokens [token, token + tokens). */
static void block_rows(const bn_matrix* m, const bn_rows* x, const bn_rows* y, int32_t row,
                       int32_t rows, int32_t token, int32_t tokens) {
  _Alignas(64) float tile[ROWS][TILE_COLUMNS];
  bn_vector kept[TILE_TOKENS][ROWS];
  for (int32_t t = 0; t < tokens; t++) {
    for (int r = 0; r < ROWS; r++) {
      kept[t][r] = bn_vall(0.0f);
    }
  }
  for (int64_t first = 0; first < m->columns; first += TILE_COLUMNS) {
    const int64_t left = m->columns - first;
    const int32_t n = (int32_t)(left < TILE_COLUMNS ? left : TILE_COLUMNS);
    for (int32_t r = 0; r < ROWS; r++) { /* where rows are missing, the last one again */
      const int32_t there = r < rows ? r : rows - 1;
      bn_decode_columns(m->type, bn_matrix_row(m, row + there), first, n, tile[r]);
    }
    const float* at = bn_row(x, token) + first;
    int32_t t = 0;
    for (; t + TOKENS <= tokens; t += TOKENS, at += TOKENS * x->stride) {
      tile_tokens(kept + t, tile[0], at, x->stride, n, 0, SHARED_ROWS, TOKENS);
      tile_tokens(kept + t, tile[0], at, x->stride, n, SHARED_ROWS, SHARED_ROWS, TOKENS);
    }
    for (; t < tokens; t++, at += x->stride) {
      tile_tokens(kept + t, tile[0], at, x->stride, n, 0, ROWS, 1);
    }
  }
  for (int32_t t = 0; t < tokens; t++) {
    for (int32_t r = 0; r < rows; r++) {
      bn_row(y, token + t)[row + r] = bn_vfold(&kept[t][r]);
    }
  }
}

static void blocks(const bn_matrix* m, const bn_rows* x, const bn_rows* y, int32_t count,
                   int32_t begin, int32_t end) {
  for (int32_t row = begin; row < end; row += ROWS) {
    const int32_t rows = end - row < ROWS ? end - row : ROWS;
    for (int32_t token = 0; token < count; token += TILE_TOKENS) {
      const int32_t tokens = count - token < TILE_TOKENS ? count - token : TILE_TOKENS;
      block_rows(m, x, y, row, rows, token, tokens);
    }
  }
}

int32_t bn_head_product_neon(const bn_matrix* m, const bn_rows* x, const bn_rows* y, int32_t count,
                             int32_t begin, int32_t end) {
  switch (m->type) {
    case BN_TYPE_F32:
      plain(m, x, y, BN_TYPE_F32, count, begin, end);
      return BN_OK;
    case BN_TYPE_F16:
      plain(m, x, y, BN_TYPE_F16, count, begin, end);
      return BN_OK;
    case BN_TYPE_BF16:
      plain(m, x, y, BN_TYPE_BF16, count, begin, end);
      return BN_OK;
    case BN_TYPE_Q8_0:
    case BN_TYPE_Q6_K:
    case BN_TYPE_Q4_0:
    case BN_TYPE_IQ4_NL:
    case BN_TYPE_Q4_K:
    case BN_TYPE_Q5_K:
      blocks(m, x, y, count, begin, end);
      return BN_OK;
    default:
      return BN_UNSUPPORTED;
  }
}
