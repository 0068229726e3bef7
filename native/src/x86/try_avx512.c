/* One instruction each of AVX-512 F, BW, DQ, VL and VNNI, on zeros, and what tier AVX2 needs. */
#include "common/kernels.h"

void bn_try_avx512(void) {
  bn_try_avx2();
  __asm__ volatile(
      "vpxord %%zmm16, %%zmm16, %%zmm16\n\t"
      "vpaddb %%zmm16, %%zmm16, %%zmm16\n\t"
      "vpmullq %%zmm16, %%zmm16, %%zmm16\n\t"
      "vpaddd %%xmm16, %%xmm16, %%xmm16\n\t"
      "vpdpbusd %%zmm16, %%zmm16, %%zmm16\n\t"
      "vzeroupper"
      :
      :
      : "xmm16");
}
