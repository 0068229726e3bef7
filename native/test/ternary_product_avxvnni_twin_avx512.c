/*
 * Tier AVX-VNNI's product compiled for AVX-512 VL and VNNI: the same source, run where there is no
 * AVX-VNNI.
 */
#define bn_ternary_product_avxvnni bn_ternary_product_avxvnni_twin
#include "x86/ternary_product_avxvnni.c"
