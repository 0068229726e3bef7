/* The ternary products of all tiers, and of twins of those that few machines have. */
#ifndef BITNET_PRODUCTS_H
#define BITNET_PRODUCTS_H

#include "testing.h"

/* bn_ternary_product, whose tier a twin ignores. */
typedef int32_t product_fn(int32_t tier, const bn_ternary* w, const bn_quantized* a,
                           const bn_rows* y, int32_t count, int32_t begin, int32_t end);

typedef struct tier_product {
  product_fn* call;
  int32_t tier;
  const char* op; /* that a failure prints */
} tier_product;

#define MOST_PRODUCTS (BN_TIER_COUNT + 3)

typedef struct product_list {
  tier_product products[MOST_PRODUCTS]; /* tier C first */
  int count;
} product_list;

/* The tiers and twins of the operation; it prints them, and those that it passes over and why. */
product_list list_products(const char* op);

#endif
