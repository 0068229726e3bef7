/*
 * One of each instruction of AMX-TILE and AMX-INT8 and one of GFNI, on zeros, and what tier
 * AVX512VBMI needs. Those of tiles fault, too, where the process has no permission for them.
 */
#include "tiles_amx.h"

void bn_try_amx(void) {
  bn_try_avx512vbmi();
  __asm__ volatile(
      "vpxord %%zmm16, %%zmm16, %%zmm16\n\t"
      "vgf2p8affineqb $0, %%zmm16, %%zmm16, %%zmm16\n\t"
      "vzeroupper"
      :
      :
      : "xmm16");
  _Alignas(64) uint8_t zeros[1024] = {0};
  bn_tiles_configure(16);
  bn_tile_zero(0);
  bn_tile_load(4, zeros, 64);
  bn_tile_load(6, zeros, 64);
  bn_tile_dot(0, 4, 6);
  bn_tile_store(0, zeros, 64);
  bn_tiles_release();
}
