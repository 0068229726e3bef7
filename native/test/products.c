#include "products.h"

#include <stdio.h>

#include "common/kernels.h"

bn_ternary_product_fn bn_ternary_product_amx_twin;
bn_group_product_fn bn_group_product_amx_twin;

static product_fn amx_twin;
static int32_t amx_twin(int32_t tier, const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                        int32_t count, int32_t begin, int32_t end) {
  (void)tier;
  return w->group_scales != NULL ? bn_group_product_amx_twin(w, a, y, count, begin, end)
                                 : bn_ternary_product_amx_twin(w, a, y, count, begin, end);
}

#if defined(__x86_64__)
bn_ternary_product_fn bn_ternary_product_avxvnni_twin;
bn_group_product_fn bn_group_product_avxvnni_twin;

static product_fn avxvnni_twin;
static int32_t avxvnni_twin(int32_t tier, const bn_ternary* w, const bn_quantized* a,
                            const bn_rows* y, int32_t count, int32_t begin, int32_t end) {
  (void)tier;
  return w->group_scales != NULL ? bn_group_product_avxvnni_twin(w, a, y, count, begin, end)
                                 : bn_ternary_product_avxvnni_twin(w, a, y, count, begin, end);
}

static product_fn few_tokens_amx;
static int32_t few_tokens_amx(int32_t tier, const bn_ternary* w, const bn_quantized* a,
                              const bn_rows* y, int32_t count, int32_t begin, int32_t end) {
  return w->group_scales != NULL ? bn_ternary_product(tier, w, a, y, count, begin, end)
                                 : bn_few_tokens_amx(w, a, y, count, begin, end);
}
#endif

static bool has_own(const bn_kernels* tier) {
  return tier->ternary_product != NULL || tier->group_product != NULL;
}

static void add(product_list* list, product_fn* call, int32_t tier, const char* op) {
  list->products[list->count++] = (tier_product){call, tier, op};
}

product_list list_products(const char* op) {
  product_list list = {.count = 0};
  const tier_list own = list_tiers(op, has_own);
  for (int i = 0; i < own.count; i++) {
    add(&list, bn_ternary_product, own.tiers[i], op);
  }
  /* Few machines have AMX, so the source of its tier is run with tiles in plain C too. */
  printf("%s: tier amx, with tiles in plain C\n", op);
  add(&list, amx_twin, BN_TIER_AMX, "product with tiles in plain C");
#if defined(__x86_64__)
  /* Few machines have AVX-VNNI, so its source is run as compiled for AVX-512 too. */
  if (bn_supported_tiers() >> BN_TIER_AVX512 & 1) {
    printf("%s: tier avxvnni, compiled for AVX-512\n", op);
    add(&list, avxvnni_twin, BN_TIER_AVXVNNI, "product compiled for AVX-512");
  } else {
    printf("%s: skipped tier avxvnni, compiled for AVX-512: no AVX-512 here\n", op);
  }
  /* What tier AMX has for few tokens needs GFNI and no tiles, which more machines have. */
  if (bn_supported_tiers() >> BN_TIER_AVX512VBMI & 1 && __builtin_cpu_supports("gfni")) {
    printf("%s: tier amx, for few tokens, without tiles\n", op);
    add(&list, few_tokens_amx, BN_TIER_AVX512VBMI, "product of tier amx for few tokens");
  } else {
    printf("%s: skipped tier amx, for few tokens: no AVX-512 VBMI or no GFNI here\n", op);
  }
#endif
  return list;
}
