/*
 * One of each instruction of AMX-TILE and AMX-INT8, on zeros, and what tier AVX512VBMI needs. They
 * fault, too, where the process has no permission for tiles.
 */
#include "tiles_amx.h"

void bn_try_amx(void) {
  bn_try_avx512vbmi();
  _Alignas(64) uint8_t zeros[1024] = {0};
  bn_tiles_configure(16);
  bn_tile_zero(0);
  bn_tile_load(4, zeros, 64);
  bn_tile_load(6, zeros, 64);
  bn_tile_dot(0, 4, 6);
  bn_tile_store(0, zeros, 64);
  bn_tiles_release();
}
