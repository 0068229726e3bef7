/* Tier AMX's probe with tiles in plain C: the same source, run where there is no AMX. */
#define bn_peak_products_amx bn_peak_products_amx_twin
#include "x86/peak_products_amx.c"
