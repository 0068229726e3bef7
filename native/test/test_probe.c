/* The probes do what they are timed for: read every byte, make every product. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/kernels.h"
#include "testing.h"

static void sums_every_byte(int32_t tier) {
  const int32_t sizes[] = {0,   1,   31,  32,  63,  64,  127,  128,  129,
                           255, 256, 257, 511, 512, 513, 1023, 1024, 5000};
  test_case c = {.op = "sum_bytes", .tier = tier};
  for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
    for (int where = 0; where < PLACES; where++) {
      for (int fill = 0; fill < 3; fill++) {
        const int32_t n = sizes[s];
        describe(&c, "%d bytes, fill %d", n, fill);
        uint8_t* bytes = guarded((place)where, (size_t)n);
        int64_t expected = 0;
        for (int32_t i = 0; i < n; i++) {
          bytes[i] = fill == 0 ? 255 : fill == 1 ? 0 : (uint8_t)(i * 7 + i / 256);
          expected += bytes[i];
        }
        const int64_t actual = bn_sum_bytes(tier, bytes, n);
        if (actual != expected) {
          fail(&c, "%lld instead of %lld", (long long)actual, (long long)expected);
        }
        release_blocks();
      }
    }
  }
}

/* bn_peak_products of the tier that is checked. */
static int64_t (*peak_products)(int32_t tier, int32_t rounds) = bn_peak_products;

static void counts_every_product(int32_t tier, int32_t most_rounds) {
  const int32_t rounds[] = {0, 1, 2, 15, 15999, 16000, 16001, 32000, 50000};
  test_case c = {.op = "peak_products", .tier = tier};
  const int64_t once = peak_products(tier, 1);
  for (size_t r = 0; r < sizeof rounds / sizeof rounds[0] && rounds[r] <= most_rounds; r++) {
    describe(&c, "%d rounds", rounds[r]);
    const int64_t actual = peak_products(tier, rounds[r]);
    if (once <= 0 || actual != rounds[r] * once) {
      fail(&c, "%lld products, %lld in one round", (long long)actual, (long long)once);
    }
  }
}

/* Few machines have AVX-VNNI or AMX: what their tiers are compiled from runs as their twins. */
bn_peak_products_fn bn_peak_products_amx_twin;
static int64_t amx_twin(int32_t tier, int32_t rounds) {
  (void)tier;
  return bn_peak_products_amx_twin(rounds);
}

#if defined(__x86_64__)
bn_peak_products_fn bn_peak_products_avxvnni_twin;
static int64_t avxvnni_twin(int32_t tier, int32_t rounds) {
  (void)tier;
  return bn_peak_products_avxvnni_twin(rounds);
}
#endif

int main(void) {
  for (int32_t tier = -1; next_tier("probe", &tier);) {
    sums_every_byte(tier);
    counts_every_product(tier, INT32_MAX);
  }
  printf("probe: tier amx, with tiles in plain C\n");
  peak_products = amx_twin;
  counts_every_product(BN_TIER_AMX, 15);
#if defined(__x86_64__)
  if (bn_supported_tiers() >> BN_TIER_AVX512 & 1) {
    printf("probe: tier avxvnni, compiled for AVX-512\n");
    peak_products = avxvnni_twin;
    counts_every_product(BN_TIER_AVXVNNI, INT32_MAX);
  }
#endif
  return 0;
}
