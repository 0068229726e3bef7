/* Tier AMX's bounds with tiles in plain C: the same source, run where there is no AMX. */
#define bn_bound_logits_amx bn_bound_logits_of_tiles
#define bn_refine_bounds_amx bn_refine_bounds_of_tiles
#define FEW_REACHED 1 /* so that small cases are refined by tiles */
#include "x86/bounds_amx.c"

bn_bound_logits_fn bn_bound_logits_amx_twin;
int32_t bn_bound_logits_amx_twin(const bn_low_bit* copy, const bn_activation16* x,
                                 const bn_bounds* bounds, int32_t count, int32_t begin,
                                 int32_t end) {
  const int32_t status = bn_bound_logits_of_tiles(copy, x, bounds, count, begin, end);
  twin_require(!twin_configured, "a call leaves its tiles configured");
  return status;
}

bn_refine_bounds_fn bn_refine_bounds_amx_twin;
int32_t bn_refine_bounds_amx_twin(const bn_low_bit* copy, const bn_activation16* x,
                                  const bn_bounds* bounds, int32_t count, int32_t begin,
                                  int32_t end) {
  const int32_t status = bn_refine_bounds_of_tiles(copy, x, bounds, count, begin, end);
  twin_require(!twin_configured, "a call leaves its tiles configured");
  return status;
}
