/* By multiplications of bytes to 16 bits, which every ARMv8-A has. */
#include "sparse_product_neon.h"

/* Adds 16-bit sums to those of eight rows. */
BN_INLINE void widen(int32_t* sums, int16x8_t words) {
  vst1q_s32(sums, vaddw_s16(vld1q_s32(sums), vget_low_s16(words)));
  vst1q_s32(sums + 4, vaddw_high_s16(vld1q_s32(sums + 4), words));
}

/*
 * Adds up half a line of every column. A product u * q lies in [-256, 254], and BN_COLUMNS_NEON of
 * them in [-8192, 8128]; sums of 32 bits stay below 2 * 128 * BN_MAX_COLUMNS < 2^26.
 */
BN_INLINE void add_half(int32_t* sums, const uint8_t* digits, int64_t stride,
                        const int32_t* columns, const int8_t* q, int32_t count) {
  int16x8_t words[4][4]; /* by field, and eight rows each */
  BN_UNROLL for (int f = 0; f < 4; f++) {
    BN_UNROLL for (int v = 0; v < 4; v++) { words[f][v] = vdupq_n_s16(0); }
  }
  for (int32_t i = 0; i < count; i++) {
    const int8x16_t value = vdupq_n_s8(q[i]);
    BN_UNROLL for (int v = 0; v < 2; v++) {
      const uint8x16_t x = vld1q_u8(digits + stride * columns[i] + 16 * v);
      BN_UNROLL for (int f = 0; f < 4; f++) {
        const int8x16_t u = bn_field_neon(x, f, 1);
        int16x8_t* sum = words[f] + 2 * v;
        sum[0] = vmlal_s8(sum[0], vget_low_s8(u), vget_low_s8(value));
        sum[1] = vmlal_high_s8(sum[1], u, value);
      }
    }
  }
  BN_UNROLL for (int f = 0; f < 4; f++) {
    BN_UNROLL for (int v = 0; v < 4; v++) { widen(sums + 64 * f + 8 * v, words[f][v]); }
  }
}

static void add_columns(int32_t sums[BN_LINE_DIGITS], const bn_ternary_vectors* w,
                        const bn_listed_neon* list, int32_t begin, int32_t end, int64_t offset) {
  for (int32_t j = 0; j < BN_LINE_BYTES; j += 32) {
    add_half(sums + j, w->digits + offset + j, w->stride, list->columns + begin, list->q + begin,
             end - begin);
  }
}

int64_t bn_sparse_product_neon(const bn_ternary_vectors* w, const bn_quantized* a, const bn_rows* y,
                               int32_t count, int32_t begin, int32_t end) {
  return bn_sparse_product_by_neon(add_columns, 1, w, a, y, count, begin, end);
}
