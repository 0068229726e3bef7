#include "matrix_elements_avx2.h"

#include "common/decode_columns.h"
#include "common/low_bit.h"

/* The squared norms of a row's errors and of the row, lanes 0-7 and 8-15. */
typedef struct norms {
  __m256 coarse[2];
  __m256 fine[2];
  __m256 norm[2];
} norms;

/* The codes of 8 weights, the first n of which count; 0 for the others. */
static inline __m256i code8(norms* sums, int half, const float* w, int32_t n, __m256 inverse) {
  const __m256 z = _mm256_mul_ps(bn_vload(w, n), inverse);
  const __m256i c = _mm256_cvttps_epi32(_mm256_add_ps(z, _mm256_set1_ps(32.0f)));
  const __m256 upper = _mm256_cvtepi32_ps(_mm256_andnot_si256(_mm256_set1_epi32(3), c));
  const __m256 by_coarse = _mm256_sub_ps(z, _mm256_sub_ps(upper, _mm256_set1_ps(30.0f)));
  const __m256 by_fine =
      _mm256_sub_ps(z, _mm256_sub_ps(_mm256_cvtepi32_ps(c), _mm256_set1_ps(31.5f)));
  sums->coarse[half] = bn_vfma(sums->coarse[half], by_coarse, by_coarse, n);
  sums->fine[half] = bn_vfma(sums->fine[half], by_fine, by_fine, n);
  sums->norm[half] = bn_vfma(sums->norm[half], z, z, n);
  return _mm256_and_si256(c, bn_mask8(n));
}

static int32_t pack_row(const bn_matrix* m, const bn_low_bit* s, int64_t row) {
  const uint8_t* from = bn_matrix_row(m, row);
  _Alignas(32) float w[BN_FINE_COLUMNS] = {0};
  _Alignas(32) uint8_t codes[BN_FINE_COLUMNS];
  __m256i most = _mm256_setzero_si256();
  for (int32_t first = 0; first < m->columns; first += BN_FINE_COLUMNS) {
    const int32_t n = m->columns - first < BN_FINE_COLUMNS ? m->columns - first : BN_FINE_COLUMNS;
    const int32_t status = bn_vdecode_columns(m->type, from, first, n, w);
    if (status != BN_OK) {
      return status;
    }
    for (int32_t i = 0; i < n; i += 8) {
      const __m256i bits = _mm256_castps_si256(bn_vload(w + i, n - i));
      most = _mm256_max_epu32(most, _mm256_and_si256(bits, _mm256_set1_epi32(0x7fffffff)));
    }
  }
  uint32_t lanes[8];
  _mm256_storeu_si256((__m256i*)lanes, most);
  uint32_t largest = 0;
  for (int l = 0; l < 8; l++) {
    largest = lanes[l] > largest ? lanes[l] : largest;
  }
  if (largest >= 0x7f800000) {
    return BN_NON_FINITE;
  }
  const float max = bn_float_of(largest);
  const __m256 inverse = _mm256_set1_ps(max < BN_LOW_BIT_LEAST ? 0.0f : 31.5f / max);
  const __m256 zero = _mm256_setzero_ps();
  norms sums = {{zero, zero}, {zero, zero}, {zero, zero}};
  for (int32_t first = 0; first < m->columns; first += BN_FINE_COLUMNS) {
    const int32_t n = m->columns - first < BN_FINE_COLUMNS ? m->columns - first : BN_FINE_COLUMNS;
    bn_vdecode_columns(m->type, from, first, n, w);
    for (int32_t i = 0; i < BN_FINE_COLUMNS; i += 16) {
      const __m256i a = code8(&sums, 0, w + i, n - i, inverse);
      const __m256i b = code8(&sums, 1, w + i + 8, n - i - 8, inverse);
      /* Packing works in halves of 128 bits. */
      const __m256i words = _mm256_permute4x64_epi64(_mm256_packus_epi32(a, b), 0xd8);
      const __m128i bytes =
          _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
      _mm_store_si128((__m128i*)(codes + i), bytes);
    }
    bn_store_codes(s, row, first, codes);
  }
  bn_store_scales_and_norms(s, row, max, bn_vfold(sums.coarse), bn_vfold(sums.fine),
                            bn_vfold(sums.norm));
  return BN_OK;
}

int32_t bn_pack_low_bit_avx2(const bn_matrix* m, const bn_low_bit* s, int32_t begin, int32_t end) {
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
