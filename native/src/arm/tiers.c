/* The tiers of 64-bit ARM. */
#include "common/kernels.h"

/* 128-bit kernels for any ARMv8-A. */
static const bn_kernels neon = {
    .base = &bn_kernels_c,
    .embed = bn_embed_neon,
    .add = bn_add_neon,
    .normalize = bn_normalize_neon,
    .quantize = bn_quantize_neon,
    .gate = bn_gate_neon,
    .ternary_product = bn_ternary_product_neon,
    .group_product = bn_group_product_neon,
    .gated_product = bn_gated_product_neon,
    .sparse_product = bn_sparse_product_neon,
    .rotate = bn_rotate_neon,
    .store = bn_store_neon,
    .attend = bn_attend_neon,
    .attend_parts = bn_attend_parts_neon,
    .head_product = bn_head_product_neon,
    .pack_low_bit = bn_pack_low_bit_neon,
    .bound_logits = bn_bound_logits_neon,
    .refine_bounds = bn_refine_bounds_neon,
    .sum_bytes = bn_sum_bytes_neon,
    .peak_products = bn_peak_products_neon,
};

/* Ternary products and bounds of logits by sdot. */
static const bn_kernels dotprod = {
    .base = &neon,
    .ternary_product = bn_ternary_product_dotprod,
    .group_product = bn_group_product_dotprod,
    .gated_product = bn_gated_product_dotprod,
    .sparse_product = bn_sparse_product_dotprod,
    .bound_logits = bn_bound_logits_dotprod,
    .refine_bounds = bn_refine_bounds_dotprod,
    .peak_products = bn_peak_products_dotprod,
};

/* Ternary products of several tokens by smmla. */
static const bn_kernels i8mm = {
    .base = &dotprod,
    .ternary_product = bn_ternary_product_i8mm,
    .group_product = bn_group_product_i8mm,
    .peak_products = bn_peak_products_i8mm,
};

const bn_kernels* const bn_tiers[BN_TIER_COUNT] = {
    [BN_TIER_C] = &bn_kernels_c,
    [BN_TIER_NEON] = &neon,
    [BN_TIER_DOTPROD] = &dotprod,
    [BN_TIER_I8MM] = &i8mm,
};
