/* bn_sparse_product in the NEON tiers, which differ in how they add up some columns of a line. */
#ifndef BITNET_SPARSE_PRODUCT_NEON_H
#define BITNET_SPARSE_PRODUCT_NEON_H

#include <string.h>

#include "common/kernels.h"
#include "common/sparse_products.h"
#include "fields_neon.h"
#include "lanes_neon.h"

/* Columns that are added to a line while its sums are in registers; as many are asked for. */
#define BN_COLUMNS_NEON 32

/* Columns that are read, in fours, and their activations. */
typedef struct bn_listed_neon {
  int32_t columns[BN_LISTED + 4];
  int8_t q[BN_LISTED + 4];
  int32_t count; /* a multiple of 4 */
} bn_listed_neon;

/* Which of 64 values are not 0, as bits. */
BN_INLINE uint64_t bn_nonzero_neon(const int8_t* q) {
  static const uint8_t bits[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t bit = vld1q_u8(bits);
  uint8x16_t v[4];
  BN_UNROLL for (int i = 0; i < 4; i++) {
    const int8x16_t values = vld1q_s8(q + 16 * i);
    v[i] = vandq_u8(vtstq_s8(values, values), bit);
  }
  const uint8x16_t quads = vpaddq_u8(vpaddq_u8(v[0], v[1]), vpaddq_u8(v[2], v[3]));
  return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(quads, quads)), 0);
}

/* Lists the columns of [begin, end) that are not multiplied by 0. Returns their number. */
static inline int32_t bn_list_columns_neon(const int8_t* q, int32_t begin, int32_t end,
                                           bn_listed_neon* list) {
  int32_t count = 0;
  for (int32_t k = begin; k < end; k += 64) { /* zeros from the last column on */
    for (uint64_t mask = bn_nonzero_neon(q + k); mask != 0; mask &= mask - 1) {
      const int32_t column = k + __builtin_ctzll(mask);
      list->columns[count] = column;
      list->q[count] = q[column];
      count++;
    }
  }
  list->count = count;
  for (; list->count % 4 != 0; list->count++) { /* 0 times a column that is there */
    list->columns[list->count] = list->columns[count - 1];
    list->q[list->count] = 0;
  }
  return count;
}

/*
 * Adds the products of columns [begin, end) of the list, at most BN_COLUMNS_NEON and a multiple of
 * 4, to the sums of a line, whose digits are at the offset in each column: row 64 * f + j of the
 * line has its sum, times 4^(f % S), at 64 * f + j.
 */
typedef void bn_add_columns_neon(int32_t sums[BN_LINE_DIGITS], const bn_ternary_vectors* w,
                                 const bn_listed_neon* list, int32_t begin, int32_t end,
                                 int64_t offset);

/* Sums of q * u of 16 rows, times 4^s, become outputs from row on. */
BN_INLINE void bn_finish_rows_neon(const bn_ternary_vectors* w, const bn_quantized* a, int32_t t,
                                   float* y, int64_t row, const int32_t sums[16], const int s) {
  const float32x4_t scale = vdupq_n_f32(w->scale * a->scales[t]);
  bn_vector out;
  BN_UNROLL for (int i = 0; i < 4; i++) {
    const int32x4_t sum = vld1q_s32(sums + 4 * i) >> 2 * s; /* exact */
    out.val[i] = vmulq_f32(vcvtq_f32_s32(vsubq_s32(sum, vdupq_n_s32(a->sums[t]))), scale);
  }
  bn_vstore(y + row, out, w->rows - row);
}

/* Adds the columns [begin, end) that one row of activations needs. Returns their number. */
BN_INLINE int32_t bn_add_listed_neon(bn_add_columns_neon* add, int32_t sums[][BN_LINE_DIGITS],
                                     const bn_ternary_vectors* w, const int8_t* q, int32_t begin,
                                     int32_t end, int64_t first, int64_t lines, int shared) {
  bn_listed_neon list;
  const int32_t count = bn_list_columns_neon(q, begin, end, &list);
  /* At first there is nothing to add, but much to ask for. */
  for (int32_t i = -BN_COLUMNS_NEON; i < list.count; i += BN_COLUMNS_NEON) {
    const int32_t next = i + BN_COLUMNS_NEON < list.count ? i + BN_COLUMNS_NEON : list.count;
    const int32_t left = list.count - next;
    const int32_t ahead = left < BN_COLUMNS_NEON ? list.count : next + BN_COLUMNS_NEON;
    for (int64_t l = 0; l < lines; l++) {
      const int64_t offset = BN_LINE_BYTES * (first + l);
      for (int32_t c = next; c < ahead; c++) {
        bn_prefetch_vector(w->digits + offset + w->stride * list.columns[c], shared);
      }
      if (i >= 0) {
        add(sums[l], w, &list, i, next, offset);
      }
    }
  }
  return count;
}

BN_INLINE int64_t bn_sparse_product_by_neon(bn_add_columns_neon* add, const int S,
                                            const bn_ternary_vectors* w, const bn_quantized* a,
                                            const bn_rows* y, int32_t count, int32_t begin,
                                            int32_t end) {
  if (w->order != BN_COLUMN_MAJOR) {
    return -1;
  }
  const int shared = count > 1;
  const bn_tiling tiling = bn_tiling_of(count, end - begin);
  int64_t read = 0;
  for (int64_t first = begin; first < end; first += tiling.lines) {
    const int64_t lines = end - first < tiling.lines ? end - first : tiling.lines;
    _Alignas(64) int32_t sums[BN_LINE_SUMS][BN_LINE_DIGITS];
    memset(sums, 0, (size_t)(count * lines) * sizeof sums[0]);
    for (int32_t k = 0; k < w->columns; k += tiling.columns) {
      const int32_t last = w->columns - k < tiling.columns ? w->columns : k + tiling.columns;
      int32_t used = shared ? bn_count_columns(a, count, k, last) : 0;
      for (int32_t t = 0; t < count; t++) {
        const int32_t needed = bn_add_listed_neon(
            add, sums + t * lines, w, a->values + t * a->stride, k, last, first, lines, shared);
        used = shared ? used : needed;
      }
      read += BN_LINE_BYTES * lines * used;
    }
    for (int64_t i = 0; i < count * lines; i++) {
      const int32_t t = (int32_t)(i / lines);
      BN_UNROLL for (int f = 0; f < 4; f++) {
        for (int64_t j = 64 * f; j < 64 * (f + 1); j += 16) {
          const int64_t row = BN_LINE_DIGITS * (first + i % lines) + j;
          if (row < w->rows) {
            bn_finish_rows_neon(w, a, t, bn_row(y, t), row, sums[i] + j, f % S);
          }
        }
      }
    }
  }
  return read;
}

#endif
