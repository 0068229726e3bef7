/* Tier AVX-512: 512-bit kernels for x86-64 with AVX-512 F, BW, DQ, VL and VNNI. */
#include "kernels.h"

const bn_kernels bn_kernels_avx512 = {
    .pack_i2s = bn_pack_i2s_avx512,
    .embed = bn_embed_c,
    .add = bn_add_c,
    .normalize = bn_normalize_c,
    .quantize = bn_quantize_c,
    .gate = bn_gate_c,
    .ternary_product = bn_ternary_product_avx512,
    .rotate = bn_rotate_c,
    .store = bn_store_c,
    .attend = bn_attend_avx512,
    .head_product = bn_head_product_avx512,
};
