/*
 * The product of a matrix by rows or columns with one tile of tokens, 8 to 16 of them, without
 * panels: making these pays only for more tokens (vectors_product.c).
 *
 * By rows, digits are the rows of a tile as they are in memory, and activations, by fours of
 * columns and tokens, are in the other. By columns, the lines of four columns are interleaved to
 * quads, whose four fields are decoded to digits of four panels. With 16 tokens and weights in
 * memory, on an Emerald Rapids rows (6912 by 2560) took 0.41 to 0.47 and columns (2560 by 6912)
 * 0.70 to 0.77 of the time that making panels and multiplying them took.
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
/* Columns ahead that are asked for while lines are interleaved. */
#define COLUMNS_AHEAD 64

/* Sums of a panel, by rows and tokens or by tokens and rows. */
typedef int32_t panel_sums[BN_PANEL_ROWS][BN_TILE_TOKENS];

/* What is kept of digits, activations and sums: 152 KiB. */
typedef struct space {
  union {
    _Alignas(4096) bn_decoded rows[LINE_STEPS];                   /* a line of a pair of panels */
    _Alignas(4096) bn_decoded columns[2][FIELDS / BN_PANELS_AMX]; /* two steps of four panels */
  };
  _Alignas(64) int8_t values[MOST_COLUMNS / BN_STEP_COLUMNS][BN_TILE_BYTES];
  _Alignas(64) panel_sums sums[FIELDS][FIELDS]; /* by parts and fields */
} space;

static _Thread_local space memory;

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
    bn_tile_store(0, memory.sums[0][0], 64);
    bn_tile_store(1, memory.sums[0][1], 64);
    for (int32_t p = 0; p < BN_PANELS_AMX && panel + p < end; p++) {
      _Alignas(64) panel_sums by_tokens;
      bn_transpose_sums_amx(by_tokens, memory.sums[0][p]);
      finish(w, a, y, count, panel + p, by_tokens);
    }
  }
}

/* Interleaves a line of all columns to the quads of its parts, one part after the other. */
static void interleave(const bn_ternary_vectors* w, const uint8_t* line, uint8_t* quads) {
  const int64_t part_bytes = BN_LINE_BYTES / FIELDS * (int64_t)w->columns;
  for (int64_t k = 0; k < w->columns; k += FIELDS, quads += BN_LINE_BYTES) {
    for (int64_t i = k; i < k + FIELDS; i++) {
      const int64_t ahead = i + COLUMNS_AHEAD < w->columns ? i + COLUMNS_AHEAD : w->columns - 1;
      __builtin_prefetch(line + ahead * w->stride);
    }
    bn_interleave_columns_amx(quads, part_bytes, line + k * w->stride, w->stride);
  }
}

/*
 * Adds up the four panels of a part's quads. Fields of a step are decoded in two halves, so that
 * what is stored and what is loaded next are in different halves of 4096 bytes. Asks for columns
 * [from, to) of the next line, if there is one.
 */
static void add_part(const bn_ternary_vectors* w, const bn_quantized* a, const uint8_t* quads,
                     const uint8_t* next, int64_t from, panel_sums* sums) {
  const int64_t steps = w->columns / BN_STEP_COLUMNS;
  bn_decode_fields_amx(memory.columns[0][0], quads, 0);
  bn_decode_fields_amx(memory.columns[0][1], quads, 2);
  bn_tile_zero(0);
  bn_tile_zero(1);
  bn_tile_zero(2);
  bn_tile_zero(3);
  for (int64_t s = 0; s < steps; s++, from += BN_STEP_COLUMNS / FIELDS) {
    bn_decoded* digits = memory.columns[s % 2];
    bn_decoded* later = memory.columns[(s + 1) % 2];
    if (s + 1 < steps) {
      quads += BN_TILE_BYTES;
    }
    if (next != NULL) {
      BN_UNROLL for (int i = 0; i < BN_STEP_COLUMNS / FIELDS; i++) {
        __builtin_prefetch(next + (from + i) * w->stride, 0, 2);
      }
    }
    bn_tile_load(4, a->values + BN_STEP_COLUMNS * s, a->stride);
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

static void multiply_columns(const bn_ternary_vectors* w, const bn_quantized* a, const bn_rows* y,
                             int32_t count, int32_t begin, int32_t end, uint8_t* scratch) {
  const int64_t part_bytes = BN_LINE_BYTES / FIELDS * (int64_t)w->columns;
  for (int32_t first = begin / LINE_PANELS * LINE_PANELS; first < end; first += LINE_PANELS) {
    const uint8_t* line = w->digits + BN_LINE_BYTES * (int64_t)(first / LINE_PANELS);
    const uint8_t* next = first + LINE_PANELS < end ? line + BN_LINE_BYTES : NULL;
    interleave(w, line, scratch);
    for (int64_t part = 0; part < FIELDS; part++) {
      add_part(w, a, scratch + part * part_bytes, next, part * w->columns / FIELDS,
               memory.sums[part]);
    }
    for (int32_t f = 0; f < FIELDS; f++) {
      _Alignas(64) panel_sums of[FIELDS];
      for (int32_t t = 0; t < count; t++) {
        bn_gather_rows_amx(of[0][t], sizeof of[0] / sizeof(int32_t), memory.sums[0][f][t],
                           sizeof memory.sums[0] / sizeof(int32_t));
      }
      for (int32_t i = 0; i < FIELDS; i++) {
        const int32_t panel = first + FIELDS * f + i;
        if (panel >= begin && panel < end) {
          finish(w, a, y, count, panel, of[i]);
        }
      }
    }
  }
}

int32_t bn_vectors_product_amx(const bn_ternary_vectors* w, const bn_quantized* a, const bn_rows* y,
                               int32_t count, int32_t begin, int32_t end, uint8_t* scratch) {
  const int by_rows =
      w->order == BN_ROW_MAJOR && w->columns % BN_LINE_DIGITS == 0 && w->columns <= MOST_COLUMNS;
  const int by_columns = w->order == BN_COLUMN_MAJOR && w->columns % BN_STEP_COLUMNS == 0;
  if (count < BN_LEAST_TOKENS_AMX || count > BN_TILE_TOKENS || !(by_rows || by_columns)) {
    return BN_UNSUPPORTED;
  }
  if (by_rows) {
    bn_tiles_configure(BN_TILE_TOKENS);
    multiply_rows(w, a, y, count, begin, end);
  } else {
    bn_tiles_configure(count);
    multiply_columns(w, a, y, count, begin, end, scratch);
  }
  bn_tiles_release();
  return BN_OK;
}
