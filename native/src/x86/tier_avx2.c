/* Tier AVX2: 256-bit kernels for x86-64 with AVX2, FMA and F16C. */
#include "common/kernels.h"

const bn_kernels bn_kernels_avx2 = {
    .pack_i2s = bn_pack_i2s_avx2,
    .pack_strips = bn_pack_strips_c,
    .embed = bn_embed_avx2,
    .add = bn_add_avx2,
    .normalize = bn_normalize_avx2,
    .quantize = bn_quantize_avx2,
    .gate = bn_gate_avx2,
    .ternary_product = bn_ternary_product_avx2,
    .gated_product = bn_gated_product_avx2,
    .sparse_product = bn_sparse_product_avx2,
    .rotate = bn_rotate_avx2,
    .store = bn_store_avx2,
    .attend = bn_attend_avx2,
    .head_product = bn_head_product_avx2,
    .build_sketch = bn_build_sketch_avx2,
    .bound_logits = bn_bound_logits_avx2,
    .refine_bounds = bn_refine_bounds_avx2,
    .sum_bytes = bn_sum_bytes_avx2,
    .peak_products = bn_peak_products_avx2,
};
