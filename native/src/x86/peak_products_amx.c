#include "ternary_panels_amx.h"

/* Four products that do not wait for each other hide their latency, as those of a step do. */
int64_t bn_peak_products_amx(int32_t rounds) {
  _Alignas(64) uint8_t ones[BN_TILE_BYTES];
  _Alignas(64) bn_tile_sums sums[2];
  memset(ones, 1, sizeof ones);
  bn_tiles_configure(BN_TILE_TOKENS);
  bn_zero_sums(2, 2);
  bn_tile_load(4, ones, 64);
  bn_tile_load(5, ones, 64);
  bn_tile_load(6, ones, 64);
  bn_tile_load(7, ones, 64);
  for (int32_t r = 0; r < rounds; r++) {
    bn_tile_dot(0, 4, 6);
    bn_tile_dot(1, 4, 7);
    bn_tile_dot(2, 5, 6);
    bn_tile_dot(3, 5, 7);
  }
  bn_store_sums(sums, 2, 2);
  bn_tiles_release();
  int64_t sum = 0;
  for (int n = 0; n < 2; n++) {
    for (int p = 0; p < 2; p++) {
      for (int t = 0; t < BN_TILE_TOKENS; t++) {
        for (int r = 0; r < BN_PANEL_ROWS; r++) {
          sum += sums[n][p][t][r];
        }
      }
    }
  }
  return sum;
}
