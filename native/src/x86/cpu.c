/*
 * Which tiers this CPU says it has the instructions for, and this operating system saves the
 * registers of and lets this process use.
 */
#if defined(__linux__)
#define _DEFAULT_SOURCE
#include <sys/syscall.h>
#include <unistd.h>
#endif
#include <cpuid.h>

#include "common/kernels.h"

static int has_all(uint64_t flags, uint64_t wanted) { return (flags & wanted) == wanted; }

int32_t bn_claimed_by(const bn_x86* cpu) {
  const uint32_t fma = 1u << 12; /* leaf 1, ecx */
  const uint32_t avx = 1u << 28;
  const uint32_t f16c = 1u << 29;
  const uint32_t avx2 = 1u << 5; /* leaf 7, ebx */
  const uint32_t bmi2 = 1u << 8;
  const uint32_t avx512f = 1u << 16;
  const uint32_t avx512dq = 1u << 17;
  const uint32_t avx512bw = 1u << 30;
  const uint32_t avx512vl = 1u << 31;
  const uint32_t avx512vbmi = 1u << 1; /* leaf 7, ecx */
  const uint32_t gfni = 1u << 8;
  const uint32_t avx512vnni = 1u << 11;
  const uint32_t amx_tile = 1u << 24; /* leaf 7, edx */
  const uint32_t amx_int8 = 1u << 25;
  const uint32_t avxvnni = 1u << 4; /* leaf 7, second part, eax */

  int32_t mask = 1 << BN_TIER_C;
  if (!has_all(cpu->leaf1_ecx, fma | avx | f16c) || !has_all(cpu->leaf7_ebx, avx2 | bmi2)) {
    return mask;
  }
  mask |= 1 << BN_TIER_AVX2;
  if (has_all(cpu->leaf7_ebx, avx512f | avx512dq | avx512bw | avx512vl) &&
      has_all(cpu->leaf7_ecx, avx512vnni)) {
    mask |= 1 << BN_TIER_AVX512;
    if (has_all(cpu->leaf7_ecx, avx512vbmi)) {
      mask |= 1 << BN_TIER_AVX512VBMI;
      if (has_all(cpu->leaf7_edx, amx_tile | amx_int8) && has_all(cpu->leaf7_ecx, gfni)) {
        mask |= 1 << BN_TIER_AMX;
      }
    }
  }
  if (has_all(cpu->leaf7_1_eax, avxvnni)) {
    mask |= 1 << BN_TIER_AVXVNNI;
  }
  return mask;
}

int32_t bn_enabled_for(const bn_x86* cpu) {
  const uint64_t ymm_state = 0x06;     /* XCR0: SSE, AVX */
  const uint64_t zmm_state = 0xe6;     /* and opmask, ZMM0-15's upper halves, ZMM16-31 */
  const uint64_t tile_state = 0x60000; /* tiles and their configuration */

  int32_t mask = 1 << BN_TIER_C;
  if (has_all(cpu->xcr0, ymm_state)) {
    mask |= 1 << BN_TIER_AVX2 | 1 << BN_TIER_AVXVNNI;
  }
  if (has_all(cpu->xcr0, zmm_state)) {
    mask |= 1 << BN_TIER_AVX512 | 1 << BN_TIER_AVX512VBMI;
  }
  if (has_all(cpu->xcr0, zmm_state | tile_state)) {
    mask |= 1 << BN_TIER_AMX;
  }
  return mask & bn_claimed_by(cpu);
}

/*
 * Whether this process may use tiles. Linux grants it to all threads, once and for all, unless it
 * is older than 5.16, a sandbox keeps the call from it, or the alternate signal stack of some
 * thread has no room for tiles: a signal saves them if it finds any in use. The kernels here leave
 * none behind, but between their first and last instruction may be interrupted. Windows has a call
 * of its own for it, which has not been tried.
 */
static int may_use_tiles(void) {
#if defined(__linux__)
  const long request = 0x1023; /* ARCH_REQ_XCOMP_PERM, of asm/prctl.h since 5.16 */
  const long tile_data = 18;   /* its bit of XCR0 */
  return syscall(SYS_arch_prctl, request, tile_data) == 0;
#else
  return 0;
#endif
}

int32_t bn_permit(int32_t tiers) {
  const int32_t amx = 1 << BN_TIER_AMX;
  return tiers & amx && !may_use_tiles() ? tiers & ~amx : tiers;
}

static bn_x86 this_cpu(void) {
  const uint32_t osxsave = 1u << 27; /* leaf 1, ecx: the system lets XCR0 be read */
  bn_x86 cpu = {0};
  uint32_t eax;
  uint32_t ebx;
  uint32_t ecx;
  uint32_t edx;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx)) {
    cpu.leaf1_ecx = ecx;
    if (has_all(ecx, osxsave)) {
      uint32_t low;
      uint32_t high;
      __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
      cpu.xcr0 = (uint64_t)high << 32 | low;
    }
  }
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) {
    cpu.leaf7_ebx = ebx;
    cpu.leaf7_ecx = ecx;
    cpu.leaf7_edx = edx;
    /* The first part's eax is the number of the last part. */
    if (eax >= 1 && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx)) {
      cpu.leaf7_1_eax = eax;
    }
  }
  return cpu;
}

int32_t bn_detect_claimed(void) {
  const bn_x86 cpu = this_cpu();
  return bn_claimed_by(&cpu);
}

int32_t bn_detect_enabled(void) {
  const bn_x86 cpu = this_cpu();
  return bn_enabled_for(&cpu);
}
