/*
 * What the products of ternary panels in the NEON tiers share.
 *
 * A part of a panel is four of its 16 rows: in a block, 16 bytes of four columns a row. A storage
 * format contributes an inline function that decodes a quad.
 */
#ifndef BITNET_TERNARY_PANELS_NEON_H
#define BITNET_TERNARY_PANELS_NEON_H

#include "common/kernels.h"
#include "common/ternary_panels.h"
#include "fields_neon.h"
#include "lanes_neon.h"

#define BN_PANEL_PARTS 4
/* How far ahead of the digits in use the next ones are asked for. */
#define BN_PREFETCH_NEON 2048
/* Panels that stay in the L2 cache while more tokens than go at once are multiplied with them. */
#define BN_CACHED_BYTES_NEON (128 * 1024)

/*
 * Quad f, the digits of columns 4 * f .. 4 * f + 3 in a block of 16 columns by the four rows of a
 * part, times 4^(f % S): a field of two bits may stay where it is in its byte. S is 1 or 3, so
 * that no digit is times 64, which were -128 in a signed byte.
 */
typedef int8x16_t bn_quad_neon(const uint8_t* block, const int part, const int f, const int S);

/* A quad of two-bit panels. */
BN_INLINE int8x16_t bn_quad_2bit_neon(const uint8_t* block, const int part, const int f,
                                      const int S) {
  return bn_field_neon(vld1q_u8(block + 16 * part), f, S);
}

/* Sums of q * u of a panel's 16 rows with token t become sums of q * (u - 1), then outputs. */
BN_INLINE void bn_finish_neon(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                              int32_t t, int32_t panel, const int32x4_t sums[BN_PANEL_PARTS]) {
  const int64_t row = BN_PANEL_ROWS * (int64_t)panel;
  const int32x4_t less = vdupq_n_s32(a->sums[t]);
  bn_vector out;
  BN_UNROLL for (int i = 0; i < BN_PANEL_PARTS; i++) {
    const float32x4_t weights =
        w->row_scales == NULL ? vdupq_n_f32(w->scale) : vld1q_f32(w->row_scales + row + 4 * i);
    const float32x4_t scale = vmulq_n_f32(weights, a->scales[t]);
    out.val[i] = vmulq_f32(vcvtq_f32_s32(vsubq_s32(sums[i], less)), scale);
  }
  bn_vstore(bn_row(y, t) + row, out, w->rows - row);
}

/* out = fma((float)products, a group's scale of the 16 rows * factor, out) */
BN_INLINE void bn_add_group_neon(bn_vector* out, const int32x4_t products[BN_PANEL_PARTS],
                                 bn_vector scales, float factor) {
  BN_UNROLL for (int i = 0; i < BN_PANEL_PARTS; i++) {
    const float32x4_t scale = vmulq_n_f32(scales.val[i], factor);
    out->val[i] = vfmaq_f32(out->val[i], vcvtq_f32_s32(products[i]), scale);
  }
}

#endif
