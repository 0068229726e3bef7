#include "matrix_elements_neon.h"

#include "common/decode_columns.h"
#include "common/low_bit.h"

/* The squared norms of a row's errors and of the row. */
typedef struct norms {
  bn_vector coarse;
  bn_vector fine;
  bn_vector norm;
} norms;

/* The largest absolute value as bits, which order as the values do; a NaN is above infinity. */
static uint32_t largest(const float* w, int32_t n, uint32_t most) {
  uint32x4_t lanes = vdupq_n_u32(most);
  for (int32_t i = 0; i < n; i += 16) {
    const bn_vector v = bn_vload(w + i, n - i);
    BN_UNROLL for (int j = 0; j < 4; j++) {
      const uint32x4_t magnitude = vreinterpretq_u32_f32(vabsq_f32(v.val[j]));
      lanes = vmaxq_u32(lanes, magnitude);
    }
  }
  return vmaxvq_u32(lanes);
}

/* The codes of 16 weights, the first n of which count; 0 for the others. */
static inline void code16(norms* sums, const float* w, int32_t n, float inverse, uint8_t* codes) {
  const bn_vector z = bn_vmul(bn_vload(w, n), bn_vall(inverse));
  bn_vector by_coarse;
  bn_vector by_fine;
  uint16x4_t narrow[4];
  BN_UNROLL for (int i = 0; i < 4; i++) {
    const int32x4_t c = vcvtq_s32_f32(vaddq_f32(z.val[i], vdupq_n_f32(32.0f)));
    const float32x4_t upper = vcvtq_f32_s32(vbicq_s32(c, vdupq_n_s32(3)));
    by_coarse.val[i] = vsubq_f32(z.val[i], vsubq_f32(upper, vdupq_n_f32(30.0f)));
    by_fine.val[i] = vsubq_f32(z.val[i], vsubq_f32(vcvtq_f32_s32(c), vdupq_n_f32(31.5f)));
    narrow[i] = vmovn_u32(vreinterpretq_u32_s32(c));
  }
  sums->coarse = bn_vfma(sums->coarse, by_coarse, by_coarse, n);
  sums->fine = bn_vfma(sums->fine, by_fine, by_fine, n);
  sums->norm = bn_vfma(sums->norm, z, z, n);
  const uint8x8_t low = vmovn_u16(vcombine_u16(narrow[0], narrow[1]));
  const uint8x8_t high = vmovn_u16(vcombine_u16(narrow[2], narrow[3]));
  vst1q_u8(codes, vcombine_u8(low, high));
  if (n < 16) {
    memset(codes + n, 0, (size_t)(16 - n));
  }
}

static int32_t pack_row(const bn_matrix* m, const bn_low_bit* s, int64_t row) {
  const uint8_t* from = bn_matrix_row(m, row);
  float w[BN_FINE_COLUMNS];
  uint8_t codes[BN_FINE_COLUMNS];
  uint32_t most = 0;
  for (int32_t first = 0; first < m->columns; first += BN_FINE_COLUMNS) {
    const int32_t n = m->columns - first < BN_FINE_COLUMNS ? m->columns - first : BN_FINE_COLUMNS;
    const int32_t status = bn_vdecode_columns(m->type, from, first, n, w);
    if (status != BN_OK) {
      return status;
    }
    most = largest(w, n, most);
  }
  if (most >= 0x7f800000) {
    return BN_NON_FINITE;
  }
  const float max = bn_float_of(most);
  const float inverse = max < BN_LOW_BIT_LEAST ? 0.0f : 31.5f / max;
  norms sums = {bn_vall(0.0f), bn_vall(0.0f), bn_vall(0.0f)};
  for (int32_t first = 0; first < m->columns; first += BN_FINE_COLUMNS) {
    const int32_t n = m->columns - first < BN_FINE_COLUMNS ? m->columns - first : BN_FINE_COLUMNS;
    bn_vdecode_columns(m->type, from, first, n, w);
    memset(codes, 0, sizeof codes);
    for (int32_t i = 0; i < n; i += 16) {
      code16(&sums, w + i, n - i, inverse, codes + i);
    }
    bn_store_codes(s, row, first, codes);
  }
  bn_store_scales_and_norms(s, row, max, bn_vfold(&sums.coarse), bn_vfold(&sums.fine),
                            bn_vfold(&sums.norm));
  return BN_OK;
}

int32_t bn_pack_low_bit_neon(const bn_matrix* m, const bn_low_bit* s, int32_t begin, int32_t end) {
  for (int32_t panel = begin; panel < end; panel++) {
    for (int32_t r = 0; r < bn_panel_rows(s, panel); r++) {
      const int32_t status = pack_row(m, s, BN_LOW_BIT_ROWS * (int64_t)panel + r);
      if (status != BN_OK) {
        return status;
      }
    }
  }
  return BN_OK;
}
