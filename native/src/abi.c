#include "bitnet.h"

int32_t bn_abi_version(void) { return BN_ABI_VERSION; }
