/*
 * The table of kernels of a tier. A kernel's arguments are those of its function in bitnet.h
 * without the tier; its contract is the one stated there. The implementation of operation op for
 * tier t is bn_op_t and lives in op_t.c, or in rows_t.c where it is compiled from
 * row_operations.h; the table of the tier names it.
 */
#ifndef BITNET_KERNELS_H
#define BITNET_KERNELS_H

#include "bitnet.h"

typedef int32_t bn_pack_fn(int32_t format, const uint8_t* source, const bn_ternary* w,
                           int32_t begin, int32_t end);
typedef int32_t bn_pack_vectors_fn(const bn_ternary* w, const bn_ternary_vectors* vectors,
                                   int32_t begin, int32_t end);
typedef int32_t bn_pack_panels_fn(const bn_ternary_vectors* vectors, uint8_t* panels, int32_t begin,
                                  int32_t end);
typedef int32_t bn_embed_fn(const bn_matrix* table, const bn_batch* batch, const bn_rows* out,
                            int32_t begin, int32_t end);
typedef int32_t bn_add_fn(const bn_rows* x, const bn_rows* y, int32_t begin, int32_t end);
typedef int32_t bn_normalize_fn(const bn_rows* x, const bn_norm* norm, const bn_rows* out,
                                int32_t begin, int32_t end);
typedef int32_t bn_quantize_fn(const bn_rows* x, const bn_norm* norm, const bn_quantized* out,
                               int32_t begin, int32_t end);
typedef int32_t bn_gate_fn(int32_t activation, const bn_rows* gate, const bn_rows* up,
                           int32_t begin, int32_t end);
typedef int32_t bn_ternary_product_fn(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                      int32_t count, int32_t begin, int32_t end);
/* bn_vectors_product without panels; BN_UNSUPPORTED where making them is faster or needed. */
typedef int32_t bn_vectors_product_fn(const bn_ternary_vectors* w, const bn_quantized* a,
                                      const bn_rows* y, int32_t count, int32_t begin, int32_t end);
/* bn_ternary_product of a matrix with scales by groups. */
typedef bn_ternary_product_fn bn_group_product_fn;
typedef int64_t bn_gated_product_fn(const bn_ternary_vectors* w, const bn_quantized* a,
                                    const bn_rows* gate, const bn_rows* y, int32_t count,
                                    int32_t begin, int32_t end);
typedef int64_t bn_sparse_product_fn(const bn_ternary_vectors* w, const bn_quantized* a,
                                     const bn_rows* y, int32_t count, int32_t begin, int32_t end);
typedef int32_t bn_rotate_fn(const bn_rope* rope, const bn_batch* batch, const bn_rows* x,
                             int32_t begin, int32_t end);
typedef int32_t bn_store_fn(const bn_attention* layer, const bn_batch* batch, const bn_rows* keys,
                            const bn_rows* values, int32_t begin, int32_t end);
typedef int32_t bn_attend_fn(const bn_attention* layer, const bn_batch* batch,
                             const bn_rows* queries, const bn_rows* out, int32_t begin,
                             int32_t end);
typedef int32_t bn_attend_parts_fn(const bn_attention* layer, const bn_batch* batch,
                                   const bn_rows* queries, const bn_parts* parts, int32_t begin,
                                   int32_t end);
typedef int32_t bn_merge_parts_fn(const bn_attention* layer, const bn_batch* batch,
                                  const bn_parts* parts, const bn_rows* out, int32_t begin,
                                  int32_t end);
typedef int32_t bn_head_product_fn(const bn_matrix* m, const bn_rows* x, const bn_rows* y,
                                   int32_t count, int32_t begin, int32_t end);
typedef int32_t bn_pack_low_bit_fn(const bn_matrix* m, const bn_low_bit* copy, int32_t begin,
                                   int32_t end);
typedef int32_t bn_bound_logits_fn(const bn_low_bit* copy, const bn_activation16* x,
                                   const bn_bounds* bounds, int32_t count, int32_t begin,
                                   int32_t end);
typedef int32_t bn_refine_bounds_fn(const bn_low_bit* copy, const bn_activation16* x,
                                    const bn_bounds* bounds, int32_t count, int32_t begin,
                                    int32_t end);
typedef int64_t bn_sum_bytes_fn(const uint8_t* p, int64_t n);
typedef int64_t bn_peak_products_fn(int32_t rounds);

/* What a tier does better than its base, which provides the kernels that are null here. */
typedef struct bn_kernels {
  const struct bn_kernels* base; /* null in tier c, which has every kernel */
  bn_pack_fn* pack;
  bn_pack_vectors_fn* pack_vectors;
  bn_pack_panels_fn* pack_panels;
  bn_embed_fn* embed;
  bn_add_fn* add;
  bn_normalize_fn* normalize;
  bn_quantize_fn* quantize;
  bn_gate_fn* gate;
  bn_ternary_product_fn* ternary_product;
  bn_group_product_fn* group_product;
  bn_vectors_product_fn* vectors_product; /* none in tier c: by way of panels */
  bn_gated_product_fn* gated_product;
  bn_sparse_product_fn* sparse_product;
  bn_rotate_fn* rotate;
  bn_store_fn* store;
  bn_attend_fn* attend;
  bn_attend_parts_fn* attend_parts;
  bn_merge_parts_fn* merge_parts;
  bn_head_product_fn* head_product;
  bn_pack_low_bit_fn* pack_low_bit;
  bn_bound_logits_fn* bound_logits;
  bn_refine_bounds_fn* refine_bounds;
  bn_sum_bytes_fn* sum_bytes;
  bn_peak_products_fn* peak_products;
} bn_kernels;

extern const bn_kernels bn_kernels_c;

/* The tables of the tiers of this CPU family, null where a tier is of another. */
extern const bn_kernels* const bn_tiers[BN_TIER_COUNT];

bn_pack_fn bn_pack_c;
bn_pack_vectors_fn bn_pack_vectors_c;
bn_pack_panels_fn bn_pack_panels_c, bn_pack_panels_avx2, bn_pack_panels_avx512;
bn_embed_fn bn_embed_c, bn_embed_avx2, bn_embed_avx512, bn_embed_neon;
bn_add_fn bn_add_c, bn_add_avx2, bn_add_avx512, bn_add_neon;
bn_normalize_fn bn_normalize_c, bn_normalize_avx2, bn_normalize_avx512, bn_normalize_neon;
bn_quantize_fn bn_quantize_c, bn_quantize_avx2, bn_quantize_avx512, bn_quantize_neon;
bn_gate_fn bn_gate_c, bn_gate_avx2, bn_gate_avx512, bn_gate_neon;
bn_ternary_product_fn bn_ternary_product_c, bn_ternary_product_avx2, bn_ternary_product_avxvnni,
    bn_ternary_product_avx512, bn_ternary_product_avx512vbmi, bn_ternary_product_amx,
    bn_few_tokens_amx, bn_ternary_product_neon, bn_ternary_product_dotprod, bn_ternary_product_i8mm;
bn_group_product_fn bn_group_product_c, bn_group_product_avx2, bn_group_product_avxvnni,
    bn_group_product_avx512, bn_group_product_amx, bn_group_product_neon, bn_group_product_dotprod,
    bn_group_product_i8mm;
bn_vectors_product_fn bn_vectors_product_amx;
bn_gated_product_fn bn_gated_product_c, bn_gated_product_avx2, bn_gated_product_avx512,
    bn_gated_product_neon, bn_gated_product_dotprod;
bn_sparse_product_fn bn_sparse_product_c, bn_sparse_product_avx2, bn_sparse_product_avx512,
    bn_sparse_product_neon, bn_sparse_product_dotprod;
bn_rotate_fn bn_rotate_c, bn_rotate_avx2, bn_rotate_avx512, bn_rotate_neon;
bn_store_fn bn_store_c, bn_store_avx2, bn_store_avx512, bn_store_neon;
bn_attend_fn bn_attend_c, bn_attend_avx2, bn_attend_avx512, bn_attend_neon;
bn_attend_parts_fn bn_attend_parts_c, bn_attend_parts_avx2, bn_attend_parts_avx512,
    bn_attend_parts_neon;
bn_merge_parts_fn bn_merge_parts_c;
bn_head_product_fn bn_head_product_c, bn_head_product_avx2, bn_head_product_avx512,
    bn_head_product_neon;
bn_pack_low_bit_fn bn_pack_low_bit_c, bn_pack_low_bit_avx2, bn_pack_low_bit_avx512,
    bn_pack_low_bit_neon;
bn_bound_logits_fn bn_bound_logits_c, bn_bound_logits_avx2, bn_bound_logits_avx512,
    bn_bound_logits_amx, bn_bound_logits_neon, bn_bound_logits_dotprod;
bn_refine_bounds_fn bn_refine_bounds_c, bn_refine_bounds_avx2, bn_refine_bounds_avx512,
    bn_refine_bounds_amx, bn_refine_bounds_neon, bn_refine_bounds_dotprod;
bn_sum_bytes_fn bn_sum_bytes_c, bn_sum_bytes_avx2, bn_sum_bytes_avx512, bn_sum_bytes_neon;
bn_peak_products_fn bn_peak_products_c, bn_peak_products_avx2, bn_peak_products_avxvnni,
    bn_peak_products_avx512, bn_peak_products_amx, bn_peak_products_neon, bn_peak_products_dotprod,
    bn_peak_products_i8mm;

/*
 * The way back from bn_pack_vectors: two-bit panels [begin, end) of a matrix, one after the other
 * from `panels` on. BN_UNSUPPORTED if vectors have an unknown order.
 */
int32_t bn_pack_panels(int32_t tier, const bn_ternary_vectors* vectors, uint8_t* panels,
                       int32_t begin, int32_t end);

/* The tiers whose instructions this CPU says it has, as a bit mask. */
int32_t bn_detect_claimed(void);

/* Those of them whose registers the operating system saves. */
int32_t bn_detect_enabled(void);

/* Those of the given tiers whose registers this process may use. */
int32_t bn_permit(int32_t tiers);

/* Those of the given tiers whose instructions run. Not to be called by two threads at once. */
int32_t bn_try_tiers(int32_t tiers);

/* Runs one instruction of each extension that a tier is compiled for. */
typedef void bn_try_fn(void);
bn_try_fn bn_try_avx2, bn_try_avxvnni, bn_try_avx512, bn_try_avx512vbmi, bn_try_amx, bn_try_dotprod,
    bn_try_i8mm;

/* Whether an attempt ends; 0 if it meets an instruction that this machine lacks. */
int32_t bn_ends(bn_try_fn* attempt);

#if defined(__x86_64__)
/* What CPUID says of a CPU's extensions and, if the system manages them, XCR0 of its registers. */
typedef struct bn_x86 {
  uint32_t leaf1_ecx;
  uint32_t leaf7_ebx;
  uint32_t leaf7_ecx;
  uint32_t leaf7_edx;
  uint32_t leaf7_1_eax;
  uint64_t xcr0;
} bn_x86;

/* bn_detect_claimed and bn_detect_enabled of such a CPU. */
int32_t bn_claimed_by(const bn_x86* cpu);
int32_t bn_enabled_for(const bn_x86* cpu);
#endif

/* Runs of `run` columns in a row, the last one perhaps shorter; 1 if `run` is 0. */
static inline int32_t bn_runs(int32_t columns, int32_t run) {
  return run == 0 ? 1 : (int32_t)(((int64_t)columns + run - 1) / run);
}

/* The start of row r. */
static inline float* bn_row(const bn_rows* rows, int64_t r) {
  return rows->data + r * rows->stride;
}

/* The start of row r of a matrix in its file's own format. */
static inline const uint8_t* bn_matrix_row(const bn_matrix* m, int64_t r) {
  return m->data + r * m->row_bytes;
}

/* The element of the cache where position t of a head starts, in a sequence of those blocks. */
static inline int64_t bn_cache_offset(const bn_attention* layer, const int32_t* blocks,
                                      int64_t head, int32_t t) {
  return blocks[t / BN_ATTENTION_CHUNK] * layer->block_stride +
         (head * BN_ATTENTION_CHUNK + t % BN_ATTENTION_CHUNK) * layer->head_dim;
}

/* Element i of a cache, whose type decides what it is. */
static inline uint16_t* bn_cache_at(const bn_attention* layer, uint16_t* cache, int64_t i) {
  return cache + (layer->type == BN_TYPE_F32 ? 2 * i : i);
}

/* Whether keys and values may be cached in this type. */
static inline int bn_is_cache_type(int32_t type) {
  return type == BN_TYPE_F16 || type == BN_TYPE_F32;
}

#endif
