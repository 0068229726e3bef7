/*
 * Which tiers' instructions run, found by running them: the CPU of a virtual machine may claim an
 * extension that it does not have, and the first instruction of it would end the process.
 *
 * It is done in this process, because a child of a JVM takes milliseconds to start and is
 * often forbidden. An unsupported instruction raises SIGILL in the thread that runs it. While
 * bn_ends runs, this handler has the place of the process's own (a JVM has one) and passes on to it
 * whatever other threads raise, so that the exchange does not show. One race is left: a handler
 * that another library installs in these microseconds is lost when the old one comes back. So it is
 * done once, when the library is loaded. Two copies of the library that do it at the same time may
 * leave this handler in place; it then passes everything on.
 */
#if defined(__APPLE__)
#define _DARWIN_C_SOURCE
#else
#define _DEFAULT_SOURCE
#endif
#include <stddef.h>

#include "kernels.h"

#if defined(_WIN32)

/* No signals: what the CPU and the system say is believed. */
int32_t bn_ends(bn_try_fn* attempt) {
  (void)attempt;
  return 1;
}

#else

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>

static struct sigaction own; /* the process's handler */
static pthread_t trying_thread;
static volatile sig_atomic_t trying;
static sigjmp_buf back;

static void on_illegal_instruction(int number, siginfo_t* info, void* context) {
  if (trying && pthread_equal(pthread_self(), trying_thread)) {
    siglongjmp(back, 1); /* over bn_ends and its attempt alone, which hold nothing */
  }
  if (own.sa_flags & SA_SIGINFO) {
    own.sa_sigaction(number, info, context);
  } else if (own.sa_handler != SIG_DFL && own.sa_handler != SIG_IGN) {
    own.sa_handler(number);
  } else {
    signal(number, SIG_DFL); /* the instruction comes again, and ends the process */
  }
}

int32_t bn_ends(bn_try_fn* attempt) {
  if (sigaction(SIGILL, NULL, &own) != 0) {
    return 0;
  }
  struct sigaction handler = own; /* with the same signals blocked */
  handler.sa_flags = (own.sa_flags | SA_SIGINFO) & ~SA_RESETHAND;
  handler.sa_sigaction = on_illegal_instruction;
  trying_thread = pthread_self();
  if (sigaction(SIGILL, &handler, NULL) != 0) {
    return 0;
  }
  volatile int32_t ended = 0;
  if (sigsetjmp(back, 1) == 0) {
    trying = 1;
    attempt();
    ended = 1;
  }
  trying = 0;
  sigaction(SIGILL, &own, NULL);
  return ended;
}

#endif

static bn_try_fn* const attempts[BN_TIER_COUNT] = {
#if defined(__x86_64__)
    [BN_TIER_AVX2] = bn_try_avx2,     [BN_TIER_AVXVNNI] = bn_try_avxvnni,
    [BN_TIER_AVX512] = bn_try_avx512, [BN_TIER_AVX512VBMI] = bn_try_avx512vbmi,
    [BN_TIER_AMX] = bn_try_amx,
#elif defined(__aarch64__)
    [BN_TIER_DOTPROD] = bn_try_dotprod,
    [BN_TIER_I8MM] = bn_try_i8mm,
#else
    [BN_TIER_C] = NULL,
#endif
};

int32_t bn_try_tiers(int32_t tiers) {
  int32_t mask = 0;
  for (int32_t tier = 0; tier < BN_TIER_COUNT; tier++) {
    if (tiers >> tier & 1 && (attempts[tier] == NULL || bn_ends(attempts[tier]))) {
      mask |= 1 << tier;
    }
  }
  return mask;
}
