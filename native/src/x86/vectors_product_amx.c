/*
 * The product of a matrix by rows or columns with 8 to 48 tokens, a tile of up to 16 after the
 * other, without panels: making these pays only for more tokens (vectors_product.c).
 *
 * By rows, digits are the rows of a tile as they are in memory, and activations, by fours of
 * columns and tokens, are in the other. By columns, the lines of four columns are interleaved to
 * quads, whose four fields are decoded to digits of four panels. On an Emerald Rapids, two threads,
 * steps of 2B-4T's shape with 17, 24 and 48 tokens took 0.8 to 0.9 of their time with panels, with
 * 64 as long.
 */
#include "common/sparse_products.h"
#include "ternary_panels_amx.h"

/* Steps of 64 columns in a line of a row. */
#define LINE_STEPS (BN_LINE_DIGITS / BN_STEP_COLUMNS)
/* Rows of a pair of panels. */
#define PAIR_ROWS (BN_PANELS_AMX * BN_PANEL_ROWS)
/* The most columns of a matrix by rows, for room for activations. */
#define MOST_COLUMNS 8192
/* Fields of a byte. A line of columns has as many parts, of as many panels each. */
#define FIELDS 4
#define LINE_PANELS (BN_LINE_DIGITS / BN_PANEL_ROWS)
/*
 * Lines of the same columns that are read together, and how many columns at a time. CPUs fetch 128
 * bytes, of which one line is half; two neighbours come from memory 1.4 to 2 times as fast. Of a
 * block of columns the quads stay in a cache while they are multiplied, and the next block comes
 * into it.
 */
#define LINES 2
#define BLOCK_COLUMNS 512
/* The most tokens. Their tiles take turns at 32 panels, which the L2 cache holds of most shapes. */
#define MOST_TOKENS 48
#define PANELS_IN_TURN (LINES * LINE_PANELS)
/* Columns ahead that are asked for while lines are interleaved. */
#define COLUMNS_AHEAD 16

/* Sums of a panel, by rows and tokens or by tokens and rows. */
typedef int32_t panel_sums[BN_PANEL_ROWS][BN_TILE_TOKENS];

/* Of a part of a line, by fields. */
typedef panel_sums part_sums[FIELDS];

/* What is kept of digits, activations and sums: 168 KiB. */
typedef struct space {
  union {
    _Alignas(4096) bn_decoded rows[LINE_STEPS];                   /* a line of a pair of panels */
    _Alignas(4096) bn_decoded columns[2][FIELDS / BN_PANELS_AMX]; /* two steps of four panels */
  };
  union {
    _Alignas(64) int8_t values[MOST_COLUMNS / BN_STEP_COLUMNS][BN_TILE_BYTES]; /* for rows */
    _Alignas(64) uint8_t quads[LINES][BN_LINE_BYTES * BLOCK_COLUMNS];          /* of columns */
  };
  _Alignas(64) part_sums sums[LINES][FIELDS]; /* by lines and parts */
} space;

static _Thread_local space memory;

/* Columns of N lines that are asked for in a step of a part: of all parts, as many as are added. */
#define PART_COLUMNS(N) (BN_STEP_COLUMNS / FIELDS / (N))

/* Where a row starts; the last row replaces missing ones. */
static inline const uint8_t* row_of(const bn_ternary_vectors* w, int64_t row) {
  return bn_ternary_vector(w, row < w->rows ? row : w->rows - 1);
}

static inline void list_rows(const bn_ternary_vectors* w, int64_t panel,
                             const uint8_t* rows[PAIR_ROWS]) {
  for (int r = 0; r < PAIR_ROWS; r++) {
    rows[r] = row_of(w, BN_PANEL_ROWS * panel + r);
  }
}

/*
 * Adds the products of a step. Right after its tiles are loaded, the same step of the line that
 * starts at `at` of the rows is decoded in their place: then what is stored and what is loaded next
 * are in different halves of 4096 bytes (BN_AHEAD_AMX).
 */
BN_INLINE void add_step(const uint8_t* const* rows, int64_t at, const int8_t* values,
                        const int step) {
  bn_tile_load(4, values, 64);
  bn_tile_load(6, memory.rows[step][0], 64);
  bn_tile_load(7, memory.rows[step][1], 64);
  bn_decode_rows_amx(memory.rows[step], rows, at, step);
  bn_tile_dot_rows(0, 6, 4);
  bn_tile_dot_rows(1, 7, 4);
}

/* Asks for as many lines of the matrix from `from` on, if it has them, as a step uses. */
BN_INLINE int64_t request(const bn_ternary_vectors* w, int64_t from) {
  const int64_t last = w->rows * w->stride - BN_LINE_BYTES;
  BN_UNROLL for (int i = 0; i < PAIR_ROWS / LINE_STEPS; i++, from += BN_LINE_BYTES) {
    __builtin_prefetch(w->digits + (from < last ? from : last), 0, 2);
  }
  return from;
}

/* Outputs of a panel from its sums by tokens. */
BN_INLINE void finish(const bn_ternary_vectors* w, const bn_quantized* a, const bn_rows* y,
                      int32_t count, int32_t panel, panel_sums sums) {
  const bn_ternary outline = {.rows = w->rows, .columns = w->columns, .scale = w->scale};
  _Alignas(64) float weights[BN_PANEL_ROWS];
  bn_row_weights_amx(weights, &outline, BN_PANEL_ROWS * (int64_t)panel);
  const uint32_t mask = bn_panel_mask(&outline, panel);
  for (int32_t t = 0; t < count; t++) {
    bn_store_products_amx(bn_row(y, t) + BN_PANEL_ROWS * (int64_t)panel, mask, sums[t], a->sums[t],
                          weights, a->scales[t]);
  }
}

static void multiply_rows(const bn_ternary_vectors* w, const bn_quantized* a, const bn_rows* y,
                          int32_t count, int32_t begin, int32_t end) {
  for (int64_t s = 0; s < w->columns / BN_STEP_COLUMNS; s++) {
    bn_interleave_tokens_amx(memory.values[s], a->values + BN_STEP_COLUMNS * s, a->stride, count);
  }
  const uint8_t* rows[PAIR_ROWS];
  list_rows(w, begin, rows);
  bn_decode_rows_amx(memory.rows[0], rows, 0, 0);
  bn_decode_rows_amx(memory.rows[1], rows, 0, 1);
  bn_decode_rows_amx(memory.rows[2], rows, 0, 2);
  bn_decode_rows_amx(memory.rows[3], rows, 0, 3);
  const int64_t lines = w->columns / BN_LINE_DIGITS;
  for (int32_t panel = begin; panel < end; panel += BN_PANELS_AMX) {
    int64_t asked = BN_PANEL_ROWS * (int64_t)(panel + 2 * BN_PANELS_AMX) * w->stride;
    bn_zero_sums(BN_PANELS_AMX, 1);
    for (int64_t line = 0; line < lines; line++) {
      int64_t at = BN_LINE_BYTES * (line + 1);
      if (line + 1 == lines) {
        at = 0;
        list_rows(w, panel + BN_PANELS_AMX, rows);
      }
      const int8_t* values = memory.values[LINE_STEPS * line];
      asked = request(w, asked);
      add_step(rows, at, values, 0);
      asked = request(w, asked);
      add_step(rows, at, values + BN_TILE_BYTES, 1);
      asked = request(w, asked);
      add_step(rows, at, values + 2 * BN_TILE_BYTES, 2);
      asked = request(w, asked);
      add_step(rows, at, values + 3 * BN_TILE_BYTES, 3);
    }
    bn_tile_store(0, memory.sums[0][0][0], 64);
    bn_tile_store(1, memory.sums[0][0][1], 64);
    for (int32_t p = 0; p < BN_PANELS_AMX && panel + p < end; p++) {
      _Alignas(64) panel_sums by_tokens;
      bn_transpose_sums_amx(by_tokens, memory.sums[0][0][p]);
      finish(w, a, y, count, panel + p, by_tokens);
    }
  }
}

/* Interleaves N lines of that many columns to the quads of their parts, one after the other. */
BN_INLINE void interleave(const uint8_t* lines, int64_t stride, int64_t columns, const int N) {
  const int64_t part_bytes = BN_LINE_BYTES / FIELDS * columns;
  for (int64_t k = 0; k < columns; k += FIELDS, lines += FIELDS * stride) {
    BN_UNROLL for (int n = 0; n < N; n++) {
      const uint8_t* line = lines + BN_LINE_BYTES * n;
      BN_UNROLL for (int i = 0; i < FIELDS; i++) {
        __builtin_prefetch(line + (COLUMNS_AHEAD + i) * stride); /* past the last does no harm */
      }
      bn_interleave_columns_amx(memory.quads[n] + BN_LINE_BYTES / FIELDS * k, part_bytes, line,
                                stride);
    }
  }
}

/*
 * Adds the products of a block's part, whose four panels have these quads, to its sums, or begins
 * with them. Fields of a step are decoded in two halves, so that what is stored and what is loaded
 * next are in different halves of 4096 bytes. Each step asks for PART_COLUMNS(N) columns of N
 * lines, from `next` on, if that is not null.
 */
BN_INLINE void add_part(const bn_quantized* a, const int8_t* values, const uint8_t* quads,
                        int64_t steps, int begins, part_sums sums, const uint8_t* next,
                        int64_t stride, const int N) {
  bn_decode_fields_amx(memory.columns[0][0], quads, 0);
  bn_decode_fields_amx(memory.columns[0][1], quads, 2);
  if (begins) {
    bn_tile_zero(0);
    bn_tile_zero(1);
    bn_tile_zero(2);
    bn_tile_zero(3);
  } else {
    bn_tile_load(0, sums[0], 64);
    bn_tile_load(1, sums[1], 64);
    bn_tile_load(2, sums[2], 64);
    bn_tile_load(3, sums[3], 64);
  }
  for (int64_t s = 0; s < steps; s++, values += BN_STEP_COLUMNS) {
    bn_decoded* digits = memory.columns[s % 2];
    bn_decoded* later = memory.columns[(s + 1) % 2];
    if (s + 1 < steps) {
      quads += BN_TILE_BYTES;
    }
    if (next != NULL) {
      BN_UNROLL for (int i = 0; i < PART_COLUMNS(N); i++, next += stride) {
        BN_UNROLL for (int n = 0; n < N; n++) {
          __builtin_prefetch(next + BN_LINE_BYTES * n, 0, 2);
        }
      }
    }
    bn_tile_load(4, values, a->stride);
    bn_tile_load(6, digits[0][0], 64);
    bn_tile_load(7, digits[0][1], 64);
    bn_tile_dot(0, 4, 6);
    bn_tile_load(6, digits[1][0], 64);
    bn_tile_dot(1, 4, 7);
    bn_tile_load(7, digits[1][1], 64);
    bn_decode_fields_amx(later[0], quads, 0);
    bn_tile_dot(2, 4, 6);
    bn_tile_dot(3, 4, 7);
    bn_decode_fields_amx(later[1], quads, 2);
  }
  bn_tile_store(0, sums[0], 64);
  bn_tile_store(1, sums[1], 64);
  bn_tile_store(2, sums[2], 64);
  bn_tile_store(3, sums[3], 64);
}

/* Adds up N lines of all columns, from a panel's on. */
BN_INLINE void add_lines(const bn_ternary_vectors* w, const bn_quantized* a, int32_t panel,
                         const int N) {
  const uint8_t* block = w->digits + BN_LINE_BYTES * (int64_t)(panel / LINE_PANELS);
  for (int64_t k = 0; k < w->columns; k += BLOCK_COLUMNS) {
    const int64_t left = w->columns - k;
    const int64_t columns = left < BLOCK_COLUMNS ? left : BLOCK_COLUMNS;
    const int64_t steps = columns / BN_STEP_COLUMNS;
    interleave(block, w->stride, columns, N);
    block += columns * w->stride;
    const uint8_t* next = columns < left ? block : NULL;
    for (int n = 0; n < N; n++) {
      for (int64_t part = 0; part < FIELDS; part++) {
        add_part(a, a->values + k, memory.quads[n] + BN_LINE_BYTES / FIELDS * columns * part, steps,
                 k == 0, memory.sums[n][part], next, w->stride, N);
        next = next == NULL ? NULL : next + PART_COLUMNS(N) * steps * w->stride;
      }
    }
  }
}

/* Outputs of those panels of a line that are in [begin, end), of which `first` is its first. */
static void finish_line(const bn_ternary_vectors* w, const bn_quantized* a, const bn_rows* y,
                        int32_t count, int32_t first, int32_t begin, int32_t end,
                        part_sums* parts) {
  const int64_t apart = sizeof parts[0] / sizeof(int32_t);
  for (int32_t f = 0; f < FIELDS; f++) {
    _Alignas(64) panel_sums of[FIELDS];
    for (int32_t t = 0; t < count; t++) {
      bn_gather_rows_amx(of[0][t], sizeof of[0] / sizeof(int32_t), parts[0][f][t], apart, f);
    }
    for (int32_t i = 0; i < FIELDS; i++) {
      const int32_t panel = first + FIELDS * f + i;
      if (panel >= begin && panel < end) {
        finish(w, a, y, count, panel, of[i]);
      }
    }
  }
}

static void multiply_columns(const bn_ternary_vectors* w, const bn_quantized* a, const bn_rows* y,
                             int32_t count, int32_t begin, int32_t end) {
  int32_t lines = 0;
  for (int32_t first = begin / LINE_PANELS * LINE_PANELS; first < end;
       first += lines * LINE_PANELS) {
    lines = first % (LINES * LINE_PANELS) == 0 && first + LINE_PANELS < end ? LINES : 1;
    if (lines == LINES) {
      add_lines(w, a, first, LINES);
    } else {
      add_lines(w, a, first, 1);
    }
    for (int32_t n = 0; n < lines; n++) {
      finish_line(w, a, y, count, first + n * LINE_PANELS, begin, end, memory.sums[n]);
    }
  }
}

/* Panels [begin, end) with at most a tile of tokens. */
static void multiply(const bn_ternary_vectors* w, const bn_quantized* a, const bn_rows* y,
                     int32_t count, int32_t begin, int32_t end) {
  if (w->order == BN_ROW_MAJOR) {
    bn_tiles_configure(BN_TILE_TOKENS);
    multiply_rows(w, a, y, count, begin, end);
  } else {
    bn_tiles_configure(count);
    multiply_columns(w, a, y, count, begin, end);
  }
}

/* The same with tokens [from, to). */
static void multiply_tokens(const bn_ternary_vectors* w, const bn_quantized* a, const bn_rows* y,
                            int32_t from, int32_t to, int32_t begin, int32_t end) {
  bn_quantized tokens = *a;
  tokens.values += from * a->stride;
  tokens.scales += from;
  tokens.sums += from;
  bn_rows out = *y;
  out.data += from * y->stride;
  multiply(w, &tokens, &out, to - from, begin, end);
}

int32_t bn_vectors_product_amx(const bn_ternary_vectors* w, const bn_quantized* a, const bn_rows* y,
                               int32_t count, int32_t begin, int32_t end) {
  const int by_rows =
      w->order == BN_ROW_MAJOR && w->columns % BN_LINE_DIGITS == 0 && w->columns <= MOST_COLUMNS;
  const int by_columns = w->order == BN_COLUMN_MAJOR && w->columns % BN_STEP_COLUMNS == 0;
  if (count < BN_LEAST_TOKENS_AMX || count > MOST_TOKENS || !(by_rows || by_columns)) {
    return BN_UNSUPPORTED;
  }
  const int32_t tiles = (count + BN_TILE_TOKENS - 1) / BN_TILE_TOKENS;
  for (int32_t first = begin; first < end;) {
    const int32_t next = (first / PANELS_IN_TURN + 1) * PANELS_IN_TURN;
    const int32_t last = tiles == 1 || next > end ? end : next;
    for (int32_t t = 0; t < tiles; t++) {
      multiply_tokens(w, a, y, count * t / tiles, count * (t + 1) / tiles, first, last);
    }
    first = last;
  }
  bn_tiles_release();
  return BN_OK;
}
