/* One instruction of AVX-VNNI, and what tier AVX2 needs. */
#include "common/kernels.h"

void bn_try_avxvnni(void) {
  bn_try_avx2();
  __asm__ volatile(
      "%{vex%} vpdpbusd %%ymm0, %%ymm0, %%ymm0\n\t"
      "vzeroupper"
      :
      :
      : "xmm0");
}
