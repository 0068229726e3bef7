/*
 * bitnet.h: the whole ABI between the engine and its native kernels.
 *
 * The library computes over ranges of memory it is handed. It owns nothing: no allocation, no
 * threads, no files, no state but a constant dispatch table. (Tier AMX has scratch memory for each
 * thread that uses it, some 600 KB, in the thread's own storage, and every tier 1 MB for panels of
 * five digits a byte, of which only what a matrix needs becomes memory; nothing in it outlasts a
 * call.)
 * Every function but bn_supported_tiers is thread-safe as long as two calls do not write the same
 * output range.
 *
 * The result of every function is defined to the last bit by
 * org.bitnetj.kernel.scalar.ScalarKernels (and docs/numerics.md); a tier changes how fast it is,
 * never what it is.
 *
 * Only fixed-width types and named structs appear here, so that one set of generated Java bindings
 * is valid on every platform. After a change, regenerate them (the command is beside them) and
 * raise BN_ABI_VERSION if an existing caller would misread the change.
 *
 * Memory rules, for every pointer below: rows of float32 and int8 start at multiples of 64 bytes
 * and may be read (never written) up to the next multiple of 64 bytes; vectors of float32 weights
 * (norms), matrices in a file's own format and RoPE tables may be read only within their bounds.
 */
#ifndef BITNET_H
#define BITNET_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define BN_API __declspec(dllexport)
#else
#define BN_API __attribute__((visibility("default")))
#endif

#define BN_ABI_VERSION 8

/* Tiers: the first argument of every kernel. A bit mask of them is 1 << tier. */
#define BN_TIER_C 0
#define BN_TIER_AVX2 1
#define BN_TIER_AVXVNNI 2
#define BN_TIER_AVX512 3
#define BN_TIER_NEON 4
#define BN_TIER_DOTPROD 5
#define BN_TIER_I8MM 6
#define BN_TIER_AMX 7
#define BN_TIER_AVX512VBMI 8
#define BN_TIER_COUNT 9

/* Status codes. */
#define BN_OK 0
#define BN_NON_FINITE 1  /* an activation is NaN or infinite */
#define BN_BAD_DIGIT 2   /* a ternary code of the file is larger than the matrix may hold */
#define BN_UNSUPPORTED 3 /* this tier is not compiled in, or an argument names no known choice */

/* Layouts of ternary panels. */
#define BN_PANEL_2BIT 0
#define BN_PANEL_FIVE_DIGITS 1

/* The order of a ternary matrix by vectors: they are rows or columns. */
#define BN_ROW_MAJOR 0
#define BN_COLUMN_MAJOR 1
/* The most rows of activations that a product which leaves vectors out takes at a time. */
#define BN_MOST_SPARSE_ROWS 16
/* Digits that one line of a row or column holds, and its bytes. */
#define BN_LINE_DIGITS 256
#define BN_LINE_BYTES 64

/* Types of embedding and head matrices: GGUF's tensor type ids. */
#define BN_TYPE_F32 0
#define BN_TYPE_F16 1
#define BN_TYPE_Q4_0 2
#define BN_TYPE_Q8_0 8
#define BN_TYPE_Q4_K 12
#define BN_TYPE_Q5_K 13
#define BN_TYPE_Q6_K 14
#define BN_TYPE_IQ4_NL 20
#define BN_TYPE_BF16 30

/* Which elements a rotary embedding pairs. */
#define BN_ROPE_HALVES 0   /* (i, i + pairs): NEOX */
#define BN_ROPE_ADJACENT 1 /* (2i, 2i + 1) */

/* Activation functions of the feed-forward network. */
#define BN_ACT_RELU2 0
#define BN_ACT_SILU 1
#define BN_ACT_GELU 2 /* by the tanh approximation */

/* Attention is computed in chunks of this many positions, merged in rising order. */
#define BN_ATTENTION_CHUNK 256
#define BN_MAX_HEAD_DIM 512
/* The largest row length whose int32 sums are exact in every tier. */
#define BN_MAX_COLUMNS 131000

/* A matrix of float32 rows. */
typedef struct bn_rows {
  float* data;
  int64_t stride; /* floats from one row to the next, a multiple of 16 */
  int32_t columns;
  int32_t capacity; /* rows that fit */
} bn_rows;

/*
 * A matrix of activation rows quantized to int8, with what the product's epilogue needs. A row has
 * one scale, or one for each block of block_columns columns; for matrices with scales by groups it
 * has sums by groups. The last group and block of a row may have fewer columns.
 */
typedef struct bn_quantized {
  int8_t* values;
  float* scales;       /* per row, by rows and blocks if there are any: max(absmax, 1e-5f) / 127f */
  int32_t* sums;       /* per row: the sum of its values */
  int32_t* group_sums; /* by rows and groups: the sum of those values; null without groups */
  int64_t stride;      /* bytes from one row to the next, a multiple of 64 with room for the padded
                          columns of every matrix; zero from columns on */
  int32_t columns;
  int32_t capacity;
  int32_t group_columns; /* of a group, a multiple of 16; 0: there are none */
  int32_t block_columns; /* of a block, a multiple of a group's; 0: one scale a row */
} bn_quantized;

/*
 * A ternary matrix as panels of 16 rows. Rows and columns that only pad hold zero bits. The start
 * is a multiple of 64 bytes.
 *
 * Layout BN_PANEL_2BIT: with K = columns rounded up to 16, panel p takes bytes [4*K*p, 4*K*(p+1)).
 * In block b of 64 bytes, byte 4*r + j holds for row 16*p + r the digits u = t + 1 of columns
 * 16*b + 4*f + j at bits 2*f and 2*f + 1, f = 0..3.
 *
 * Layout BN_PANEL_FIVE_DIGITS: with K = columns rounded up to 20, panel p takes bytes
 * [16*K*p/5, 16*K*(p+1)/5). In block b of 64 bytes, byte 4*r + j holds for row 16*p + r the digits
 * u_f = t + 1 of columns 20*b + 4*f + j, f = 0..4: with s = 9*u_1 + 3*u_2 + u_4 it is
 * 9*(s / 4) + 3*u_0 + u_3 + 64*(s % 4). No u is larger than 2, and there are no scales by groups.
 *
 * A weight is its scale times u - 1. Scales are one for all, or float32 by rows, or float16 by
 * groups of group_columns columns: with G groups a row, element 16*(G*p + g) + r belongs to group g
 * of row 16*p + r. Those of rows that only pad are 0. At most one pointer to scales is not null.
 */
typedef struct bn_ternary {
  uint8_t* panels;
  const float* row_scales;
  const uint16_t* group_scales;
  int32_t rows;
  int32_t columns;
  int32_t layout;
  int32_t group_columns;
  int32_t largest_digit; /* 3 where u = 3, t = 2 may occur; else no u is larger than 2 */
  float scale;           /* of all, where there are no others */
} bn_ternary;

/*
 * A ternary matrix by single rows or columns, so that those not needed are not read. Vector
 * i is row i or column i, and takes bytes [stride * i, stride * (i + 1)): lines of 64 bytes, where
 * byte j of line l holds the digits u = t + 1 of elements 256*l + 64*f + j at bits 2*f and 2*f + 1,
 * f = 0..3. Elements that only pad hold zero bits. The start is a multiple of 64 bytes.
 */
typedef struct bn_ternary_vectors {
  uint8_t* digits;
  int64_t stride; /* the bytes of a row's or column's lines */
  int32_t rows;
  int32_t columns;
  int32_t order;
  float scale;
} bn_ternary_vectors;

/*
 * RMSNorm: y_i = (x_i * (1 / sqrt(sum(x^2) / columns + epsilon))) * weight_i; all NaN if the sum is
 * not finite.
 */
typedef struct bn_norm {
  const float* weight; /* null: y = x */
  int32_t columns;
  float epsilon;
} bn_norm;

/* An embedding or head matrix in its file's own format, row-major. */
typedef struct bn_matrix {
  const uint8_t* data; /* any alignment */
  int64_t row_bytes;
  int32_t rows;
  int32_t columns;
  int32_t type;
  int32_t reserved;
} bn_matrix;

/*
 * A low-bit copy of a matrix: every weight of row r as a code c in 0..63 that means scale * (c
 * - 31.5), in two planes, and how far from the row that is. With the columns rounded up to 8, panel
 * p of the coarse plane has 64 bytes for each 8 columns: the nibbles of byte 4*i + j of block b are
 * c >> 2 of row 16*p + i, the lower for column 8*b + j and the upper for column 8*b + 4 + j. The
 * fine plane is row-major, with 64 bytes for each 256 columns: byte j of block b holds c & 3 of
 * column 256*b + 64*f + j at bits 2*f and 2*f + 1. Codes that only pad are 0. The starts are
 * multiples of 64 bytes.
 *
 * Panel p has 64 floats from scales_and_norms + 64*p on: 16 scales, 16 bounds of the Euclidean norm
 * of the coarse residual, row - scale * (4 * (c >> 2) - 30), 16 of that of the fine one, row -
 * scale
 * * (c - 31.5), and 16 of that of the row itself. Bounds may
 * overflow, and mean nothing then, once a row's norm exceeds 2^70.
 */
typedef struct bn_low_bit {
  uint8_t* coarse;
  uint8_t* fine;
  float* scales_and_norms;
  int32_t rows;
  int32_t columns;
} bn_low_bit;

/*
 * One row of activations in 16 bits: x is nearly scale * (256 * high + low). Bytes are zero
 * from the columns on to the next multiple of 256, and their sums those of all of them. Kernels may
 * leave out low bytes that are all zero; rows with that flag are best side by side.
 */
typedef struct bn_activation16 {
  const int8_t* high;
  const int8_t* low;
  int32_t high_sum;
  int32_t low_sum;
  float scale;
  float error_weight; /* a logit is off by at most its row's residual norm * error_weight */
  float norm_weight;  /* + norm * norm_weight + slack */
  float slack;
  int32_t low_is_zero; /* 1 if all low bytes are zero, else 0 */
  int32_t reserved;
} bn_activation16;

/*
 * Upper bounds of the logits of one row of activations, by the rows of a low-bit copy. Of each
 * panel its largest is set; those of single rows only of panels with a refined row, with -infinity
 * for rows that pad.
 */
typedef struct bn_bounds {
  float* upper;       /* of each row */
  int32_t* sums;      /* of each panel: 16 of 2 * (c >> 2) - 15 times high, 16 of it times low */
  float* panel_value; /* the largest logit of each panel by its coarse plane */
  float* panel_upper; /* the largest upper bound of each panel */
  int32_t* panel_refined; /* how many rows of each panel were refined */
  float threshold;        /* rows whose upper bounds are below it are ruled out */
  int32_t reserved;
} bn_bounds;

/* Rotary position embedding; tables are [positions][pairs]. */
typedef struct bn_rope {
  const float* cosines;
  const float* sines;
  int32_t pairs;
  int32_t head_dim;
  int32_t style;
  int32_t positions;
} bn_rope;

/* The rows of one step: which token at which position of which cached sequence. */
typedef struct bn_batch {
  const int32_t* const* blocks; /* of each row's sequence, one for each 256 positions */
  const int32_t* positions;
  const int32_t* tokens;
} bn_batch;

/*
 * One layer's attention and its cache, of type BN_TYPE_F16 or BN_TYPE_F32, in blocks of
 * BN_ATTENTION_CHUNK positions. In block b, the key (and value) vector of head h and position t of
 * the block starts at element b*block_stride + (h*BN_ATTENTION_CHUNK + t)*head_dim.
 */
typedef struct bn_attention {
  uint16_t* keys; /* float* when the type is BN_TYPE_F32 */
  uint16_t* values;
  int64_t block_stride;
  int32_t query_heads; /* a multiple of kv_heads; head q reads cache head q*kv_heads/query_heads */
  int32_t kv_heads;
  int32_t head_dim;
  float scale; /* scores are (q . k) * scale */
  int32_t type;
  int32_t reserved;
} bn_attention;

/*
 * Attention of single chunks, to be merged. Row r's parts are first[r], first[r] + 1, ..., one for
 * each chunk of its positions; part i is of row rows[i]. Query head q of part i has head_dim + 2
 * floats from i*stride + q*head_stride on: the weighted sum of values, the largest score, the sum
 * of weights.
 */
typedef struct bn_parts {
  float* data;
  int64_t stride;
  int64_t head_stride;
  const int32_t* first;
  const int32_t* rows;
} bn_parts;

/* The ABI this library was built with. */
BN_API int32_t bn_abi_version(void);

/* The tiers that are compiled in, as a bit mask. */
BN_API int32_t bn_compiled_tiers(void);

/* Those of them whose instructions this CPU says it has. */
BN_API int32_t bn_claimed_tiers(void);

/* Those of them whose registers the operating system saves. */
BN_API int32_t bn_enabled_tiers(void);

/*
 * Those of them whose registers this process may use. Linux is asked for the tiles of AMX, for good
 * and for all threads: from then on it wants alternate signal stacks that have room for them, and
 * refuses if a thread has a smaller one already. Other systems are not asked, and permit no tiles.
 */
BN_API int32_t bn_permitted_tiers(void);

/*
 * Those of them that run: one instruction of each of their extensions was tried, since a virtual
 * machine's CPU may claim what it does not have. For that SIGILL gets another handler for some
 * microseconds, which passes on what it is not there for: call it once, from one thread, while no
 * other code of the process installs a handler. On Windows nothing is tried.
 */
BN_API int32_t bn_supported_tiers(void);

/*
 * Packs panels [begin, end) of w from a ternary matrix in its file's own format, a GGUF type id;
 * that of PQ2_0 is used for every format with its bytes, and 1042 for STQ1_0 with contiguous
 * groups, which shares the id of Q2_0. Reads digits only, no scales. BN_BAD_DIGIT if a digit is
 * larger than 2 and than w->largest_digit, BN_UNSUPPORTED if the format is not known.
 */
BN_API int32_t bn_pack(int32_t tier, int32_t format, const uint8_t* source, const bn_ternary* w,
                       int32_t begin, int32_t end);

/*
 * Takes a matrix apart, from panels to rows or columns. Items [begin, end): item i is rows or
 * columns 16
 * * i to 16 * i + 15, as far as there are any.
 */
BN_API int32_t bn_pack_vectors(int32_t tier, const bn_ternary* w, const bn_ternary_vectors* vectors,
                               int32_t begin, int32_t end);

/* out row r = row tokens[r] of table as float32, for r in [begin, end). */
BN_API int32_t bn_embed(int32_t tier, const bn_matrix* table, const bn_batch* batch,
                        const bn_rows* out, int32_t begin, int32_t end);

/* x += y, rows [begin, end). */
BN_API int32_t bn_add(int32_t tier, const bn_rows* x, const bn_rows* y, int32_t begin, int32_t end);

/* out = norm(x), rows [begin, end); x and out may be the same. */
BN_API int32_t bn_normalize(int32_t tier, const bn_rows* x, const bn_norm* norm, const bn_rows* out,
                            int32_t begin, int32_t end);

/*
 * out = quantize(norm(x)), rows [begin, end), padding zeroed: a = max |y_i| of the row, or of each
 * block of it, s = 127 / max(a, 1e-5), q_i = clamp(rint(y_i * s), -128, 127). BN_NON_FINITE if some
 * y_i is not finite.
 */
BN_API int32_t bn_quantize(int32_t tier, const bn_rows* x, const bn_norm* norm,
                           const bn_quantized* out, int32_t begin, int32_t end);

/* gate = act(gate) * up, rows [begin, end). */
BN_API int32_t bn_gate(int32_t tier, int32_t activation, const bn_rows* gate, const bn_rows* up,
                       int32_t begin, int32_t end);

/*
 * y[t][r] for rows t in [0, count) of a and the matrix rows r of panels [begin, end). Nothing is
 * written past w.rows. With the exact sums over columns k of q[t][k] * (u[r][k] - 1), it is
 *
 *   (float)sum * (scale * a.scales[t])      with the scale of w or of row r;
 *   z * a.scales[t]                         with scales by groups: from z = 0 on, for each group g
 *                                           in turn z = fma((float)sum_g, scale of g, z);
 *   z                                       if a has scales by blocks: for each group in turn
 *                                           z = fma((float)sum_g, scale of g * that of its block,
 * z).
 *
 * BN_UNSUPPORTED if w has groups and a none that they consist of, or if a has blocks and w no
 * groups that they consist of.
 */
BN_API int32_t bn_ternary_product(int32_t tier, const bn_ternary* w, const bn_quantized* a,
                                  const bn_rows* y, int32_t count, int32_t begin, int32_t end);

/*
 * bn_ternary_product of a matrix by rows or columns, for any number of rows of activations, which
 * have one scale each: whole panels [begin, end) of 16 rows. By columns it reads best from a
 * multiple of 16 to the next, in tier AMX of 32. It works in scratch memory of scratch_bytes bytes
 * from a multiple of 64 on: at least those of 16 panels, 64 for each of them and 16 columns.
 * BN_UNSUPPORTED if there are fewer or w has an unknown order.
 */
BN_API int32_t bn_vectors_product(int32_t tier, const bn_ternary_vectors* w, const bn_quantized* a,
                                  const bn_rows* y, int32_t count, int32_t begin, int32_t end,
                                  uint8_t* scratch, int64_t scratch_bytes);

/*
 * Two products of rows t in [0, count) of activations, which have one scale each, count at
 * most BN_MOST_SPARSE_ROWS. They read only the rows or columns of w that some row needs. What they
 * return is the number of bytes of these, each counted once, or -1 if the tier is not compiled in,
 * w has the other order or there are no rows or too many.
 *
 * bn_gated_product, by rows of w: for r in [begin, end), y[t][r] is what bn_ternary_product says
 * where gate[t][r] > 0, and else 0, and t does not need row r. So y is fit for what multiplies it
 * by 0 there, but only if no product can be infinite: where 128 * columns *
 * |w.scale * a.scales[t]| overflows, t needs every row.
 *
 * bn_sparse_product, by columns of w: y[t][r] is what bn_ternary_product says, for r in
 * [256 * begin, 256 * end) as far as there are such rows. A column that t multiplies by 0 it does
 * not need.
 */
BN_API int64_t bn_gated_product(int32_t tier, const bn_ternary_vectors* w, const bn_quantized* a,
                                const bn_rows* gate, const bn_rows* y, int32_t count, int32_t begin,
                                int32_t end);
BN_API int64_t bn_sparse_product(int32_t tier, const bn_ternary_vectors* w, const bn_quantized* a,
                                 const bn_rows* y, int32_t count, int32_t begin, int32_t end);

/*
 * Rotates every head of x (x.columns / head_dim heads) to its row's position, rows [begin, end):
 * (a, b) becomes ((a * cos) - (b * sin), (a * sin) + (b * cos)), each product and sum rounded.
 */
BN_API int32_t bn_rotate(int32_t tier, const bn_rope* rope, const bn_batch* batch, const bn_rows* x,
                         int32_t begin, int32_t end);

/* Stores rows [begin, end) of keys and values in the cache, to float16 rounded half-even. */
BN_API int32_t bn_store(int32_t tier, const bn_attention* layer, const bn_batch* batch,
                        const bn_rows* keys, const bn_rows* values, int32_t begin, int32_t end);

/*
 * Causal attention of each row over positions 0..positions[row] of its sequence. Items
 * [begin, end): item i is row i / kv_heads, cache head i % kv_heads with all its query heads.
 */
BN_API int32_t bn_attend(int32_t tier, const bn_attention* layer, const bn_batch* batch,
                         const bn_rows* queries, const bn_rows* out, int32_t begin, int32_t end);

/*
 * The same in two steps, by chunks, so that one long row can be shared out. bn_attend_parts: items
 * [begin, end), item i is part i / kv_heads, cache head i % kv_heads. Then bn_merge_parts: item i
 * is row i / query_heads, query head i % query_heads.
 */
BN_API int32_t bn_attend_parts(int32_t tier, const bn_attention* layer, const bn_batch* batch,
                               const bn_rows* queries, const bn_parts* parts, int32_t begin,
                               int32_t end);
BN_API int32_t bn_merge_parts(int32_t tier, const bn_attention* layer, const bn_batch* batch,
                              const bn_parts* parts, const bn_rows* out, int32_t begin,
                              int32_t end);

/* y[t][r] = dot(x[t], m[r]), for rows t in [0, count) of x and r in [begin, end) of m. */
BN_API int32_t bn_head_product(int32_t tier, const bn_matrix* m, const bn_rows* x, const bn_rows* y,
                               int32_t count, int32_t begin, int32_t end);

/* Makes the low-bit copy of panels [begin, end) of rows of m. BN_NON_FINITE if some weight is not
 * finite. */
BN_API int32_t bn_pack_low_bit(int32_t tier, const bn_matrix* m, const bn_low_bit* copy,
                               int32_t begin, int32_t end);

/*
 * Bounds by the coarse plane, for each of count rows of activations x and its bounds, and panels
 * [begin, end), which are read once for all: with t = 2 * (c >> 2) - 15 summed over the
 * products with 256 * high + low, exactly, and rounded to float, a logit is by that plane a = t *
 * (2 * (row scale * x->scale)), and at most a + b with b = (residual * x->error_weight + norm *
 * x->norm_weight) + x->slack, every operation rounded. Sets the sums and what panels have; nothing
 * is refined yet.
 */
BN_API int32_t bn_bound_logits(int32_t tier, const bn_low_bit* copy, const bn_activation16* x,
                               const bn_bounds* bounds, int32_t count, int32_t begin, int32_t end);

/*
 * The same with both planes, of the rows of panels [begin, end) whose bound by the coarse plane is
 * at least that row of activations' threshold: t of 2 * c - 63, a = t * (0.5 * (row scale *
 * x->scale)). Other rows of these panels have that by the coarse plane. Panels whose largest bound
 * is below the threshold have no refined row then and keep all else, so that this may be done again
 * with a lower one.
 */
BN_API int32_t bn_refine_bounds(int32_t tier, const bn_low_bit* copy, const bn_activation16* x,
                                const bn_bounds* bounds, int32_t count, int32_t begin, int32_t end);

/*
 * Probes of the machine, for benchmarks: how fast memory can be read and int8 products summed by
 * this tier's instructions, whatever a kernel makes of them. -1 if the tier is not compiled in.
 */

/* The sum of n bytes from p on, any alignment; reads no others. */
BN_API int64_t bn_sum_bytes(int32_t tier, const uint8_t* p, int64_t n);

/*
 * Sums products of 1 by 1 in registers, the same number in each of up to 2^24 rounds; the sum,
 * which is their number.
 */
BN_API int64_t bn_peak_products(int32_t tier, int32_t rounds);

#ifdef __cplusplus
}
#endif

#endif
