# cmake -DBUILD=<directory> -DCOMPILER=<program> -P cmake/TestMacos.cmake
# Compiles every source of the library for macOS on 64-bit ARM, and links and runs nothing: Apple's SDK
# is not to be had elsewhere, so that the few declarations of it that are used are repeated here. Says
# so where the compiler is not one for it.
cmake_minimum_required(VERSION 3.20)
include("${CMAKE_CURRENT_LIST_DIR}/NestedBuild.cmake")
set(BN_ARCH aarch64)
include("${CMAKE_CURRENT_LIST_DIR}/KernelTiers.cmake")

set(include "${BUILD}/include")
file(WRITE "${include}/string.h" "#include <stddef.h>
void *memcpy(void *, const void *, size_t);
void *memmove(void *, const void *, size_t);
void *memset(void *, int, size_t);\n")
file(WRITE "${include}/math.h" "#define INFINITY __builtin_inff()
#define NAN __builtin_nanf(\"\")\n")
file(WRITE "${include}/pthread.h" "typedef struct thread *pthread_t;
pthread_t pthread_self(void);
int pthread_equal(pthread_t, pthread_t);\n")
file(WRITE "${include}/setjmp.h" "typedef int sigjmp_buf[49];
int sigsetjmp(sigjmp_buf, int) __attribute__((returns_twice));
_Noreturn void siglongjmp(sigjmp_buf, int);\n")
file(WRITE "${include}/signal.h" "typedef int sig_atomic_t;
typedef struct siginfo siginfo_t;
struct sigaction {
  union {
    void (*sa_handler)(int);
    void (*sa_sigaction)(int, siginfo_t *, void *);
  };
  unsigned sa_mask;
  int sa_flags;
};
#define SIGILL 4
#define SIG_DFL ((void (*)(int))0)
#define SIG_IGN ((void (*)(int))1)
#define SA_RESETHAND 4
#define SA_SIGINFO 64
int sigaction(int, const struct sigaction *, struct sigaction *);
void (*signal(int, void (*)(int)))(int);\n")
file(WRITE "${include}/sys/sysctl.h" "#include <stddef.h>
int sysctlbyname(const char *, void *, size_t *, void *, size_t);\n")

set(command "${COMPILER}" --target=arm64-apple-macos11 -ffreestanding -isystem "${include}" -std=c11 -O1
  -ffp-contract=off -fno-math-errno -Wall -Wextra -Werror "-I${source}/native/include"
  "-I${source}/native/src")
file(WRITE "${BUILD}/macos.c" "#include <arm_neon.h>\n")
execute_process(COMMAND ${command} -c "${BUILD}/macos.c" -o "${BUILD}/macos.o"
  RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
if(NOT status EQUAL 0)
  message("SKIPPED: nothing is compiled for macOS, for want of a clang that can "
    "(Debian, Ubuntu: apt-get install clang-19).")
  return()
endif()

bn_source_globs("${source}/native/src" globs)
file(GLOB all ${globs})
bn_tier_sources(sources ${all})
foreach(file IN LISTS sources)
  bn_tier_of("${file}" tier)
  get_filename_component(name "${file}" NAME_WE)
  bn_run(${command} ${BN_TIER_OPTIONS_${tier}} -c "${file}" -o "${BUILD}/${name}.o")
endforeach()
list(LENGTH sources count)
message(STATUS "${count} files compile for macOS")
