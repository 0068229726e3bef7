/* Every tier's: a model is packed once, and this is fast enough. */
#include <string.h>

#include "common/kernels.h"
#include "common/ternary_panels.h"

/* Blocks of 16 columns, or panels of 16 rows, in a line of 256 digits. */
#define LINE_BLOCKS (BN_LINE_DIGITS / 16)
/* The lowest digit of each byte. */
#define LOW_DIGITS 0x03030303u

/* Four bytes of a panel: in field f of byte j, column 4 * f + j of a block. */
static inline uint32_t word_of(const uint8_t* p) {
  uint32_t word;
  memcpy(&word, p, sizeof word);
  return word;
}

/* Field f of four words becomes fields 0 to 3 of one. */
static inline uint32_t gather(const uint32_t words[4], int f) {
  uint32_t gathered = 0;
  BN_UNROLL for (int g = 0; g < 4; g++) { gathered |= (words[g] >> 2 * f & LOW_DIGITS) << 2 * g; }
  return gathered;
}

/* One row of a panel, from its first word on. */
static void pack_row(const uint8_t* words, int32_t blocks, uint8_t* line) {
  for (int32_t first = 0; first < blocks; first += LINE_BLOCKS, line += BN_LINE_BYTES) {
    for (int32_t quarter = 0; quarter < 4; quarter++) {
      uint32_t in[4];
      BN_UNROLL for (int f = 0; f < 4; f++) {
        const int32_t block = first + 4 * f + quarter;
        in[f] = block < blocks ? word_of(words + (int64_t)BN_BLOCK_BYTES_2BIT * block) : 0;
      }
      BN_UNROLL for (int f = 0; f < 4; f++) {
        const uint32_t out = gather(in, f);
        memcpy(line + 16 * quarter + 4 * f, &out, sizeof out);
      }
    }
  }
}

/* The digits of 16 columns in the rows of up to 16 panels become a line of each. */
static void pack_columns(const uint8_t* block, int64_t panel_bytes, int32_t panels,
                         uint8_t lines[16][BN_LINE_BYTES]) {
  for (int32_t quarter = 0; quarter < 4; quarter++) {
    for (int32_t row = 0; row < BN_PANEL_ROWS; row++) {
      uint32_t in[4];
      BN_UNROLL for (int g = 0; g < 4; g++) {
        const int32_t panel = 4 * g + quarter;
        in[g] = panel < panels ? word_of(block + panel_bytes * panel + 4 * row) : 0;
      }
      BN_UNROLL for (int f = 0; f < 4; f++) {
        const uint32_t out = gather(in, f);
        uint8_t bytes[4];
        memcpy(bytes, &out, sizeof out);
        BN_UNROLL for (int j = 0; j < 4; j++) {
          lines[4 * f + j][BN_PANEL_ROWS * quarter + row] = bytes[j];
        }
      }
    }
  }
}

int32_t bn_pack_vectors_c(const bn_ternary* w, const bn_ternary_vectors* vectors, int32_t begin,
                          int32_t end) {
  if (w->layout != BN_PANEL_2BIT) {
    return BN_UNSUPPORTED;
  }
  const int32_t blocks = bn_padded_columns(w) / BN_BLOCK_COLUMNS;
  const int64_t panel_bytes = (int64_t)BN_BLOCK_BYTES_2BIT * blocks;
  if (vectors->order == BN_ROW_MAJOR) {
    for (int64_t row = 16 * (int64_t)begin; row < 16 * (int64_t)end && row < w->rows; row++) {
      const uint8_t* words = w->panels + row / 16 * panel_bytes + row % 16 * 4;
      pack_row(words, blocks, vectors->digits + row * vectors->stride);
    }
    return BN_OK;
  }
  if (vectors->order != BN_COLUMN_MAJOR) {
    return BN_UNSUPPORTED;
  }
  const int32_t panels = (w->rows + BN_PANEL_ROWS - 1) / BN_PANEL_ROWS;
  for (int32_t first = 0; first < panels; first += LINE_BLOCKS) { /* panels are streams of memory */
    const int32_t some = panels - first < LINE_BLOCKS ? panels - first : LINE_BLOCKS;
    for (int32_t block = begin; block < end && block < blocks; block++) {
      const uint8_t* source = w->panels + panel_bytes * first + (int64_t)64 * block;
      uint8_t lines[16][BN_LINE_BYTES];
      pack_columns(source, panel_bytes, some, lines);
      for (int64_t i = 0; i < 16 && 16 * (int64_t)block + i < w->columns; i++) {
        uint8_t* vector = vectors->digits + (16 * (int64_t)block + i) * vectors->stride;
        memcpy(vector + first / LINE_BLOCKS * BN_LINE_BYTES, lines[i], BN_LINE_BYTES);
      }
    }
  }
  return BN_OK;
}
