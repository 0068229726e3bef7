/* What the products over ternary panels share, whatever their tier and the storage of digits. */
#ifndef BITNET_TERNARY_PANELS_H
#define BITNET_TERNARY_PANELS_H

#include <stddef.h>

#include "bitnet.h"
#include "kernels.h"
#include "unroll.h"

#define BN_PANEL_ROWS 16
/* Bytes of a block in every layout. */
#define BN_BLOCK_BYTES 64
/* Columns of a panel that are stored together, and their bytes in layout BN_PANEL_2BIT. */
#define BN_BLOCK_COLUMNS 16
#define BN_BLOCK_BYTES_2BIT 64
/* Quads of four columns in such a block. */
#define BN_QUADS_2BIT 4

/* Whether w has two-bit panels and a scale for a row or for all, and a a scale for a row. */
static inline int bn_is_two_bit_by_rows(const bn_ternary* w, const bn_quantized* a) {
  return w->layout == BN_PANEL_2BIT && w->group_scales == NULL && a->block_columns == 0;
}

/* Whether w has two-bit panels and scales by groups, and a sums and scales that fit them. */
static inline int bn_is_two_bit_by_groups(const bn_ternary* w, const bn_quantized* a) {
  return w->layout == BN_PANEL_2BIT && w->group_scales != NULL && w->group_columns > 0 &&
         w->group_columns % BN_BLOCK_COLUMNS == 0 && a->group_sums != NULL &&
         a->group_columns > 0 && w->group_columns % a->group_columns == 0 &&
         a->block_columns % w->group_columns == 0;
}

/* Columns with their padding. Activations are zero there. */
static inline int32_t bn_padded_columns(const bn_ternary* w) {
  return (w->columns + BN_BLOCK_COLUMNS - 1) / BN_BLOCK_COLUMNS * BN_BLOCK_COLUMNS;
}

/* Blocks of a panel that have that many quads of columns each. */
static inline int64_t bn_blocks(const bn_ternary* w, int32_t quads) {
  return ((int64_t)w->columns + 4 * quads - 1) / (4 * quads);
}

/* The rows of a panel that there are, as bits. */
static inline uint32_t bn_panel_mask(const bn_ternary* w, int32_t panel) {
  const int64_t rows = w->rows - BN_PANEL_ROWS * (int64_t)panel;
  return rows >= BN_PANEL_ROWS ? 0xffff : rows <= 0 ? 0 : (1u << rows) - 1;
}

/* Panels that are multiplied together: first, first + step, ... */
typedef struct bn_panels {
  int32_t first, step;
} bn_panels;

/* How the groups of a matrix meet those of activations. */
typedef struct bn_groups {
  int64_t count;      /* of a row of the matrix */
  int64_t blocks;     /* of the panels in a group, but for the last of a row */
  int64_t row_sums;   /* of a row of activations */
  int64_t sums;       /* of those that are a group's together */
  int64_t row_scales; /* of a row of activations */
  int64_t sharing;    /* groups that share one of these; 0: all */
} bn_groups;

static inline bn_groups bn_groups_of(const bn_ternary* w, const bn_quantized* a) {
  return (bn_groups){.count = bn_runs(w->columns, w->group_columns),
                     .blocks = w->group_columns / BN_BLOCK_COLUMNS,
                     .row_sums = bn_runs(w->columns, a->group_columns),
                     .sums = w->group_columns / a->group_columns,
                     .row_scales = bn_runs(w->columns, a->block_columns),
                     .sharing = a->block_columns / w->group_columns};
}

/* The sum of group g of activations of token t. */
static inline int32_t bn_group_sum(const bn_quantized* a, const bn_groups* groups, int64_t t,
                                   int64_t g) {
  const int32_t* sums = a->group_sums + t * groups->row_sums;
  const int64_t first = g * groups->sums;
  int32_t sum = sums[first];
  for (int64_t i = first + 1; i < first + groups->sums && i < groups->row_sums; i++) {
    sum += sums[i];
  }
  return sum;
}

/*
 * What a group's weight scales are multiplied by before its sum is, and what an output is at the
 * end: one is the scale of the activations and the other 1, by which a product is exact.
 */
static inline float bn_group_factor(const bn_quantized* a, const bn_groups* groups, int64_t t,
                                    int64_t g) {
  return groups->sharing == 0 ? 1.0f : a->scales[t * groups->row_scales + g / groups->sharing];
}

static inline float bn_row_factor(const bn_quantized* a, const bn_groups* groups, int64_t t) {
  return groups->sharing == 0 ? a->scales[t] : 1.0f;
}

/* The first of the panels' blocks that is not group g's. */
static inline int64_t bn_group_end(const bn_ternary* w, const bn_groups* groups, int64_t g) {
  return g + 1 < groups->count ? (g + 1) * groups->blocks : bn_padded_columns(w) / BN_BLOCK_COLUMNS;
}

/* Multiplies panels [begin, end) with tokens [token, token + tokens), few enough to go at once. */
typedef void bn_multiply_panels(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                int32_t token, int32_t tokens, int32_t begin, int32_t end);

/* What a tier multiplies at once of a format with panels in blocks of 64 bytes. */
typedef struct bn_portion {
  int32_t tokens; /* the most */
  int32_t panels;
  int64_t cached_bytes; /* of panels that more tokens than these are multiplied with in turn */
  int32_t quads;        /* of columns in a block */
} bn_portion;

/* bn_ternary_product for a format. */
BN_INLINE void bn_ternary_product_by(bn_multiply_panels* multiply, const bn_portion once,
                                     const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                     int32_t count, int32_t begin, int32_t end) {
  const int64_t panel_bytes = BN_BLOCK_BYTES * bn_blocks(w, once.quads);
  const int32_t fit = (int32_t)(once.cached_bytes / panel_bytes) / once.panels * once.panels;
  const int32_t groups = (count + once.tokens - 1) / once.tokens;
  const int32_t step = groups == 1 ? end - begin : fit > 0 ? fit : once.panels;
  for (int32_t p = begin; p < end; p += step) {
    const int32_t last = end - p < step ? end : p + step;
    for (int32_t g = 0; g < groups; g++) { /* groups of even size: none is left with few */
      const int32_t token = (int32_t)((int64_t)count * g / groups);
      const int32_t tokens = (int32_t)((int64_t)count * (g + 1) / groups) - token;
      multiply(w, a, y, token, tokens, p, last);
    }
  }
}

#endif
