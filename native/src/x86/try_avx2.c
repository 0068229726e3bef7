/* One instruction each of AVX2, FMA, F16C and BMI2, on zeros. */
#include "common/kernels.h"

void bn_try_avx2(void) {
  __asm__ volatile(
      "vpxor %%ymm0, %%ymm0, %%ymm0\n\t"
      "vfmadd231ps %%ymm0, %%ymm0, %%ymm0\n\t"
      "vcvtph2ps %%xmm0, %%ymm0\n\t"
      "shlx %%eax, %%eax, %%eax\n\t"
      "vzeroupper"
      :
      :
      : "eax", "xmm0");
}
