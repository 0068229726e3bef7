/* The exported functions: each looks its tier's kernel up in constant tables and calls it. */
#include <stddef.h>

#include "bitnet.h"
#include "kernels.h"

/* The table of a tier, null if there is no such tier in this library. */
static inline const bn_kernels* table_of(int32_t tier) {
  return (uint32_t)tier < BN_TIER_COUNT ? bn_tiers[tier] : NULL;
}

/*
 * Returns what the tier's kernel says: the tier's own, or that of the nearest base that has one. A
 * macro, for kernels differ in type.
 */
#define RETURN_KERNEL(tier, refusal, kernel, ...)                      \
  for (const bn_kernels* t = table_of(tier); t != NULL; t = t->base) { \
    if (t->kernel != NULL) {                                           \
      return t->kernel(__VA_ARGS__);                                   \
    }                                                                  \
  }                                                                    \
  return refusal

/*
 * The compiler this library was built with, as it names itself: ASCII. Loaders may look it up by
 * its name; it belongs to no version of the header, and older libraries lack it.
 */
BN_API extern const char bn_compiler[];
#if defined(__clang__) /* its version has its name in it */
const char bn_compiler[] = __VERSION__;
#else
const char bn_compiler[] = "gcc " __VERSION__;
#endif

int32_t bn_abi_version(void) { return BN_ABI_VERSION; }

int32_t bn_compiled_tiers(void) {
  int32_t mask = 0;
  for (int32_t tier = 0; tier < BN_TIER_COUNT; tier++) {
    if (table_of(tier) != NULL) {
      mask |= 1 << tier;
    }
  }
  return mask;
}

int32_t bn_claimed_tiers(void) { return bn_detect_claimed() & bn_compiled_tiers(); }

int32_t bn_enabled_tiers(void) { return bn_detect_enabled() & bn_compiled_tiers(); }

int32_t bn_permitted_tiers(void) { return bn_permit(bn_enabled_tiers()); }

int32_t bn_supported_tiers(void) { return bn_try_tiers(bn_permitted_tiers()); }

int32_t bn_pack(int32_t tier, int32_t format, const uint8_t* source, const bn_ternary* w,
                int32_t begin, int32_t end) {
  RETURN_KERNEL(tier, BN_UNSUPPORTED, pack, format, source, w, begin, end);
}

int32_t bn_pack_vectors(int32_t tier, const bn_ternary* w, const bn_ternary_vectors* vectors,
                        int32_t begin, int32_t end) {
  RETURN_KERNEL(tier, BN_UNSUPPORTED, pack_vectors, w, vectors, begin, end);
}

int32_t bn_pack_panels(int32_t tier, const bn_ternary_vectors* vectors, uint8_t* panels,
                       int32_t begin, int32_t end) {
  RETURN_KERNEL(tier, BN_UNSUPPORTED, pack_panels, vectors, panels, begin, end);
}

int32_t bn_embed(int32_t tier, const bn_matrix* table, const bn_batch* batch, const bn_rows* out,
                 int32_t begin, int32_t end) {
  RETURN_KERNEL(tier, BN_UNSUPPORTED, embed, table, batch, out, begin, end);
}

int32_t bn_add(int32_t tier, const bn_rows* x, const bn_rows* y, int32_t begin, int32_t end) {
  RETURN_KERNEL(tier, BN_UNSUPPORTED, add, x, y, begin, end);
}

int32_t bn_normalize(int32_t tier, const bn_rows* x, const bn_norm* norm, const bn_rows* out,
                     int32_t begin, int32_t end) {
  RETURN_KERNEL(tier, BN_UNSUPPORTED, normalize, x, norm, out, begin, end);
}

int32_t bn_quantize(int32_t tier, const bn_rows* x, const bn_norm* norm, const bn_quantized* out,
                    int32_t begin, int32_t end) {
  RETURN_KERNEL(tier, BN_UNSUPPORTED, quantize, x, norm, out, begin, end);
}

int32_t bn_gate(int32_t tier, int32_t activation, const bn_rows* gate, const bn_rows* up,
                int32_t begin, int32_t end) {
  RETURN_KERNEL(tier, BN_UNSUPPORTED, gate, activation, gate, up, begin, end);
}

int32_t bn_ternary_product(int32_t tier, const bn_ternary* w, const bn_quantized* a,
                           const bn_rows* y, int32_t count, int32_t begin, int32_t end) {
  if (table_of(tier) != NULL && w->group_scales != NULL) {
    RETURN_KERNEL(tier, BN_UNSUPPORTED, group_product, w, a, y, count, begin, end);
  }
  RETURN_KERNEL(tier, BN_UNSUPPORTED, ternary_product, w, a, y, count, begin, end);
}

int64_t bn_gated_product(int32_t tier, const bn_ternary_vectors* w, const bn_quantized* a,
                         const bn_rows* gate, const bn_rows* y, int32_t count, int32_t begin,
                         int32_t end) {
  if (count < 1 || count > BN_MOST_SPARSE_ROWS) {
    return -1;
  }
  RETURN_KERNEL(tier, -1, gated_product, w, a, gate, y, count, begin, end);
}

int64_t bn_sparse_product(int32_t tier, const bn_ternary_vectors* w, const bn_quantized* a,
                          const bn_rows* y, int32_t count, int32_t begin, int32_t end) {
  if (count < 1 || count > BN_MOST_SPARSE_ROWS) {
    return -1;
  }
  RETURN_KERNEL(tier, -1, sparse_product, w, a, y, count, begin, end);
}

int32_t bn_rotate(int32_t tier, const bn_rope* rope, const bn_batch* batch, const bn_rows* x,
                  int32_t begin, int32_t end) {
  RETURN_KERNEL(tier, BN_UNSUPPORTED, rotate, rope, batch, x, begin, end);
}

int32_t bn_store(int32_t tier, const bn_attention* layer, const bn_batch* batch,
                 const bn_rows* keys, const bn_rows* values, int32_t begin, int32_t end) {
  RETURN_KERNEL(tier, BN_UNSUPPORTED, store, layer, batch, keys, values, begin, end);
}

int32_t bn_attend(int32_t tier, const bn_attention* layer, const bn_batch* batch,
                  const bn_rows* queries, const bn_rows* out, int32_t begin, int32_t end) {
  RETURN_KERNEL(tier, BN_UNSUPPORTED, attend, layer, batch, queries, out, begin, end);
}

int32_t bn_attend_parts(int32_t tier, const bn_attention* layer, const bn_batch* batch,
                        const bn_rows* queries, const bn_parts* parts, int32_t begin, int32_t end) {
  RETURN_KERNEL(tier, BN_UNSUPPORTED, attend_parts, layer, batch, queries, parts, begin, end);
}

int32_t bn_merge_parts(int32_t tier, const bn_attention* layer, const bn_batch* batch,
                       const bn_parts* parts, const bn_rows* out, int32_t begin, int32_t end) {
  RETURN_KERNEL(tier, BN_UNSUPPORTED, merge_parts, layer, batch, parts, out, begin, end);
}

int32_t bn_head_product(int32_t tier, const bn_matrix* m, const bn_rows* x, const bn_rows* y,
                        int32_t count, int32_t begin, int32_t end) {
  RETURN_KERNEL(tier, BN_UNSUPPORTED, head_product, m, x, y, count, begin, end);
}

int32_t bn_pack_low_bit(int32_t tier, const bn_matrix* m, const bn_low_bit* copy, int32_t begin,
                        int32_t end) {
  RETURN_KERNEL(tier, BN_UNSUPPORTED, pack_low_bit, m, copy, begin, end);
}

int32_t bn_bound_logits(int32_t tier, const bn_low_bit* copy, const bn_activation16* x,
                        const bn_bounds* bounds, int32_t count, int32_t begin, int32_t end) {
  RETURN_KERNEL(tier, BN_UNSUPPORTED, bound_logits, copy, x, bounds, count, begin, end);
}

int32_t bn_refine_bounds(int32_t tier, const bn_low_bit* copy, const bn_activation16* x,
                         const bn_bounds* bounds, int32_t count, int32_t begin, int32_t end) {
  RETURN_KERNEL(tier, BN_UNSUPPORTED, refine_bounds, copy, x, bounds, count, begin, end);
}

int64_t bn_sum_bytes(int32_t tier, const uint8_t* p, int64_t n) {
  RETURN_KERNEL(tier, -1, sum_bytes, p, n);
}

int64_t bn_peak_products(int32_t tier, int32_t rounds) {
  RETURN_KERNEL(tier, -1, peak_products, rounds);
}
