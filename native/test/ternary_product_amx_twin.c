/*
 * Tier AMX's product with tiles in plain C: the same source, run where there is no AMX. It checks,
 * too, that a call releases its tiles.
 */
#define bn_ternary_product_amx bn_ternary_product_of_tiles
#include "x86/ternary_product_amx.c"

bn_ternary_product_fn bn_ternary_product_amx_twin;
int32_t bn_ternary_product_amx_twin(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                    int32_t count, int32_t begin, int32_t end) {
  const int32_t status = bn_ternary_product_of_tiles(w, a, y, count, begin, end);
  twin_require(!twin_configured, "a call leaves its tiles configured");
  return status;
}
