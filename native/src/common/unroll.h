/* Loops over a few registers must leave no loop behind, or the registers become memory. */
#ifndef BITNET_UNROLL_H
#define BITNET_UNROLL_H

/* Before a loop whose bounds are constant once its function is inlined. */
#if defined(__clang__)
#define BN_UNROLL _Pragma("clang loop unroll(full)")
#else
#define BN_UNROLL _Pragma("GCC unroll 64")
#endif

/* For a function whose arguments are the constants of such loops. */
#define BN_INLINE static inline __attribute__((always_inline))

#endif
