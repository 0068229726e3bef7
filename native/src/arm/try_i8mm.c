/* One of the int8 matrix multiplication instructions, and what tier DOTPROD needs. */
#include "common/kernels.h"

void bn_try_i8mm(void) {
  bn_try_dotprod();
  __asm__ volatile("smmla v0.4s, v0.16b, v0.16b" : : : "v0");
}
