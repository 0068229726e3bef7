/* Tier AVX-512: 512-bit kernels for x86-64 with AVX-512 F, BW, DQ, VL and VNNI. */
#include "common/kernels.h"

const bn_kernels bn_kernels_avx512 = {
    .pack_i2s = bn_pack_i2s_avx512,
    .pack_strips = bn_pack_strips_c,
    .embed = bn_embed_avx512,
    .add = bn_add_avx512,
    .normalize = bn_normalize_avx512,
    .quantize = bn_quantize_avx512,
    .gate = bn_gate_avx512,
    .ternary_product = bn_ternary_product_avx512,
    .gated_product = bn_gated_product_avx512,
    .sparse_product = bn_sparse_product_avx512,
    .rotate = bn_rotate_avx512,
    .store = bn_store_avx512,
    .attend = bn_attend_avx512,
    .head_product = bn_head_product_avx512,
    .build_sketch = bn_build_sketch_avx512,
    .bound_logits = bn_bound_logits_avx512,
    .refine_bounds = bn_refine_bounds_avx512,
    .sum_bytes = bn_sum_bytes_avx512,
    .peak_products = bn_peak_products_avx512,
};
