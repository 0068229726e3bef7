/* The tiers of x86-64. */
#include "common/kernels.h"

/* 256-bit kernels by AVX2, FMA and F16C. */
static const bn_kernels avx2 = {
    .base = &bn_kernels_c,
    .pack_panels = bn_pack_panels_avx2,
    .embed = bn_embed_avx2,
    .add = bn_add_avx2,
    .normalize = bn_normalize_avx2,
    .quantize = bn_quantize_avx2,
    .gate = bn_gate_avx2,
    .ternary_product = bn_ternary_product_avx2,
    .group_product = bn_group_product_avx2,
    .gated_product = bn_gated_product_avx2,
    .sparse_product = bn_sparse_product_avx2,
    .rotate = bn_rotate_avx2,
    .store = bn_store_avx2,
    .attend = bn_attend_avx2,
    .attend_parts = bn_attend_parts_avx2,
    .head_product = bn_head_product_avx2,
    .pack_low_bit = bn_pack_low_bit_avx2,
    .bound_logits = bn_bound_logits_avx2,
    .refine_bounds = bn_refine_bounds_avx2,
    .sum_bytes = bn_sum_bytes_avx2,
    .peak_products = bn_peak_products_avx2,
};

/* Ternary products by 256-bit vpdpbusd. */
static const bn_kernels avxvnni = {
    .base = &avx2,
    .ternary_product = bn_ternary_product_avxvnni,
    .group_product = bn_group_product_avxvnni,
    .peak_products = bn_peak_products_avxvnni,
};

/* 512-bit kernels by AVX-512 F, BW, DQ, VL and VNNI. */
static const bn_kernels avx512 = {
    .base = &avx2,
    .pack_panels = bn_pack_panels_avx512,
    .embed = bn_embed_avx512,
    .add = bn_add_avx512,
    .normalize = bn_normalize_avx512,
    .quantize = bn_quantize_avx512,
    .gate = bn_gate_avx512,
    .ternary_product = bn_ternary_product_avx512,
    .group_product = bn_group_product_avx512,
    .gated_product = bn_gated_product_avx512,
    .sparse_product = bn_sparse_product_avx512,
    .rotate = bn_rotate_avx512,
    .store = bn_store_avx512,
    .attend = bn_attend_avx512,
    .attend_parts = bn_attend_parts_avx512,
    .head_product = bn_head_product_avx512,
    .pack_low_bit = bn_pack_low_bit_avx512,
    .bound_logits = bn_bound_logits_avx512,
    .refine_bounds = bn_refine_bounds_avx512,
    .sum_bytes = bn_sum_bytes_avx512,
    .peak_products = bn_peak_products_avx512,
};

/* Panels of five digits a byte by vpermb. */
static const bn_kernels avx512vbmi = {
    .base = &avx512,
    .ternary_product = bn_ternary_product_avx512vbmi,
};

/*
 * Ternary products and bounds of logits, for eight rows and more, by the tiles of AMX-INT8, and
 * products of fewer with GFNI.
 */
static const bn_kernels amx = {
    .base = &avx512vbmi,
    .ternary_product = bn_ternary_product_amx,
    .group_product = bn_group_product_amx,
    .vectors_product = bn_vectors_product_amx,
    .bound_logits = bn_bound_logits_amx,
    .refine_bounds = bn_refine_bounds_amx,
    .peak_products = bn_peak_products_amx,
};

const bn_kernels* const bn_tiers[BN_TIER_COUNT] = {
    [BN_TIER_C] = &bn_kernels_c,        [BN_TIER_AVX2] = &avx2,
    [BN_TIER_AVXVNNI] = &avxvnni,       [BN_TIER_AVX512] = &avx512,
    [BN_TIER_AVX512VBMI] = &avx512vbmi, [BN_TIER_AMX] = &amx,
};
