/* Tier I8MM: tier DOTPROD with ternary products of several tokens by smmla. */
#include "common/kernels.h"

const bn_kernels bn_kernels_i8mm = {
    .pack_i2s = bn_pack_i2s_neon,
    .pack_strips = bn_pack_strips_c,
    .embed = bn_embed_neon,
    .add = bn_add_neon,
    .normalize = bn_normalize_neon,
    .quantize = bn_quantize_neon,
    .gate = bn_gate_neon,
    .ternary_product = bn_ternary_product_i8mm,
    .gated_product = bn_gated_product_dotprod,
    .sparse_product = bn_sparse_product_dotprod,
    .rotate = bn_rotate_neon,
    .store = bn_store_neon,
    .attend = bn_attend_neon,
    .head_product = bn_head_product_neon,
    .build_sketch = bn_build_sketch_neon,
    .bound_logits = bn_bound_logits_dotprod,
    .refine_bounds = bn_refine_bounds_dotprod,
    .sum_bytes = bn_sum_bytes_neon,
    .peak_products = bn_peak_products_i8mm,
};
