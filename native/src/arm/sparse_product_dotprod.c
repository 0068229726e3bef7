/*
 * Four columns at a time: their bytes are interleaved, so that each 32-bit lane holds the digits of
 * one row in four columns, which sdot multiplies by their four activations.
 */
#include "sparse_product_neon.h"

/* Field f keeps 4^(f % SETS) times its digits. */
#define SETS 3

/*
 * Adds up 16 bytes of every column, so that part[f][v] are the sums of rows 64 * f + 4 * v and on.
 * A product u * 4^(f % 3) * q is at most 32 * 128 in absolute value, and a sum has at most
 * BN_MAX_COLUMNS of them: it stays below 2^30.
 */
BN_INLINE void add_quads(int32x4_t part[4][4], const uint8_t* digits, int64_t stride,
                         const int32_t* columns, const int8_t* q, int32_t count) {
  for (int32_t i = 0; i < count; i += 4) {
    const uint8x16_t a = vld1q_u8(digits + stride * columns[i]);
    const uint8x16_t b = vld1q_u8(digits + stride * columns[i + 1]);
    const uint8x16_t c = vld1q_u8(digits + stride * columns[i + 2]);
    const uint8x16_t d = vld1q_u8(digits + stride * columns[i + 3]);
    int32_t four;
    memcpy(&four, q + i, sizeof four);
    const int8x16_t values = vreinterpretq_s8_s32(vdupq_n_s32(four));
    const uint16x8_t ab[2] = {vreinterpretq_u16_u8(vzip1q_u8(a, b)),
                              vreinterpretq_u16_u8(vzip2q_u8(a, b))};
    const uint16x8_t cd[2] = {vreinterpretq_u16_u8(vzip1q_u8(c, d)),
                              vreinterpretq_u16_u8(vzip2q_u8(c, d))};
    BN_UNROLL for (int v = 0; v < 4; v++) {
      const uint16x8_t rows =
          v % 2 == 0 ? vzip1q_u16(ab[v / 2], cd[v / 2]) : vzip2q_u16(ab[v / 2], cd[v / 2]);
      BN_UNROLL for (int f = 0; f < 4; f++) {
        const int8x16_t u = bn_field_neon(vreinterpretq_u8_u16(rows), f, SETS);
        part[f][v] = vdotq_s32(part[f][v], u, values);
      }
    }
  }
}

static void add_columns(int32_t sums[BN_LINE_DIGITS], const bn_ternary_vectors* w,
                        const bn_listed_neon* list, int32_t begin, int32_t end, int64_t offset) {
  for (int32_t j = 0; j < BN_LINE_BYTES; j += 16) {
    int32x4_t part[4][4];
    BN_UNROLL for (int i = 0; i < 16; i++) {
      part[i / 4][i % 4] = vld1q_s32(sums + j + 64 * (i / 4) + 4 * (i % 4));
    }
    add_quads(part, w->digits + offset + j, w->stride, list->columns + begin, list->q + begin,
              end - begin);
    BN_UNROLL for (int i = 0; i < 16; i++) {
      vst1q_s32(sums + j + 64 * (i / 4) + 4 * (i % 4), part[i / 4][i % 4]);
    }
  }
}

int64_t bn_sparse_product_dotprod(const bn_ternary_vectors* w, const bn_quantized* a,
                                  const bn_rows* y, int32_t count, int32_t begin, int32_t end) {
  return bn_sparse_product_by_neon(add_columns, SETS, w, a, y, count, begin, end);
}
