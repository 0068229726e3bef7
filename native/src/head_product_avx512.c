/*
 * Each product is one chain of fused additions, 16 lanes wide, so speed comes from several rows at
 * once and, where there are more tokens, from several of them sharing the rows' elements.
 */
#include "kernels.h"
#include "lanes_avx512.h"
#include "matrix_c.h"
#include "unroll.h"

/* The most rows and tokens in registers. */
#define ROWS 4
#define TOKENS 4
/* Block formats are decoded this many columns at a time, for this many tokens. */
#define TILE_COLUMNS 256
#define TILE_TOKENS 16

/* Rows of plain elements, and rows of tokens. */
typedef struct operands {
  const uint8_t* rows;
  int64_t row_bytes;
  const float* x;
  int64_t stride;
} operands;

/* Elements [i, i + n) of a row, n <= 16, then zeros. */
BN_INLINE __m512 elements(const uint8_t* row, const int type, int64_t i, int64_t n) {
  switch (type) {
    case BN_TYPE_F16:
      return bn_load_half16(row + 2 * i, n);
    case BN_TYPE_BF16:
      return bn_load_bfloat16(row + 2 * i, n);
    default:
      return bn_load16((const float*)(const void*)(row + 4 * i), n);
  }
}

/* Adds n columns' products to the lanes of R rows by T tokens. */
BN_INLINE void accumulate(__m512 lanes[ROWS][TOKENS], const operands* in, const int type, int64_t n,
                          const int R, const int T) {
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    __m512 w[ROWS];
    BN_UNROLL for (int r = 0; r < R; r++) {
      w[r] = elements(in->rows + r * in->row_bytes, type, i, 16);
    }
    BN_UNROLL for (int t = 0; t < T; t++) {
      const __m512 x = _mm512_loadu_ps(in->x + t * in->stride + i);
      BN_UNROLL for (int r = 0; r < R; r++) { lanes[r][t] = _mm512_fmadd_ps(x, w[r], lanes[r][t]); }
    }
  }
  if (i < n) {
    BN_UNROLL for (int r = 0; r < R; r++) {
      const __m512 w = elements(in->rows + r * in->row_bytes, type, i, n - i);
      BN_UNROLL for (int t = 0; t < T; t++) {
        const __m512 x = bn_load16(in->x + t * in->stride + i, n - i);
        lanes[r][t] = bn_fma16(lanes[r][t], x, w, n - i);
      }
    }
  }
}

/* The whole product of R rows and T tokens in a plain format. */
BN_INLINE void multiply(const bn_matrix* m, const bn_rows* x, const bn_rows* y, const int type,
                        int32_t row, int32_t token, const int R, const int T) {
  const operands in = {bn_matrix_row(m, row), m->row_bytes, bn_row(x, token), x->stride};
  __m512 lanes[ROWS][TOKENS];
  BN_UNROLL for (int r = 0; r < R; r++) {
    BN_UNROLL for (int t = 0; t < T; t++) { lanes[r][t] = _mm512_setzero_ps(); }
  }
  accumulate(lanes, &in, type, m->columns, R, T);
  BN_UNROLL for (int t = 0; t < T; t++) {
    BN_UNROLL for (int r = 0; r < R; r++) {
      bn_row(y, token + t)[row + r] = bn_fold16(lanes[r][t]);
    }
  }
}

/* R rows of a plain format and all tokens. */
BN_INLINE void plain_rows(const bn_matrix* m, const bn_rows* x, const bn_rows* y, const int type,
                          int32_t count, int32_t row, const int R) {
  int32_t t = 0;
  for (; t + TOKENS <= count; t += TOKENS) {
    multiply(m, x, y, type, row, t, R, TOKENS);
  }
  if (count - t >= 2) {
    multiply(m, x, y, type, row, t, R, 2);
    t += 2;
  }
  if (t < count) {
    multiply(m, x, y, type, row, t, R, 1);
  }
}

BN_INLINE void plain(const bn_matrix* m, const bn_rows* x, const bn_rows* y, const int type,
                     int32_t count, int32_t begin, int32_t end) {
  int32_t row = begin;
  for (; row + ROWS <= end; row += ROWS) {
    plain_rows(m, x, y, type, count, row, ROWS);
  }
  for (; row < end; row++) {
    plain_rows(m, x, y, type, count, row, 1);
  }
}

/* Adds a tile's products with T tokens to their lanes, kept between tiles as they are. */
BN_INLINE void tile_tokens(__m512 lanes[TILE_TOKENS][ROWS], const operands* in, int64_t n,
                           const int T) {
  __m512 part[ROWS][TOKENS];
  BN_UNROLL for (int t = 0; t < T; t++) {
    BN_UNROLL for (int r = 0; r < ROWS; r++) { part[r][t] = lanes[t][r]; }
  }
  accumulate(part, in, BN_TYPE_F32, n, ROWS, T);
  BN_UNROLL for (int t = 0; t < T; t++) {
    BN_UNROLL for (int r = 0; r < ROWS; r++) { lanes[t][r] = part[r][t]; }
  }
}

/* Rows [row, row + rows) of a block format and tokens [token, token + tokens). */
static void block_rows(const bn_matrix* m, const bn_rows* x, const bn_rows* y, int32_t row,
                       int32_t rows, int32_t token, int32_t tokens) {
  _Alignas(64) float tile[ROWS][TILE_COLUMNS];
  __m512 lanes[TILE_TOKENS][ROWS];
  for (int32_t t = 0; t < tokens; t++) {
    for (int r = 0; r < ROWS; r++) {
      lanes[t][r] = _mm512_setzero_ps();
    }
  }
  for (int64_t first = 0; first < m->columns; first += TILE_COLUMNS) {
    const int64_t left = m->columns - first;
    const int32_t n = (int32_t)(left < TILE_COLUMNS ? left : TILE_COLUMNS);
    for (int32_t r = 0; r < ROWS; r++) { /* where rows are missing, the last one again */
      const int32_t there = r < rows ? r : rows - 1;
      bn_decode_columns(m->type, bn_matrix_row(m, row + there), first, n, tile[r]);
    }
    operands in = {(const uint8_t*)tile, sizeof tile[0], bn_row(x, token) + first, x->stride};
    int32_t t = 0;
    for (; t + TOKENS <= tokens; t += TOKENS, in.x += TOKENS * x->stride) {
      tile_tokens(lanes + t, &in, n, TOKENS);
    }
    for (; t < tokens; t++, in.x += x->stride) {
      tile_tokens(lanes + t, &in, n, 1);
    }
  }
  for (int32_t t = 0; t < tokens; t++) {
    for (int32_t r = 0; r < rows; r++) {
      bn_row(y, token + t)[row + r] = bn_fold16(lanes[t][r]);
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

int32_t bn_head_product_avx512(const bn_matrix* m, const bn_rows* x, const bn_rows* y,
                               int32_t count, int32_t begin, int32_t end) {
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
      blocks(m, x, y, count, begin, end);
      return BN_OK;
    default:
      return BN_UNSUPPORTED;
  }
}
