/*
 * Tier AVX-VNNI's probe compiled for AVX-512 VL and VNNI: the same source, run where there is no
 * AVX-VNNI.
 */
#define bn_peak_products_avxvnni bn_peak_products_avxvnni_twin
#include "x86/peak_products_avxvnni.c"
