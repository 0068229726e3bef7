/* The portable tier: plain C, the reference of the C tests. */
#include "common/kernels.h"

const bn_kernels bn_kernels_c = {
    .pack = bn_pack_c,
    .pack_vectors = bn_pack_vectors_c,
    .pack_panels = bn_pack_panels_c,
    .embed = bn_embed_c,
    .add = bn_add_c,
    .normalize = bn_normalize_c,
    .quantize = bn_quantize_c,
    .gate = bn_gate_c,
    .ternary_product = bn_ternary_product_c,
    .group_product = bn_group_product_c,
    .gated_product = bn_gated_product_c,
    .sparse_product = bn_sparse_product_c,
    .rotate = bn_rotate_c,
    .store = bn_store_c,
    .attend = bn_attend_c,
    .attend_parts = bn_attend_parts_c,
    .merge_parts = bn_merge_parts_c,
    .head_product = bn_head_product_c,
    .pack_low_bit = bn_pack_low_bit_c,
    .bound_logits = bn_bound_logits_c,
    .refine_bounds = bn_refine_bounds_c,
    .sum_bytes = bn_sum_bytes_c,
    .peak_products = bn_peak_products_c,
};
