#include "common/float_math.h"
#include "common/low_bit.h"
#include "common/matrix_elements.h"

/* The largest absolute value as bits, which order as the values do; a NaN is above infinity. */
static uint32_t largest(const float* w, int32_t n, uint32_t most) {
  for (int32_t i = 0; i < n; i++) {
    const uint32_t magnitude = bn_bits_of(w[i]) & 0x7fffffff;
    most = magnitude > most ? magnitude : most;
  }
  return most;
}

static int32_t pack_row(const bn_matrix* m, const bn_low_bit* s, int64_t row) {
  const uint8_t* from = bn_matrix_row(m, row);
  float w[BN_FINE_COLUMNS];
  uint8_t codes[BN_FINE_COLUMNS];
  uint32_t most = 0;
  for (int32_t first = 0; first < m->columns; first += BN_FINE_COLUMNS) {
    const int32_t n = m->columns - first < BN_FINE_COLUMNS ? m->columns - first : BN_FINE_COLUMNS;
    const int32_t status = bn_decode_columns(m->type, from, first, n, w);
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
  float coarse[BN_LANES] = {0};
  float fine[BN_LANES] = {0};
  float norm[BN_LANES] = {0};
  for (int32_t first = 0; first < m->columns; first += BN_FINE_COLUMNS) {
    const int32_t n = m->columns - first < BN_FINE_COLUMNS ? m->columns - first : BN_FINE_COLUMNS;
    bn_decode_columns(m->type, from, first, n, w);
    memset(codes, 0, sizeof codes);
    for (int32_t i = 0; i < n; i++) {
      const float z = w[i] * inverse;
      const int32_t c = (int32_t)(z + 32.0f); /* 0..63, for |z| < 31.5 * (1 + 2^-22) */
      const float by_coarse = z - ((float)(c & ~3) - 30.0f);
      const float by_fine = z - ((float)c - 31.5f);
      codes[i] = (uint8_t)c;
      coarse[i % BN_LANES] = bn_fma(by_coarse, by_coarse, coarse[i % BN_LANES]);
      fine[i % BN_LANES] = bn_fma(by_fine, by_fine, fine[i % BN_LANES]);
      norm[i % BN_LANES] = bn_fma(z, z, norm[i % BN_LANES]);
    }
    bn_store_codes(s, row, first, codes);
  }
  bn_store_scales_and_norms(s, row, max, bn_fold(coarse), bn_fold(fine), bn_fold(norm));
  return BN_OK;
}

int32_t bn_pack_low_bit_c(const bn_matrix* m, const bn_low_bit* s, int32_t begin, int32_t end) {
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
