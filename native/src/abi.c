/* The exported functions: each looks its tier up in a constant table and calls the kernel. */
#include <stddef.h>

#include "bitnet.h"
#include "kernels.h"

static const bn_kernels* const tiers[BN_TIER_COUNT] = {
    [BN_TIER_C] = &bn_kernels_c,
#if defined(__x86_64__)
    [BN_TIER_AVX2] = &bn_kernels_avx2,
    [BN_TIER_AVXVNNI] = &bn_kernels_avxvnni,
    [BN_TIER_AVX512] = &bn_kernels_avx512,
#elif defined(__aarch64__)
    [BN_TIER_NEON] = &bn_kernels_neon,
    [BN_TIER_DOTPROD] = &bn_kernels_dotprod,
    [BN_TIER_I8MM] = &bn_kernels_i8mm,
#endif
};

/* The kernels of a tier, null if there is no such tier in this library. */
static inline const bn_kernels* kernels_of(int32_t tier) {
  return (uint32_t)tier < BN_TIER_COUNT ? tiers[tier] : NULL;
}

int32_t bn_abi_version(void) { return BN_ABI_VERSION; }

int32_t bn_compiled_tiers(void) {
  int32_t mask = 0;
  for (int32_t tier = 0; tier < BN_TIER_COUNT; tier++) {
    if (tiers[tier] != NULL) {
      mask |= 1 << tier;
    }
  }
  return mask;
}

int32_t bn_claimed_tiers(void) { return bn_detect_claimed() & bn_compiled_tiers(); }

int32_t bn_enabled_tiers(void) { return bn_detect_enabled() & bn_compiled_tiers(); }

int32_t bn_supported_tiers(void) { return bn_try_tiers(bn_enabled_tiers()); }

int32_t bn_pack_i2s(int32_t tier, const uint8_t* source, const bn_ternary* w, int32_t begin,
                    int32_t end) {
  const bn_kernels* kernels = kernels_of(tier);
  return kernels == NULL ? BN_UNSUPPORTED : kernels->pack_i2s(source, w, begin, end);
}

int32_t bn_pack_strips(int32_t tier, const bn_ternary* w, const bn_strips* strips, int32_t begin,
                       int32_t end) {
  const bn_kernels* kernels = kernels_of(tier);
  return kernels == NULL ? BN_UNSUPPORTED : kernels->pack_strips(w, strips, begin, end);
}

int32_t bn_embed(int32_t tier, const bn_matrix* table, const bn_batch* batch, const bn_rows* out,
                 int32_t begin, int32_t end) {
  const bn_kernels* kernels = kernels_of(tier);
  return kernels == NULL ? BN_UNSUPPORTED : kernels->embed(table, batch, out, begin, end);
}

int32_t bn_add(int32_t tier, const bn_rows* x, const bn_rows* y, int32_t begin, int32_t end) {
  const bn_kernels* kernels = kernels_of(tier);
  return kernels == NULL ? BN_UNSUPPORTED : kernels->add(x, y, begin, end);
}

int32_t bn_normalize(int32_t tier, const bn_rows* x, const bn_norm* norm, const bn_rows* out,
                     int32_t begin, int32_t end) {
  const bn_kernels* kernels = kernels_of(tier);
  return kernels == NULL ? BN_UNSUPPORTED : kernels->normalize(x, norm, out, begin, end);
}

int32_t bn_quantize(int32_t tier, const bn_rows* x, const bn_norm* norm, const bn_quantized* out,
                    int32_t begin, int32_t end) {
  const bn_kernels* kernels = kernels_of(tier);
  return kernels == NULL ? BN_UNSUPPORTED : kernels->quantize(x, norm, out, begin, end);
}

int32_t bn_gate(int32_t tier, int32_t activation, const bn_rows* gate, const bn_rows* up,
                int32_t begin, int32_t end) {
  const bn_kernels* kernels = kernels_of(tier);
  return kernels == NULL ? BN_UNSUPPORTED : kernels->gate(activation, gate, up, begin, end);
}

int32_t bn_ternary_product(int32_t tier, const bn_ternary* w, const bn_quantized* a,
                           const bn_rows* y, int32_t count, int32_t begin, int32_t end) {
  const bn_kernels* kernels = kernels_of(tier);
  return kernels == NULL ? BN_UNSUPPORTED : kernels->ternary_product(w, a, y, count, begin, end);
}

int64_t bn_gated_product(int32_t tier, const bn_strips* w, const bn_quantized* a,
                         const bn_rows* gate, const bn_rows* y, int32_t begin, int32_t end) {
  const bn_kernels* kernels = kernels_of(tier);
  return kernels == NULL ? -1 : kernels->gated_product(w, a, gate, y, begin, end);
}

int64_t bn_sparse_product(int32_t tier, const bn_strips* w, const bn_quantized* a, const bn_rows* y,
                          int32_t begin, int32_t end) {
  const bn_kernels* kernels = kernels_of(tier);
  return kernels == NULL ? -1 : kernels->sparse_product(w, a, y, begin, end);
}

int32_t bn_rotate(int32_t tier, const bn_rope* rope, const bn_batch* batch, const bn_rows* x,
                  int32_t begin, int32_t end) {
  const bn_kernels* kernels = kernels_of(tier);
  return kernels == NULL ? BN_UNSUPPORTED : kernels->rotate(rope, batch, x, begin, end);
}

int32_t bn_store(int32_t tier, const bn_attention* layer, const bn_batch* batch,
                 const bn_rows* keys, const bn_rows* values, int32_t begin, int32_t end) {
  const bn_kernels* kernels = kernels_of(tier);
  return kernels == NULL ? BN_UNSUPPORTED : kernels->store(layer, batch, keys, values, begin, end);
}

int32_t bn_attend(int32_t tier, const bn_attention* layer, const bn_batch* batch,
                  const bn_rows* queries, const bn_rows* out, int32_t begin, int32_t end) {
  const bn_kernels* kernels = kernels_of(tier);
  return kernels == NULL ? BN_UNSUPPORTED : kernels->attend(layer, batch, queries, out, begin, end);
}

int32_t bn_head_product(int32_t tier, const bn_matrix* m, const bn_rows* x, const bn_rows* y,
                        int32_t count, int32_t begin, int32_t end) {
  const bn_kernels* kernels = kernels_of(tier);
  return kernels == NULL ? BN_UNSUPPORTED : kernels->head_product(m, x, y, count, begin, end);
}

int32_t bn_build_sketch(int32_t tier, const bn_matrix* m, const bn_sketch* sketch, int32_t begin,
                        int32_t end) {
  const bn_kernels* kernels = kernels_of(tier);
  return kernels == NULL ? BN_UNSUPPORTED : kernels->build_sketch(m, sketch, begin, end);
}

int32_t bn_bound_logits(int32_t tier, const bn_sketch* sketch, const bn_digits* x,
                        const bn_bounds* bounds, int32_t begin, int32_t end) {
  const bn_kernels* kernels = kernels_of(tier);
  return kernels == NULL ? BN_UNSUPPORTED : kernels->bound_logits(sketch, x, bounds, begin, end);
}

int32_t bn_refine_bounds(int32_t tier, const bn_sketch* sketch, const bn_digits* x,
                         const bn_bounds* bounds, float threshold, int32_t begin, int32_t end) {
  const bn_kernels* kernels = kernels_of(tier);
  return kernels == NULL ? BN_UNSUPPORTED
                         : kernels->refine_bounds(sketch, x, bounds, threshold, begin, end);
}

int64_t bn_sum_bytes(int32_t tier, const uint8_t* p, int64_t n) {
  const bn_kernels* kernels = kernels_of(tier);
  return kernels == NULL ? -1 : kernels->sum_bytes(p, n);
}

int64_t bn_peak_products(int32_t tier, int32_t rounds) {
  const bn_kernels* kernels = kernels_of(tier);
  return kernels == NULL ? -1 : kernels->peak_products(rounds);
}
