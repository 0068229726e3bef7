/*
 * Tier AVX-VNNI's product by groups compiled for AVX-512 VL and VNNI: the same source, run where
 * there is no AVX-VNNI.
 */
#define bn_group_product_avxvnni bn_group_product_avxvnni_twin
#include "x86/group_product_avxvnni.c"
