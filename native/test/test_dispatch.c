#include <stdio.h>
#include <stdlib.h>

#include "common/kernels.h"

static void expect(const char* what, int64_t expected, int64_t actual) {
  if (expected != actual) {
    fprintf(stderr, "FAILED %s: %lld instead of %lld\n", what, (long long)actual,
            (long long)expected);
    exit(1);
  }
}

/* Every function refuses a tier that is not there before it looks at anything else. */
static void refuses_tier(int32_t tier) {
  expect("pack", BN_UNSUPPORTED, bn_pack(tier, 35, NULL, NULL, 0, 1));
  expect("pack_vectors", BN_UNSUPPORTED, bn_pack_vectors(tier, NULL, NULL, 0, 1));
  expect("pack_panels", BN_UNSUPPORTED, bn_pack_panels(tier, NULL, NULL, 0, 1));
  expect("embed", BN_UNSUPPORTED, bn_embed(tier, NULL, NULL, NULL, 0, 1));
  expect("add", BN_UNSUPPORTED, bn_add(tier, NULL, NULL, 0, 1));
  expect("normalize", BN_UNSUPPORTED, bn_normalize(tier, NULL, NULL, NULL, 0, 1));
  expect("quantize", BN_UNSUPPORTED, bn_quantize(tier, NULL, NULL, NULL, 0, 1));
  expect("gate", BN_UNSUPPORTED, bn_gate(tier, BN_ACT_RELU2, NULL, NULL, 0, 1));
  expect("ternary_product", BN_UNSUPPORTED, bn_ternary_product(tier, NULL, NULL, NULL, 1, 0, 1));
  expect("vectors_product", BN_UNSUPPORTED,
         bn_vectors_product(tier, NULL, NULL, NULL, 1, 0, 1, NULL, 0));
  expect("gated_product", -1, bn_gated_product(tier, NULL, NULL, NULL, NULL, 1, 0, 1));
  expect("sparse_product", -1, bn_sparse_product(tier, NULL, NULL, NULL, 1, 0, 1));
  expect("rotate", BN_UNSUPPORTED, bn_rotate(tier, NULL, NULL, NULL, 0, 1));
  expect("store", BN_UNSUPPORTED, bn_store(tier, NULL, NULL, NULL, NULL, 0, 1));
  expect("attend", BN_UNSUPPORTED, bn_attend(tier, NULL, NULL, NULL, NULL, 0, 1));
  expect("attend_parts", BN_UNSUPPORTED, bn_attend_parts(tier, NULL, NULL, NULL, NULL, 0, 1));
  expect("merge_parts", BN_UNSUPPORTED, bn_merge_parts(tier, NULL, NULL, NULL, NULL, 0, 1));
  expect("head_product", BN_UNSUPPORTED, bn_head_product(tier, NULL, NULL, NULL, 1, 0, 1));
  expect("pack_low_bit", BN_UNSUPPORTED, bn_pack_low_bit(tier, NULL, NULL, 0, 1));
  expect("bound_logits", BN_UNSUPPORTED, bn_bound_logits(tier, NULL, NULL, NULL, 1, 0, 1));
  expect("refine_bounds", BN_UNSUPPORTED, bn_refine_bounds(tier, NULL, NULL, NULL, 1, 0, 1));
  expect("sum_bytes", -1, bn_sum_bytes(tier, NULL, 1));
  expect("peak_products", -1, bn_peak_products(tier, 1));
}

/* Every tier has every function, its own or one of its base: asked for nothing, none refuses. */
static void answers_everything(int32_t tier) {
  const bn_ternary w = {.columns = 16, .layout = BN_PANEL_2BIT};
  bn_ternary_vectors copy = {.columns = 16, .order = BN_ROW_MAJOR};
  float scale = 1.0f;
  const bn_quantized a = {.scales = &scale, .columns = 16};
  const bn_rows rows = {.columns = 16};
  const bn_norm norm = {.columns = 16};
  const bn_matrix matrix = {.columns = 16, .type = BN_TYPE_F16};
  const bn_batch batch = {0};
  const bn_rope rope = {.head_dim = 16, .style = BN_ROPE_HALVES};
  const bn_attention layer = {.query_heads = 1, .kv_heads = 1, .head_dim = 16, .type = BN_TYPE_F16};
  const bn_parts parts = {0};
  const bn_low_bit low_bit = {.columns = 16};
  const bn_activation16 x = {0};
  const bn_bounds bounds = {0};
  expect("pack of nothing", BN_OK, bn_pack(tier, 35, NULL, &w, 0, 0));
  expect("pack_vectors of nothing", BN_OK, bn_pack_vectors(tier, &w, &copy, 0, 0));
  expect("vectors_product of nothing", BN_OK,
         bn_vectors_product(tier, &copy, &a, &rows, 1, 0, 0, NULL, 1024));
  expect("pack_panels of nothing", BN_OK, bn_pack_panels(tier, &copy, NULL, 0, 0));
  expect("embed of nothing", BN_OK, bn_embed(tier, &matrix, &batch, &rows, 0, 0));
  expect("add of nothing", BN_OK, bn_add(tier, &rows, &rows, 0, 0));
  expect("normalize of nothing", BN_OK, bn_normalize(tier, &rows, &norm, &rows, 0, 0));
  expect("quantize of nothing", BN_OK, bn_quantize(tier, &rows, &norm, &a, 0, 0));
  expect("gate of nothing", BN_OK, bn_gate(tier, BN_ACT_SILU, &rows, &rows, 0, 0));
  expect("ternary_product of nothing", BN_OK, bn_ternary_product(tier, &w, &a, &rows, 0, 0, 0));
  const uint16_t halves[16] = {0};
  int32_t sum = 0;
  const bn_ternary groups = {
      .group_scales = halves, .group_columns = 64, .columns = 16, .layout = BN_PANEL_2BIT};
  const bn_quantized sums = {
      .scales = &scale, .group_sums = &sum, .group_columns = 64, .columns = 16};
  expect("ternary_product of no groups", BN_OK,
         bn_ternary_product(tier, &groups, &sums, &rows, 0, 0, 0));
  expect("gated_product of nothing", 0, bn_gated_product(tier, &copy, &a, &rows, &rows, 1, 0, 0));
  copy.order = BN_COLUMN_MAJOR;
  expect("sparse_product of nothing", 0, bn_sparse_product(tier, &copy, &a, &rows, 1, 0, 0));
  expect("rotate of nothing", BN_OK, bn_rotate(tier, &rope, &batch, &rows, 0, 0));
  expect("store of nothing", BN_OK, bn_store(tier, &layer, &batch, &rows, &rows, 0, 0));
  expect("attend of nothing", BN_OK, bn_attend(tier, &layer, &batch, &rows, &rows, 0, 0));
  expect("attend_parts of nothing", BN_OK,
         bn_attend_parts(tier, &layer, &batch, &rows, &parts, 0, 0));
  expect("merge_parts of nothing", BN_OK,
         bn_merge_parts(tier, &layer, &batch, &parts, &rows, 0, 0));
  expect("head_product of nothing", BN_OK, bn_head_product(tier, &matrix, &rows, &rows, 0, 0, 0));
  expect("pack_low_bit of nothing", BN_OK, bn_pack_low_bit(tier, &matrix, &low_bit, 0, 0));
  expect("bound_logits of nothing", BN_OK, bn_bound_logits(tier, &low_bit, &x, &bounds, 1, 0, 0));
  expect("refine_bounds of nothing", BN_OK, bn_refine_bounds(tier, &low_bit, &x, &bounds, 1, 0, 0));
  const uint8_t none = 1;
  expect("sum_bytes of nothing", 0, bn_sum_bytes(tier, &none, 0));
  expect("peak_products in no round", 0, bn_peak_products(tier, 0));
}

/* Every tier refuses a choice that has no name, and writes nothing. */
static void refuses_unknown_choices(int32_t tier) {
  _Alignas(64) float data[16] = {1.0f};
  _Alignas(64) uint8_t panel[64] = {0};
  _Alignas(64) int8_t values[64] = {0};
  float scale = 1.0f;
  int32_t zero = 0;
  const bn_rows rows = {data, 16, 1, 1};
  const int32_t* const blocks = &zero;
  const bn_batch batch = {&blocks, &zero, &zero};
  const bn_matrix matrix = {.data = panel, .row_bytes = 4, .rows = 1, .columns = 1, .type = 99};
  expect("embed of type 99", BN_UNSUPPORTED, bn_embed(tier, &matrix, &batch, &rows, 0, 1));
  expect("head_product of type 99", BN_UNSUPPORTED,
         bn_head_product(tier, &matrix, &rows, &rows, 1, 0, 1));
  expect("gate by activation 3", BN_UNSUPPORTED, bn_gate(tier, 3, &rows, &rows, 0, 1));
  expect("gate by activation -1", BN_UNSUPPORTED, bn_gate(tier, -1, &rows, &rows, 0, 1));
  const bn_rope rope = {.cosines = &scale, .sines = &scale, .head_dim = 1, .style = 2};
  expect("rotate in style 2", BN_UNSUPPORTED, bn_rotate(tier, &rope, &batch, &rows, 0, 1));
  const bn_ternary w = {.panels = panel, .rows = 1, .columns = 1, .layout = 2, .scale = 1.0f};
  bn_quantized a = {.values = values,
                    .scales = &scale,
                    .sums = &zero,
                    .group_sums = &zero,
                    .stride = 64,
                    .columns = 1,
                    .capacity = 1};
  expect("pack to layout 2", BN_UNSUPPORTED, bn_pack(tier, 35, panel, &w, 0, 1));
  expect("ternary_product of layout 2", BN_UNSUPPORTED,
         bn_ternary_product(tier, &w, &a, &rows, 1, 0, 1));
  bn_ternary panels = {.panels = panel, .rows = 1, .columns = 1, .layout = BN_PANEL_2BIT};
  expect("pack from format 2", BN_UNSUPPORTED, bn_pack(tier, 2, panel, &panels, 0, 1));
  a.block_columns = 64;
  expect("ternary_product of blocks without groups", BN_UNSUPPORTED,
         bn_ternary_product(tier, &panels, &a, &rows, 1, 0, 1));
  a.block_columns = 0;
  const uint16_t halves[16] = {0x3c00};
  panels.group_scales = halves;
  /* Groups of the matrix and groups and blocks of the activations that do not fit each other. */
  static const int32_t misfits[][3] = {{64, 0, 0},   {64, 128, 0},  {64, 48, 0},    {0, 64, 0},
                                       {24, 24, 0},  {64, 64, 32},  {256, 64, 128}, {-64, 64, 0},
                                       {64, -64, 0}, {64, 64, 160}, {128, 64, 192}};
  for (int i = 0; i < 11; i++) {
    panels.group_columns = misfits[i][0];
    a.group_columns = misfits[i][1];
    a.block_columns = misfits[i][2];
    expect("ternary_product with groups that do not fit", BN_UNSUPPORTED,
           bn_ternary_product(tier, &panels, &a, &rows, 1, 0, 1));
  }
  panels.layout = BN_PANEL_FIVE_DIGITS;
  panels.group_columns = a.group_columns = 64;
  a.block_columns = 0;
  expect("ternary_product of five digits a byte by groups", BN_UNSUPPORTED,
         bn_ternary_product(tier, &panels, &a, &rows, 1, 0, 1));
  panels.group_scales = NULL;
  a.block_columns = 64;
  expect("ternary_product of five digits a byte by blocks", BN_UNSUPPORTED,
         bn_ternary_product(tier, &panels, &a, &rows, 1, 0, 1));
  panels.layout = BN_PANEL_2BIT;
  a.group_columns = a.block_columns = 0;
  bn_ternary_vectors copy = {.digits = panel, .stride = 64, .rows = 1, .columns = 1, .order = 2};
  expect("pack_vectors from layout 2", BN_UNSUPPORTED, bn_pack_vectors(tier, &w, &copy, 0, 1));
  bn_ternary five = panels;
  five.layout = BN_PANEL_FIVE_DIGITS;
  expect("pack_vectors from five digits a byte", BN_UNSUPPORTED,
         bn_pack_vectors(tier, &five, &copy, 0, 1));
  expect("pack_vectors in order 2", BN_UNSUPPORTED, bn_pack_vectors(tier, &panels, &copy, 0, 1));
  expect("vectors_product in order 2", BN_UNSUPPORTED,
         bn_vectors_product(tier, &copy, &a, &rows, 1, 0, 1, panel, 1024));
  expect("vectors_product in too little memory", BN_UNSUPPORTED,
         bn_vectors_product(tier, &copy, &a, &rows, 1, 0, 1, panel, 1023));
  expect("pack_panels in order 2", BN_UNSUPPORTED, bn_pack_panels(tier, &copy, panel, 0, 1));
  copy.order = BN_COLUMN_MAJOR;
  expect("gated_product by columns", -1, bn_gated_product(tier, &copy, &a, &rows, &rows, 1, 0, 1));
  copy.order = BN_ROW_MAJOR;
  expect("sparse_product by rows", -1, bn_sparse_product(tier, &copy, &a, &rows, 1, 0, 1));
  uint16_t cache[2] = {0};
  const bn_attention layer = {.keys = cache,
                              .values = cache,
                              .query_heads = 1,
                              .kv_heads = 1,
                              .head_dim = 1,
                              .scale = 1.0f,
                              .type = BN_TYPE_BF16};
  expect("store as bfloat16", BN_UNSUPPORTED, bn_store(tier, &layer, &batch, &rows, &rows, 0, 1));
  expect("attend to bfloat16", BN_UNSUPPORTED, bn_attend(tier, &layer, &batch, &rows, &rows, 0, 1));
  expect("the untouched element", 1, (int64_t)data[0]);
}

/* test_dispatch [mask]: the mask is that of the tiers which must be supported. */
int main(int argc, char** argv) {
  expect("bn_abi_version()", BN_ABI_VERSION, bn_abi_version());
  const int32_t compiled = bn_compiled_tiers();
  const int32_t supported = bn_supported_tiers();
  printf("tiers compiled in: 0x%x, supported here: 0x%x\n", (unsigned)compiled,
         (unsigned)supported);
  expect("tier c in bn_supported_tiers()", 1, supported >> BN_TIER_C & 1);
  const int32_t claimed = bn_claimed_tiers();
  const int32_t enabled = bn_enabled_tiers();
  expect("supported tiers that are not enabled", 0, supported & ~enabled);
  expect("enabled tiers that the CPU does not claim", 0, enabled & ~claimed);
  expect("claimed tiers that are not compiled in", 0, claimed & ~compiled);
  if (argc > 1) {
    expect("supported tiers", strtol(argv[1], NULL, 0), supported);
  }
  expect("tiers beyond the last", 0, compiled >> BN_TIER_COUNT);
  const int32_t strange[] = {-1, BN_TIER_COUNT, 31, 32, INT32_MAX, INT32_MIN};
  for (int i = 0; i < 6; i++) {
    refuses_tier(strange[i]);
  }
  for (int32_t tier = 0; tier < BN_TIER_COUNT; tier++) {
    if (!(compiled >> tier & 1)) {
      refuses_tier(tier);
    } else if (supported >> tier & 1) {
      answers_everything(tier);
      refuses_unknown_choices(tier);
    }
  }
  return 0;
}
