#include "ternary_panels_avxvnni.h"

#define STREAMS BN_STREAMS_AVXVNNI
#define TOKENS BN_TOKENS_AVXVNNI
typedef bn_sums_avxvnni group_sums;
#define store_rows bn_store_rows_avxvnni
#include "group_product.h"

BN_INLINE void add_group(const bn_ternary* w, const bn_quantized* a, const bn_groups* groups,
                         int64_t g, const uint8_t* digits, int64_t apart, int32_t token,
                         bn_sums_avxvnni* sums, const int P, const int T, const int S) {
  start_group(a, groups, g, token, sums, P, T, S);
  const int64_t begin = g * groups->blocks;
  const int64_t end = bn_group_end(w, groups, g);
  const uint8_t* block = digits + BN_BLOCK_BYTES_2BIT * begin;
  const int8_t* q = a->values + token * a->stride + BN_BLOCK_COLUMNS * begin;
  for (int64_t b = begin; b < end; b++, block += BN_BLOCK_BYTES_2BIT, q += BN_BLOCK_COLUMNS) {
    bn_add_block_avxvnni(bn_quad_2bit_avxvnni, sums, block, apart, q, a->stride, P, T, S);
  }
}

int32_t bn_group_product_avxvnni(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                 int32_t count, int32_t begin, int32_t end) {
  if (!bn_is_two_bit_by_groups(w, a)) {
    return BN_UNSUPPORTED;
  }
  const bn_portion once = {BN_TOKENS_AVXVNNI, 1, BN_CACHED_BYTES_AVXVNNI, BN_QUADS_2BIT};
  bn_ternary_product_by(multiply_panels, once, w, a, y, count, begin, end);
  return BN_OK;
}
