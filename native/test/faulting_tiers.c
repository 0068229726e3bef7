/* What tries the tiers' instructions, on a CPU that claims them and has none of them. */
#include "common/kernels.h"

static void fault(void) {
#if defined(__x86_64__)
  __asm__ volatile("ud2");
#elif defined(__aarch64__)
  __asm__ volatile(".inst 0"); /* udf */
#endif
}

void bn_try_avx2(void) { fault(); }
void bn_try_avxvnni(void) { fault(); }
void bn_try_avx512(void) { fault(); }
void bn_try_avx512vbmi(void) { fault(); }
void bn_try_amx(void) { fault(); }
void bn_try_dotprod(void) { fault(); }
void bn_try_i8mm(void) { fault(); }
