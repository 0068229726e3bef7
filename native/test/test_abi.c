#include "bitnet.h"

#include <stdio.h>

int main(void) {
  if (bn_abi_version() != BN_ABI_VERSION) {
    fprintf(stderr, "bn_abi_version() is %d, the header says %d\n", (int)bn_abi_version(),
            BN_ABI_VERSION);
    return 1;
  }
  return 0;
}
