#include <string.h>

#include "common/pack_panels.h"

/* The lowest digit of each byte. */
#define LOW_DIGITS 0x03030303u

/* Field f of four words becomes fields 0 to 3 of one. */
static inline uint32_t gather(const uint32_t words[4], int f) {
  uint32_t gathered = 0;
  BN_UNROLL for (int g = 0; g < 4; g++) { gathered |= (words[g] >> 2 * f & LOW_DIGITS) << 2 * g; }
  return gathered;
}

static void panel_blocks(const uint8_t* const lines[16], uint8_t* panel, int32_t blocks) {
  for (int32_t row = 0; row < BN_PANEL_ROWS; row++) {
    for (int32_t quarter = 0; quarter < 4; quarter++) {
      uint32_t in[4];
      memcpy(in, lines[row] + 16 * quarter, sizeof in);
      for (int32_t f = 0; f < 4 && 4 * f + quarter < blocks; f++) {
        const uint32_t out = gather(in, f);
        memcpy(panel + BN_BLOCK_BYTES_2BIT * (4 * f + quarter) + 4 * row, &out, sizeof out);
      }
    }
  }
}

static void block_panels(const uint8_t* const lines[16], uint8_t* block, int64_t panel_bytes,
                         int32_t begin, int32_t end) {
  for (int32_t quarter = 0; quarter < 4; quarter++) {
    for (int32_t row = 0; row < BN_PANEL_ROWS; row++) {
      uint32_t in[4];
      for (int32_t g = 0; g < 4; g++) {
        uint8_t bytes[4];
        BN_UNROLL for (int j = 0; j < 4; j++) { bytes[j] = lines[4 * g + j][16 * quarter + row]; }
        memcpy(&in[g], bytes, sizeof bytes);
      }
      for (int32_t f = 0; f < 4; f++) {
        const int32_t panel = 4 * f + quarter;
        if (panel < begin || panel >= end) {
          continue;
        }
        const uint32_t out = gather(in, f);
        memcpy(block + panel_bytes * (panel - begin) + 4 * row, &out, sizeof out);
      }
    }
  }
}

int32_t bn_pack_panels_c(const bn_ternary_vectors* vectors, uint8_t* panels, int32_t begin,
                         int32_t end) {
  return bn_pack_panels_by(panel_blocks, block_panels, vectors, panels, begin, end);
}
