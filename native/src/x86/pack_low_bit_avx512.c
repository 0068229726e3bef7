#include "matrix_elements_avx512.h"

#include "common/decode_columns.h"
#include "common/low_bit.h"

static int32_t pack_row(const bn_matrix* m, const bn_low_bit* s, int64_t row) {
  const uint8_t* from = bn_matrix_row(m, row);
  _Alignas(64) float w[BN_FINE_COLUMNS];
  _Alignas(64) uint8_t codes[BN_FINE_COLUMNS];
  const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
  __m512i most = _mm512_setzero_si512();
  for (int32_t first = 0; first < m->columns; first += BN_FINE_COLUMNS) {
    const int32_t n = m->columns - first < BN_FINE_COLUMNS ? m->columns - first : BN_FINE_COLUMNS;
    const int32_t status = bn_vdecode_columns(m->type, from, first, n, w);
    if (status != BN_OK) {
      return status;
    }
    for (int32_t i = 0; i < n; i += 16) {
      const __m512i bits = _mm512_castps_si512(bn_vload(w + i, n - i));
      most = _mm512_max_epu32(most, _mm512_and_si512(bits, magnitude));
    }
  }
  const uint32_t largest = _mm512_reduce_max_epu32(most);
  if (largest >= 0x7f800000) {
    return BN_NON_FINITE;
  }
  const float max = bn_float_of(largest);
  const __m512 inverse = _mm512_set1_ps(max < BN_LOW_BIT_LEAST ? 0.0f : 31.5f / max);
  __m512 coarse = _mm512_setzero_ps();
  __m512 fine = _mm512_setzero_ps();
  __m512 norm = _mm512_setzero_ps();
  for (int32_t first = 0; first < m->columns; first += BN_FINE_COLUMNS) {
    const int32_t n = m->columns - first < BN_FINE_COLUMNS ? m->columns - first : BN_FINE_COLUMNS;
    bn_vdecode_columns(m->type, from, first, n, w);
    for (int32_t i = 0; i < BN_FINE_COLUMNS; i += 16) {
      const int32_t left = n > i ? n - i : 0;
      const __m512 z = _mm512_mul_ps(bn_vload(w + i, left), inverse);
      const __m512i c = _mm512_cvttps_epi32(_mm512_add_ps(z, _mm512_set1_ps(32.0f)));
      const __m512 upper = _mm512_cvtepi32_ps(_mm512_andnot_si512(_mm512_set1_epi32(3), c));
      const __m512 by_coarse = _mm512_sub_ps(z, _mm512_sub_ps(upper, _mm512_set1_ps(30.0f)));
      const __m512 by_fine =
          _mm512_sub_ps(z, _mm512_sub_ps(_mm512_cvtepi32_ps(c), _mm512_set1_ps(31.5f)));
      coarse = bn_vfma(coarse, by_coarse, by_coarse, left);
      fine = bn_vfma(fine, by_fine, by_fine, left);
      norm = bn_vfma(norm, z, z, left);
      _mm_store_si128((__m128i*)(codes + i), _mm512_maskz_cvtepi32_epi8(bn_mask16(left), c));
    }
    bn_store_codes(s, row, first, codes);
  }
  bn_store_scales_and_norms(s, row, max, bn_vfold(&coarse), bn_vfold(&fine), bn_vfold(&norm));
  return BN_OK;
}

int32_t bn_pack_low_bit_avx512(const bn_matrix* m, const bn_low_bit* s, int32_t begin,
                               int32_t end) {
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
