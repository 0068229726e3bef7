/* An instruction of AVX-512 VBMI, on zeros, and what tier AVX-512 needs. */
#include "common/kernels.h"

void bn_try_avx512vbmi(void) {
  bn_try_avx512();
  __asm__ volatile(
      "vpxord %%zmm16, %%zmm16, %%zmm16\n\t"
      "vpermb %%zmm16, %%zmm16, %%zmm16\n\t"
      "vzeroupper"
      :
      :
      : "xmm16");
}
