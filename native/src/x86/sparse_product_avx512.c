/*
 * Four columns at a time: their bytes are interleaved, so that each 32-bit lane holds the digits of
 * one row in four columns, which vpdpbusd multiplies by their four activations.
 */
#include <immintrin.h>
#include <string.h>

#include "common/kernels.h"
#include "common/sparse_products.h"

/*
 * Quads of columns that are added while the sums of a line are in registers, and as many are asked
 * for meanwhile. On Zen 5 a tenth of the columns comes at 25 GB/s, and all of them take as long as
 * a dense product.
 */
#define GROUP 4
/* Lines that are asked for before any are added, where nothing else is done meanwhile. */
#define AT_ONCE 100

/* Columns that are read, four to a quad, and their activations. */
typedef struct listed {
  int32_t columns[BN_LISTED + 4];
  int8_t q[BN_LISTED + 4];
  int32_t quads;
} listed;

/* Lists the columns of [begin, end) that are not multiplied by 0. Returns their number. */
static int32_t list_columns(const int8_t* q, int32_t begin, int32_t end, listed* list) {
  int32_t count = 0;
  for (int32_t k = begin; k < end; k += 64) { /* zeros from the last column on */
    const __m512i values = _mm512_load_si512(q + k);
    for (uint64_t mask = _mm512_test_epi8_mask(values, values); mask != 0; mask &= mask - 1) {
      const int32_t column = k + __builtin_ctzll(mask);
      list->columns[count] = column;
      list->q[count] = q[column];
      count++;
    }
  }
  for (int32_t i = count; i % 4 != 0; i++) { /* 0 times a column that is there */
    list->columns[i] = list->columns[count - 1];
    list->q[i] = 0;
  }
  list->quads = (count + 3) / 4;
  return count;
}

/*
 * The sums of a line's 256 rows. In part[f][v], lane 4 * l + i belongs to row
 * 64 * f + 16 * l + 4 * v + i and has 4^f times its products: the digits stay where they are in
 * their bytes. A product u * 4^f * q is at most 128 * 128 in absolute value, and BN_MAX_COLUMNS *
 * 2^14 < 2^31.
 */
typedef struct line_sums {
  __m512i part[4][4];
} line_sums;

/* Adds the products of four columns, of which line l is meant. */
BN_INLINE void add_quad(line_sums* sums, const bn_ternary_vectors* w, const listed* list,
                        int32_t quad, int64_t line) {
  const uint8_t* digits = w->digits + BN_LINE_BYTES * line;
  const int32_t* columns = list->columns + 4 * quad;
  const __m512i a = _mm512_load_si512(digits + w->stride * columns[0]);
  const __m512i b = _mm512_load_si512(digits + w->stride * columns[1]);
  const __m512i c = _mm512_load_si512(digits + w->stride * columns[2]);
  const __m512i d = _mm512_load_si512(digits + w->stride * columns[3]);
  int32_t four;
  memcpy(&four, list->q + 4 * quad, sizeof four);
  const __m512i q = _mm512_set1_epi32(four);
  const __m512i ab_low = _mm512_unpacklo_epi8(a, b);
  const __m512i ab_high = _mm512_unpackhi_epi8(a, b);
  const __m512i cd_low = _mm512_unpacklo_epi8(c, d);
  const __m512i cd_high = _mm512_unpackhi_epi8(c, d);
  const __m512i rows[4] = {
      _mm512_unpacklo_epi16(ab_low, cd_low), _mm512_unpackhi_epi16(ab_low, cd_low),
      _mm512_unpacklo_epi16(ab_high, cd_high), _mm512_unpackhi_epi16(ab_high, cd_high)};
  BN_UNROLL for (int v = 0; v < 4; v++) {
    BN_UNROLL for (int f = 0; f < 4; f++) {
      const __m512i u = _mm512_and_si512(rows[v], _mm512_set1_epi8((char)(3 << 2 * f)));
      sums->part[f][v] = _mm512_dpbusd_epi32(sums->part[f][v], u, q);
    }
  }
}

/*
 * Lines that are multiplied next, of columns that any of several rows of activations needs. They
 * come into the L2 cache while those before are multiplied: on an Emerald Rapids, four rows that
 * each need a fifth of the columns took 0.8 to 0.9 of the time.
 */
typedef struct coming {
  const uint8_t* lines; /* the first of the first column */
  int64_t stride;
  int64_t each;                /* neighbouring lines of each column */
  uint16_t columns[BN_LISTED]; /* from the first on */
  int32_t count;
  int32_t needed; /* by all rows, counted for each */
  int32_t column; /* of the list, and its line: the next to ask for */
  int64_t line;
} coming;

/* Lists the columns of [begin, end) that any of the rows of activations needs. */
static void list_coming(coming* c, const bn_ternary_vectors* w, const bn_quantized* a,
                        int32_t count, int32_t begin, int32_t end, int64_t first, int64_t lines) {
  c->lines = bn_ternary_vector(w, begin) + BN_LINE_BYTES * first;
  c->stride = w->stride;
  c->each = lines;
  c->count = c->needed = c->column = 0;
  c->line = 0;
  for (int32_t k = begin; k < end; k += 64) { /* zeros from the last column on */
    uint64_t any = 0;
    for (int32_t t = 0; t < count; t++) {
      const __m512i values = _mm512_load_si512(a->values + t * a->stride + k);
      const uint64_t mask = _mm512_test_epi8_mask(values, values);
      c->needed += __builtin_popcountll(mask);
      any |= mask;
    }
    for (; any != 0; any &= any - 1) {
      c->columns[c->count++] = (uint16_t)(k - begin + __builtin_ctzll(any));
    }
  }
}

/* Asks for as many of them, or for those that are left. */
BN_INLINE void ask(coming* c, int64_t lines) {
  for (int64_t i = 0; i < lines && c->column < c->count; i++) {
    const uint8_t* line = c->lines + c->stride * c->columns[c->column] + BN_LINE_BYTES * c->line;
    __builtin_prefetch(line, 0, 2);
    c->line++;
    if (c->line == c->each) {
      c->line = 0;
      c->column++;
    }
  }
}

/*
 * Adds quads [begin, end) to lines [first, first + lines), and asks for the quads that follow, and
 * with each quad for as many lines of those that come after all of them, if there are any.
 */
BN_INLINE void add_group(line_sums* sums, const bn_ternary_vectors* w, const listed* list,
                         int32_t begin, int32_t end, int64_t first, int64_t lines, coming* later,
                         int64_t asked) {
  const int32_t next = list->quads - end < GROUP ? list->quads : end + GROUP;
  for (int64_t l = 0; l < lines; l++) {
    const uint8_t* ahead = w->digits + BN_LINE_BYTES * (first + l);
    for (int32_t i = 4 * end; i < 4 * next; i++) {
      bn_prefetch_vector(ahead + w->stride * list->columns[i], later != NULL);
    }
    if (begin < end) {
      line_sums line = sums[l];
      for (int32_t quad = begin; quad < end; quad++) {
        add_quad(&line, w, list, quad, first + l);
        if (later != NULL) {
          ask(later, asked);
        }
      }
      sums[l] = line;
    }
  }
}

/* Sums of q * u of 64 rows, those of one field, become outputs from row on. */
BN_INLINE void finish_field(const bn_ternary_vectors* w, const bn_quantized* a, int32_t t, float* y,
                            int64_t row, const __m512i v[4], const int f) {
  const __m512i t0 = _mm512_shuffle_i32x4(v[0], v[1], 0x44);
  const __m512i t1 = _mm512_shuffle_i32x4(v[2], v[3], 0x44);
  const __m512i t2 = _mm512_shuffle_i32x4(v[0], v[1], 0xee);
  const __m512i t3 = _mm512_shuffle_i32x4(v[2], v[3], 0xee);
  const __m512i rows[4] = {_mm512_shuffle_i32x4(t0, t1, 0x88), _mm512_shuffle_i32x4(t0, t1, 0xdd),
                           _mm512_shuffle_i32x4(t2, t3, 0x88), _mm512_shuffle_i32x4(t2, t3, 0xdd)};
  const __m512 scale = _mm512_set1_ps(w->scale * a->scales[t]);
  BN_UNROLL for (int l = 0; l < 4; l++) {
    const int64_t there = w->rows - (row + 16 * l);
    if (there > 0) {
      const __mmask16 mask = there >= 16 ? (__mmask16)0xffff : (__mmask16)((1u << there) - 1);
      const __m512i sums = _mm512_srai_epi32(rows[l], (unsigned)(2 * f)); /* exact */
      const __m512i products = _mm512_sub_epi32(sums, _mm512_set1_epi32(a->sums[t]));
      _mm512_mask_storeu_ps(y + row + 16 * l, mask,
                            _mm512_mul_ps(_mm512_cvtepi32_ps(products), scale));
    }
  }
}

/* Adds the columns [begin, end) that one row of activations needs. Returns their number. */
BN_INLINE int32_t add_columns(line_sums* sums, const bn_ternary_vectors* w, const int8_t* q,
                              int32_t begin, int32_t end, int64_t first, int64_t lines,
                              coming* later, int64_t asked) {
  listed list;
  const int32_t count = list_columns(q, begin, end, &list);
  add_group(sums, w, &list, 0, 0, first, lines, later, asked); /* asks for the first */
  for (int32_t quad = 0; quad < list.quads; quad += GROUP) {
    const int32_t after = list.quads - quad < GROUP ? list.quads : quad + GROUP;
    add_group(sums, w, &list, quad, after, first, lines, later, asked);
  }
  return count;
}

static int32_t add_columns_once(line_sums* sums, const bn_ternary_vectors* w, const int8_t* q,
                                int32_t begin, int32_t end, int64_t first, int64_t lines) {
  return add_columns(sums, w, q, begin, end, first, lines, NULL, 0);
}

static void add_columns_shared(line_sums* sums, const bn_ternary_vectors* w, const int8_t* q,
                               int32_t begin, int32_t end, int64_t first, coming* later,
                               int64_t asked) {
  add_columns(sums, w, q, begin, end, first, later->each, later, asked);
}

/* Adds the columns that one row of activations needs to some lines. Returns the columns read. */
static int64_t add_lines_once(line_sums* sums, const bn_ternary_vectors* w, const bn_quantized* a,
                              int64_t first, int64_t lines) {
  int64_t used = 0;
  for (int32_t k = 0; k < w->columns; k += BN_LISTED) {
    const int32_t last = w->columns - k < BN_LISTED ? w->columns : k + BN_LISTED;
    used += add_columns_once(sums, w, a->values, k, last, first, lines);
  }
  return used;
}

/* The same for several rows, which share that many columns at a time. */
static int64_t add_lines_shared(line_sums* sums, const bn_ternary_vectors* w, const bn_quantized* a,
                                int32_t count, int64_t first, int64_t lines, int32_t columns) {
  coming later;
  int32_t after = w->columns < columns ? w->columns : columns;
  list_coming(&later, w, a, count, 0, after, first, lines);
  int64_t used = 0;
  for (int32_t k = 0; k < w->columns;) {
    const int32_t last = after;
    const int32_t quads = later.needed / 4 + 1;
    used += later.count;
    ask(&later, AT_ONCE);
    after = w->columns - last < columns ? w->columns : last + columns;
    list_coming(&later, w, a, count, last, after, first, lines);
    const int64_t asked = (later.count + quads - 1) / quads;
    for (int32_t t = 0; t < count; t++) {
      add_columns_shared(sums + t * lines, w, a->values + t * a->stride, k, last, first, &later,
                         asked);
    }
    k = last;
  }
  return used;
}

int64_t bn_sparse_product_avx512(const bn_ternary_vectors* w, const bn_quantized* a,
                                 const bn_rows* y, int32_t count, int32_t begin, int32_t end) {
  if (w->order != BN_COLUMN_MAJOR) {
    return -1;
  }
  const bn_tiling tiling = bn_tiling_of(count, end - begin);
  int64_t read = 0;
  for (int64_t first = begin; first < end; first += tiling.lines) {
    const int64_t lines = end - first < tiling.lines ? end - first : tiling.lines;
    line_sums sums[BN_LINE_SUMS];
    memset(sums, 0, (size_t)(count * lines) * sizeof sums[0]);
    const int64_t used = count == 1
                             ? add_lines_once(sums, w, a, first, lines)
                             : add_lines_shared(sums, w, a, count, first, lines, tiling.columns);
    read += BN_LINE_BYTES * lines * used;
    for (int32_t t = 0; t < count; t++) {
      for (int64_t l = 0; l < lines; l++) {
        BN_UNROLL for (int f = 0; f < 4; f++) {
          const int64_t row = BN_LINE_DIGITS * (first + l) + 64 * f;
          finish_field(w, a, t, bn_row(y, t), row, sums[t * lines + l].part[f], f);
        }
      }
    }
  }
  return read;
}
