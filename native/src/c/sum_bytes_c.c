#include <string.h>

#include "common/kernels.h"

/* Four 16-bit sums of a word's bytes. */
static inline uint64_t pairs(uint64_t word) {
  const uint64_t even = 0x00ff00ff00ff00ffull;
  return (word & even) + (word >> 8 & even);
}

int64_t bn_sum_bytes_c(const uint8_t* p, int64_t n) {
  int64_t sum = 0;
  int64_t i = 0;
  for (; i + 1024 <= n; i += 1024) {
    /* 32 words in each of four sums: 32 * 510 fits 16 bits. */
    uint64_t sums[4] = {0};
    for (int j = 0; j < 32; j++) {
      uint64_t words[4];
      memcpy(words, p + i + 32 * j, 32);
      for (int k = 0; k < 4; k++) {
        sums[k] += pairs(words[k]);
      }
    }
    for (int k = 0; k < 4; k++) {
      for (int shift = 0; shift < 64; shift += 16) {
        sum += (int64_t)(sums[k] >> shift & 0xffff);
      }
    }
  }
  for (; i < n; i++) {
    sum += p[i];
  }
  return sum;
}
