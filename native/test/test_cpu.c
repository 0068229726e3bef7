/* Which tiers are taken: what a CPU claims, what the system enables and what instructions do. */
#if defined(__APPLE__)
#define _DARWIN_C_SOURCE
#else
#define _DEFAULT_SOURCE
#endif
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/kernels.h"

static void expect(const char* what, int64_t expected, int64_t actual) {
  if (expected != actual) {
    fprintf(stderr, "FAILED %s: 0x%llx instead of 0x%llx\n", what, (unsigned long long)actual,
            (unsigned long long)expected);
    exit(1);
  }
}

/* What an extension does that a virtual machine claims and does not have. */
static void illegal(void) {
#if defined(__x86_64__)
  __asm__ volatile("ud2");
#elif defined(__aarch64__)
  __asm__ volatile(".inst 0"); /* udf */
#else
  raise(SIGILL);
#endif
}

static volatile int32_t attempts_ended;

static void legal(void) { attempts_ended++; }

/* The process's own handler, as a JVM has one. */
static volatile int32_t signals;
static sigjmp_buf after;

static void on_signal(int number, siginfo_t* info, void* context) {
  (void)number;
  (void)context;
  signals += info != NULL;
  siglongjmp(after, 1);
}

static void* meet_illegal_instruction(void* nothing) {
  if (sigsetjmp(after, 1) == 0) {
    illegal();
  }
  return nothing;
}

/* An attempt during which another thread meets an illegal instruction. */
static void disturbed(void) {
  pthread_t other;
  if (pthread_create(&other, NULL, meet_illegal_instruction, NULL) != 0 ||
      pthread_join(other, NULL) != 0) {
    abort();
  }
}

static void an_illegal_instruction_is_survived_and_shows_in_nothing_else(void) {
  struct sigaction action = {.sa_flags = SA_SIGINFO | SA_RESTART};
  action.sa_sigaction = on_signal;
  sigaddset(&action.sa_mask, SIGUSR1);
  sigaction(SIGILL, &action, NULL);
  expect("an attempt of legal instructions", 1, bn_ends(legal));
  expect("attempts that ended", 1, attempts_ended);
  for (int i = 0; i < 3; i++) { /* the signal is not left blocked */
    expect("an attempt of an illegal instruction", 0, bn_ends(illegal));
  }
  expect("signals of the trying thread that the process saw", 0, signals);
  expect("an attempt beside another thread's illegal instruction", 1, bn_ends(disturbed));
  expect("signals of other threads that the process saw", 1, signals);
  meet_illegal_instruction(NULL);
  expect("signals that the process saw afterwards", 2, signals);
  struct sigaction now;
  sigaction(SIGILL, NULL, &now);
  expect("the handler is back", 1, now.sa_sigaction == on_signal);
  expect("so are its flags", action.sa_flags, now.sa_flags & (SA_SIGINFO | SA_RESTART));
  expect("so is its mask", 1, sigismember(&now.sa_mask, SIGUSR1));
  signal(SIGILL, SIG_DFL);
}

#if defined(__x86_64__)

#define AMX (1 << BN_TIER_AMX)
#define VBMI (1 << BN_TIER_AVX512VBMI | AMX)
#define AVX512 (1 << BN_TIER_AVX512 | VBMI)
#define ALL (1 << BN_TIER_C | 1 << BN_TIER_AVX2 | 1 << BN_TIER_AVXVNNI | AVX512)

static void a_tier_needs_every_extension_and_the_registers(void) {
  const bn_x86 full = {.leaf1_ecx = 1u << 12 | 1u << 28 | 1u << 29,
                       .leaf7_ebx = 1u << 5 | 1u << 8 | 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31,
                       .leaf7_ecx = 1u << 1 | 1u << 8 | 1u << 11,
                       .leaf7_edx = 1u << 24 | 1u << 25,
                       .leaf7_1_eax = 1u << 4,
                       .xcr0 = 0x600e7};
  expect("claimed by a CPU with everything", ALL, bn_claimed_by(&full));
  expect("enabled for it", ALL, bn_enabled_for(&full));

  bn_x86 cpu = full;
  for (int bit = 17; bit <= 18; bit++) {
    cpu.xcr0 = full.xcr0 & ~((uint64_t)1 << bit);
    expect("claimed where the system saves no tiles", ALL, bn_claimed_by(&cpu));
    expect("enabled there", ALL & ~AMX, bn_enabled_for(&cpu));
  }
  cpu.xcr0 = 0x60007;
  expect("claimed where the system saves no ZMM registers", ALL, bn_claimed_by(&cpu));
  expect("enabled there", ALL & ~AVX512, bn_enabled_for(&cpu));
  cpu.xcr0 = 0x3;
  expect("claimed where it saves no YMM registers either", ALL, bn_claimed_by(&cpu));
  expect("enabled there", 1 << BN_TIER_C, bn_enabled_for(&cpu));

  for (int bit = 0; bit < 32; bit++) {
    cpu = full;
    cpu.leaf1_ecx &= ~(1u << bit);
    expect("a CPU without an extension of leaf 1",
           bit == 12 || bit == 28 || bit == 29 ? 1 << BN_TIER_C : ALL, bn_claimed_by(&cpu));
    cpu = full;
    cpu.leaf7_ebx &= ~(1u << bit);
    const int avx2 = bit == 5 || bit == 8;
    const int avx512 = bit == 16 || bit == 17 || bit >= 30;
    expect("a CPU without an extension of leaf 7",
           avx2     ? 1 << BN_TIER_C
           : avx512 ? ALL & ~AVX512
                    : ALL,
           bn_claimed_by(&cpu));
    cpu = full;
    cpu.leaf7_edx &= ~(1u << bit);
    expect("a CPU without an extension of leaf 7's edx", bit == 24 || bit == 25 ? ALL & ~AMX : ALL,
           bn_claimed_by(&cpu));
  }
  cpu = full;
  cpu.leaf7_ecx &= ~(1u << 1);
  expect("a CPU without AVX-512 VBMI", ALL & ~VBMI, bn_claimed_by(&cpu));
  cpu.leaf7_ecx = full.leaf7_ecx & ~(1u << 8);
  expect("a CPU without GFNI", ALL & ~AMX, bn_claimed_by(&cpu));
  cpu.leaf7_ecx = 1u << 1;
  expect("a CPU without AVX-512 VNNI", ALL & ~AVX512, bn_claimed_by(&cpu));
  cpu = full;
  cpu.leaf7_1_eax = 0;
  expect("a CPU without AVX-VNNI", ALL & ~(1 << BN_TIER_AVXVNNI), bn_claimed_by(&cpu));
}

/* Last of all, so that what runs is tried with the permission that it needs. */
static void a_permission_takes_nothing_away_but_tiles(void) {
  const int32_t others = ALL & ~AMX;
  expect("tiers that need no permission", others, bn_permit(others));
  const int32_t permitted = bn_permit(ALL);
  expect("tiers beside those that need one", others, permitted & others);
  expect("a permission asked for again", permitted, bn_permit(ALL));
  expect("permitted tiers", bn_detect_enabled() & permitted, bn_permitted_tiers());
  if ((bn_detect_claimed() & AMX) == 0) {
    expect("tiles on a CPU without them", 0, permitted & AMX);
  }
}

#else

static void a_tier_needs_every_extension_and_the_registers(void) {}
static void a_permission_takes_nothing_away_but_tiles(void) {
  expect("permitted tiers", bn_detect_enabled(), bn_permitted_tiers());
}

#endif

/* test_cpu [mask]: the mask is that of the tiers which run here, claimed or not. */
int main(int argc, char** argv) {
  an_illegal_instruction_is_survived_and_shows_in_nothing_else();
  a_tier_needs_every_extension_and_the_registers();
  a_permission_takes_nothing_away_but_tiles();
  const int32_t running = bn_try_tiers(bn_compiled_tiers());
  if (argc > 1) {
    expect("tiers that run", strtol(argv[1], NULL, 0), running);
  }
  expect("supported tiers", running & bn_permitted_tiers(), bn_supported_tiers());
  return 0;
}
