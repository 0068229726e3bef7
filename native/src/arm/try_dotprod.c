/* One of the dot product instructions. */
#include "common/kernels.h"

void bn_try_dotprod(void) { __asm__ volatile("sdot v0.4s, v0.16b, v0.16b" : : : "v0"); }
