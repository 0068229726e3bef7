/* Tier AMX's product by rows or columns with tiles in plain C: the same source, run where there is
 * no AMX. */
#define bn_vectors_product_amx bn_vectors_product_of_tiles
#include "x86/vectors_product_amx.c"

bn_vectors_product_fn bn_vectors_product_amx_twin;
int32_t bn_vectors_product_amx_twin(const bn_ternary_vectors* w, const bn_quantized* a,
                                    const bn_rows* y, int32_t count, int32_t begin, int32_t end) {
  const int32_t status = bn_vectors_product_of_tiles(w, a, y, count, begin, end);
  twin_require(!twin_configured, "a call leaves its tiles configured");
  return status;
}
