/*
 * The head's product on x86-64. head_product_<isa>.c compiles it: it includes
 * matrix_elements_<isa>.h first, and defines ROWS and TOKENS, the most rows and tokens in
 * registers, and BN_KERNEL(op), the name of the tier's kernel.
 *
 * Each product is one chain of fused additions, 16 lanes wide. For one or two tokens one row after
 * the other keeps up with memory, two rows side by side where decoding takes time; for more,
 * several rows by several tokens share their elements, and block formats are decoded into tiles
 * first, once for many tokens; those without vector code of their own, for any number of tokens.
 *
 * Rows side by side are several streams of memory, which come at half the speed of one on Zen 4. So
 * memory is always asked for in its own order, ahead of the use.
 */
#include <stddef.h>
#include <string.h>

#include "common/decode_columns.h"
#include "common/kernels.h"

/* Up to this many tokens are too few to share much. */
#define FEW_TOKENS 2
/* How far ahead of a single row the next ones are asked for. */
#define PREFETCH_BYTES 8192
/* Tiles have ROWS rows; the lanes of KEPT_TOKENS tokens are kept between tiles. */
#define TILE_COLUMNS 256 /* a multiple of every format's block */
#define KEPT_TOKENS 18

/* Rows of a matrix, and rows of tokens. */
typedef struct operands {
  const uint8_t* rows;
  int64_t row_bytes;
  const float* x;
  int64_t stride;
} operands;

/* The 16 lanes of a row's product with a token. */
typedef struct lanes {
  bn_vector part[BN_PARTS];
} lanes;

/*
 * Adds the products of columns [i, i + n), as many as a vector has, to the given part of the lanes
 * of R rows in a simple format and T tokens.
 */
BN_INLINE void add_columns(lanes sums[TOKENS][ROWS], const operands* in, const int type, int64_t i,
                           int64_t n, const int part, const int R, const int T) {
  bn_vector w[ROWS];
  BN_UNROLL for (int r = 0; r < R; r++) {
    w[r] = bn_velements(type, in->rows + r * in->row_bytes, i, n);
  }
  BN_UNROLL for (int t = 0; t < T; t++) {
    const bn_vector x = bn_vload(in->x + t * in->stride + i, n);
    BN_UNROLL for (int r = 0; r < R; r++) {
      bn_vector* sum = &sums[t][r].part[part];
      *sum = bn_vfma(*sum, x, w[r], n);
    }
  }
}

/* Adds the products of a whole vector of row r's elements, w, from column i on, and T tokens. */
BN_INLINE void add_weights(lanes sums[TOKENS][ROWS], const operands* in, bn_vector w, int64_t i,
                           const int part, const int r, const int T) {
  BN_UNROLL for (int t = 0; t < T; t++) {
    const bn_vector x = bn_vload(in->x + t * in->stride + i, BN_WIDTH);
    sums[t][r].part[part] = bn_vfma(sums[t][r].part[part], x, w, BN_WIDTH);
  }
}

/* The three below add the products of n columns, and ask for as many bytes from ahead on. */

BN_INLINE void add_simple(lanes sums[TOKENS][ROWS], const operands* in, const int type, int64_t n,
                          const char* ahead, const int R, const int T) {
  const int step = R * 32 * (type == BN_TYPE_F32 ? 4 : 2); /* bytes */
  int64_t i = 0;
  for (; i + 32 <= n; i += 32) {
    if (ahead != NULL) {
      BN_UNROLL for (int line = 0; line < step; line += 64) {
        _mm_prefetch(ahead + line, _MM_HINT_T1);
      }
      ahead += step;
    }
    BN_UNROLL for (int v = 0; v < 32 / BN_WIDTH; v++) {
      add_columns(sums, in, type, i + BN_WIDTH * v, BN_WIDTH, v % BN_PARTS, R, T);
    }
  }
  for (; i < n; i += BN_LANES) {
    add_columns(sums, in, type, i, n - i, 0, R, T);
    if (BN_PARTS == 2 && i + BN_WIDTH < n) {
      add_columns(sums, in, type, i + BN_WIDTH, n - i - BN_WIDTH, BN_PARTS - 1, R, T);
    }
  }
}

BN_INLINE void add_short_blocks(lanes sums[TOKENS][ROWS], const operands* in, const int type,
                                int64_t n, const char* ahead, const int R, const int T) {
  const uint8_t* block = in->rows;
  const int bytes = bn_short_block_bytes(type);
  for (int64_t i = 0; i < n; i += BN_SHORT_BLOCK, block += bytes) {
    _mm_prefetch(ahead, _MM_HINT_T0); /* up to two blocks are at most about a line */
    ahead += R * bytes;
    BN_UNROLL for (int v = 0; v < BN_SHORT_BLOCK / BN_WIDTH; v++) {
      BN_UNROLL for (int r = 0; r < R; r++) {
        const bn_vector w = bn_vshort_block(type, block + r * in->row_bytes, v);
        add_weights(sums, in, w, i + BN_WIDTH * v, v % BN_PARTS, r, T);
      }
    }
  }
}

BN_INLINE void add_q6_k(lanes sums[TOKENS][ROWS], const operands* in, int64_t n, const char* ahead,
                        const int R, const int T) {
  const uint8_t* block = in->rows;
  for (int64_t i = 0; i < n; i += BN_Q6_K_BLOCK, block += BN_Q6_K_BYTES) {
    for (int line = 0; line < R * BN_Q6_K_BYTES; line += 64) {
      _mm_prefetch(ahead + line, _MM_HINT_T0);
    }
    ahead += R * BN_Q6_K_BYTES;
    float scales[ROWS][16];
    BN_UNROLL for (int r = 0; r < R; r++) { bn_vq6_k_scales(block + r * in->row_bytes, scales[r]); }
    BN_UNROLL for (int k = 0; k < BN_Q6_K_QUADS; k++) {
      BN_UNROLL for (int r = 0; r < R; r++) {
        bn_vector w[4];
        bn_vq6_k_weights(block + r * in->row_bytes, scales[r], k, w);
        BN_UNROLL for (int v = 0; v < 4; v++) {
          add_weights(sums, in, w[v], i + BN_WIDTH * (4 * k + v), v % BN_PARTS, r, T);
        }
      }
    }
  }
}

/* Rows [row, row + R) and tokens [token, token + T). */
BN_INLINE void multiply(const bn_matrix* m, const bn_rows* x, const bn_rows* y, const int type,
                        int32_t row, int32_t token, const char* ahead, const int R, const int T) {
  const operands in = {bn_matrix_row(m, row), m->row_bytes, bn_row(x, token), x->stride};
  lanes sums[TOKENS][ROWS];
  BN_UNROLL for (int t = 0; t < T; t++) {
    BN_UNROLL for (int r = 0; r < R; r++) {
      BN_UNROLL for (int p = 0; p < BN_PARTS; p++) { sums[t][r].part[p] = bn_vall(0.0f); }
    }
  }
  if (type == BN_TYPE_Q8_0 || type == BN_TYPE_Q4_0 || type == BN_TYPE_IQ4_NL) {
    add_short_blocks(sums, &in, type, m->columns, ahead, R, T);
  } else if (type == BN_TYPE_Q6_K) {
    add_q6_k(sums, &in, m->columns, ahead, R, T);
  } else {
    add_simple(sums, &in, type, m->columns, ahead, R, T);
  }
  BN_UNROLL for (int t = 0; t < T; t++) {
    BN_UNROLL for (int r = 0; r < R; r++) {
      bn_row(y, token + t)[row + r] = bn_vfold(sums[t][r].part);
    }
  }
}

/* Where memory is to be asked for while R rows from row on are read side by side. */
BN_INLINE const char* ahead_of(const bn_matrix* m, int32_t row, const int R) {
  return (const char*)bn_matrix_row(m, row) + (R == 1 ? PREFETCH_BYTES : R * m->row_bytes);
}

/* At most FEW_TOKENS tokens, R rows at a time, then single ones. */
BN_INLINE void multiply_few(const bn_matrix* m, const bn_rows* x, const bn_rows* y, const int type,
                            int32_t count, int32_t begin, int32_t end, const int R) {
  int32_t row = begin;
  for (; count == 1 && row + R <= end; row += R) {
    multiply(m, x, y, type, row, 0, ahead_of(m, row, R), R, 1);
  }
  for (; count == 1 && row < end; row++) {
    multiply(m, x, y, type, row, 0, ahead_of(m, row, 1), 1, 1);
  }
  for (; count == 2 && row + R <= end; row += R) {
    multiply(m, x, y, type, row, 0, ahead_of(m, row, R), R, 2);
  }
  for (; count == 2 && row < end; row++) {
    multiply(m, x, y, type, row, 0, ahead_of(m, row, 1), 1, 2);
  }
}

/* R rows of a simple format and all of more than FEW_TOKENS tokens, in groups of even size. */
BN_INLINE void multiply_all(const bn_matrix* m, const bn_rows* x, const bn_rows* y, const int type,
                            int32_t count, int32_t row, const int R) {
  const char* ahead = ahead_of(m, row, R);
  const int32_t groups = (count + TOKENS - 1) / TOKENS;
  for (int32_t g = 0; g < groups; g++, ahead = NULL) {
    const int32_t token = (int32_t)((int64_t)count * g / groups);
    const int32_t tokens = (int32_t)((int64_t)count * (g + 1) / groups) - token;
    BN_UNROLL for (int T = (TOKENS + 1) / 2; T <= TOKENS; T++) {
      if (T == tokens) {
        multiply(m, x, y, type, row, token, ahead, R, T);
      }
    }
  }
}

BN_INLINE void multiply_simple(const bn_matrix* m, const bn_rows* x, const bn_rows* y,
                               const int type, int32_t count, int32_t begin, int32_t end) {
  if (count <= FEW_TOKENS) {
    multiply_few(m, x, y, type, count, begin, end, 1);
    return;
  }
  int32_t row = begin;
  for (; row + ROWS <= end; row += ROWS) {
    multiply_all(m, x, y, type, count, row, ROWS);
  }
  for (; row < end; row++) {
    multiply_all(m, x, y, type, count, row, 1);
  }
}

/* Adds the products of a tile's n columns and T tokens to their lanes. */
BN_INLINE void add_tile(lanes kept[KEPT_TOKENS][ROWS], const operands* in, int64_t n, const int T) {
  lanes sums[TOKENS][ROWS];
  BN_UNROLL for (int t = 0; t < T; t++) {
    BN_UNROLL for (int r = 0; r < ROWS; r++) { sums[t][r] = kept[t][r]; }
  }
  add_simple(sums, in, BN_TYPE_F32, n, NULL, ROWS, T);
  BN_UNROLL for (int t = 0; t < T; t++) {
    BN_UNROLL for (int r = 0; r < ROWS; r++) { kept[t][r] = sums[t][r]; }
  }
}

static void add_tile_to_all(lanes kept[KEPT_TOKENS][ROWS], operands in, int64_t n, int32_t tokens) {
  for (; tokens >= TOKENS; tokens -= TOKENS, kept += TOKENS, in.x += TOKENS * in.stride) {
    add_tile(kept, &in, n, TOKENS);
  }
  BN_UNROLL for (int T = 1; T < TOKENS; T++) {
    if (T == tokens) {
      add_tile(kept, &in, n, T);
    }
  }
}

/* Rows [row, row + rows), at most ROWS, of a block format and at most KEPT_TOKENS tokens. */
static void multiply_tiles(const bn_matrix* m, const bn_rows* x, const bn_rows* y, int32_t row,
                           int32_t rows, int32_t token, int32_t tokens) {
  _Alignas(64) float tile[ROWS][TILE_COLUMNS];
  lanes kept[KEPT_TOKENS][ROWS];
  memset(kept, 0, (size_t)tokens * sizeof kept[0]);
  const int64_t step = ROWS * m->row_bytes * TILE_COLUMNS / m->columns;
  const char* ahead = ahead_of(m, row, ROWS);
  for (int64_t first = 0; first < m->columns; first += TILE_COLUMNS, ahead += step) {
    for (int64_t line = 0; line < step; line += 64) {
      _mm_prefetch(ahead + line, _MM_HINT_T0);
    }
    const int64_t n = m->columns - first < TILE_COLUMNS ? m->columns - first : TILE_COLUMNS;
    for (int32_t r = 0; r < ROWS; r++) { /* where rows are missing, the last one again */
      const uint8_t* from = bn_matrix_row(m, row + (r < rows ? r : rows - 1));
      bn_vdecode_columns(m->type, from, first, n, tile[r]);
    }
    const operands in = {(const uint8_t*)tile, sizeof tile[0], bn_row(x, token) + first, x->stride};
    add_tile_to_all(kept, in, n, tokens);
  }
  for (int32_t t = 0; t < tokens; t++) {
    for (int32_t r = 0; r < rows; r++) {
      bn_row(y, token + t)[row + r] = bn_vfold(kept[t][r].part);
    }
  }
}

/* Any format, decoded into tiles. */
static void multiply_decoded(const bn_matrix* m, const bn_rows* x, const bn_rows* y, int32_t count,
                             int32_t begin, int32_t end) {
  for (int32_t row = begin; row < end; row += ROWS) {
    const int32_t rows = end - row < ROWS ? end - row : ROWS;
    for (int32_t token = 0; token < count; token += KEPT_TOKENS) {
      const int32_t tokens = count - token < KEPT_TOKENS ? count - token : KEPT_TOKENS;
      multiply_tiles(m, x, y, row, rows, token, tokens);
    }
  }
}

/* A block format that is decoded in registers for few tokens. */
BN_INLINE void multiply_blocks(const bn_matrix* m, const bn_rows* x, const bn_rows* y,
                               const int type, int32_t count, int32_t begin, int32_t end) {
  if (count <= FEW_TOKENS) {
    multiply_few(m, x, y, type, count, begin, end, 2);
  } else {
    multiply_decoded(m, x, y, count, begin, end);
  }
}

int32_t BN_KERNEL(head_product)(const bn_matrix* m, const bn_rows* x, const bn_rows* y,
                                int32_t count, int32_t begin, int32_t end) {
  switch (m->type) {
    case BN_TYPE_F32:
      multiply_simple(m, x, y, BN_TYPE_F32, count, begin, end);
      return BN_OK;
    case BN_TYPE_F16:
      multiply_simple(m, x, y, BN_TYPE_F16, count, begin, end);
      return BN_OK;
    case BN_TYPE_BF16:
      multiply_simple(m, x, y, BN_TYPE_BF16, count, begin, end);
      return BN_OK;
    case BN_TYPE_Q8_0:
      multiply_blocks(m, x, y, BN_TYPE_Q8_0, count, begin, end);
      return BN_OK;
    case BN_TYPE_Q6_K:
      multiply_blocks(m, x, y, BN_TYPE_Q6_K, count, begin, end);
      return BN_OK;
    case BN_TYPE_Q4_0:
      multiply_blocks(m, x, y, BN_TYPE_Q4_0, count, begin, end);
      return BN_OK;
    case BN_TYPE_IQ4_NL:
      multiply_blocks(m, x, y, BN_TYPE_IQ4_NL, count, begin, end);
      return BN_OK;
    case BN_TYPE_Q4_K:
    case BN_TYPE_Q5_K:
      multiply_decoded(m, x, y, count, begin, end);
      return BN_OK;
    default:
      return BN_UNSUPPORTED;
  }
}
