/* The whole ABI of the native kernel library: what Java may call, and nothing else. */
#ifndef BITNET_H
#define BITNET_H

#include <stdint.h>

#define BN_ABI_VERSION 1

#if defined(_WIN32)
#define BN_API __declspec(dllexport)
#else
#define BN_API __attribute__((visibility("default")))
#endif

/* The BN_ABI_VERSION the library was compiled with; a caller built for another must not go on. */
BN_API int32_t bn_abi_version(void);

#endif
