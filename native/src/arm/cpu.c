/* Which tiers this CPU and operating system have the instructions for. */
#include "common/kernels.h"

#if defined(__linux__)

#include <sys/auxv.h>

/* The bits of asm/hwcap.h, some of which are younger than the headers of systems in use. */
static int has_dotprod(void) { return getauxval(AT_HWCAP) >> 20 & 1; /* HWCAP_ASIMDDP */ }

static int has_i8mm(void) { return getauxval(AT_HWCAP2) >> 13 & 1; /* HWCAP2_I8MM */ }

#elif defined(__APPLE__)

#include <stddef.h>
#include <sys/sysctl.h>

/* Whether a feature is there; one that the system has not heard of is not. */
static int has(const char* feature) {
  int value = 0;
  size_t size = sizeof value;
  return sysctlbyname(feature, &value, &size, NULL, 0) == 0 && value != 0;
}

static int has_dotprod(void) { return has("hw.optional.arm.FEAT_DotProd"); }

static int has_i8mm(void) { return has("hw.optional.arm.FEAT_I8MM"); }

#else

/* A system that is not asked: what every ARMv8-A has. */
static int has_dotprod(void) { return 0; }

static int has_i8mm(void) { return 0; }

#endif

int32_t bn_detect_claimed(void) {
  int32_t mask = 1 << BN_TIER_C | 1 << BN_TIER_NEON;
  if (has_dotprod()) {
    mask |= 1 << BN_TIER_DOTPROD;
    if (has_i8mm()) { /* its tier has sdot too */
      mask |= 1 << BN_TIER_I8MM;
    }
  }
  return mask;
}

/* The system, which is asked, tells of what it enables and of nothing else. */
int32_t bn_detect_enabled(void) { return bn_detect_claimed(); }

/* No registers need a permission. */
int32_t bn_permit(int32_t tiers) { return tiers; }
