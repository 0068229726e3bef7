/* Matrices with scales by groups: the sums of a group become floats before the next begins. */
#include "ternary_panels_avxvnni.h"

/* P panels and tokens [token, token + T). */
BN_INLINE void multiply(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                        const bn_groups* groups, bn_panels panels, int32_t token, const int P,
                        const int T, const int S) {
  const int64_t blocks = bn_padded_columns(w) / BN_BLOCK_COLUMNS;
  const int64_t apart = BN_BLOCK_BYTES_2BIT * blocks * panels.step;
  const uint8_t* block = w->panels + BN_BLOCK_BYTES_2BIT * blocks * panels.first;
  const int8_t* q = a->values + token * a->stride;
  const int64_t scales_apart = BN_PANEL_ROWS * groups->count * panels.step;
  const uint16_t* scales = w->group_scales + BN_PANEL_ROWS * groups->count * panels.first;
  __m256 out[BN_STREAMS_AVXVNNI][BN_TOKENS_AVXVNNI][2];
  BN_UNROLL for (int p = 0; p < P; p++) {
    BN_UNROLL for (int t = 0; t < T; t++) { out[p][t][0] = out[p][t][1] = _mm256_setzero_ps(); }
  }
  int64_t b = 0;
  for (int64_t g = 0; g < groups->count; g++, scales += BN_PANEL_ROWS) {
    bn_sums_avxvnni sums[BN_STREAMS_AVXVNNI];
    BN_UNROLL for (int t = 0; t < T; t++) {
      /* Sums of q * u from less the sum of q on are those of q * (u - 1). */
      const __m256i less = _mm256_set1_epi32(-bn_group_sum(a, groups, token + t, g));
      BN_UNROLL for (int p = 0; p < P; p++) {
        sums[p].set[t][0][0] = sums[p].set[t][0][1] = less;
        BN_UNROLL for (int s = 1; s < S; s++) {
          sums[p].set[t][s][0] = sums[p].set[t][s][1] = _mm256_setzero_si256();
        }
      }
    }
    const int64_t end = bn_group_end(w, groups, g);
    for (; b < end; b++, block += BN_BLOCK_BYTES_2BIT, q += BN_BLOCK_COLUMNS) {
      bn_add_block_avxvnni(bn_quad_2bit_avxvnni, sums, block, apart, q, a->stride, P, T, S);
    }
    BN_UNROLL for (int p = 0; p < P; p++) {
      BN_UNROLL for (int half = 0; half < 2; half++) {
        const uint16_t* from = scales + p * scales_apart + 8 * half;
        const __m256 weights = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i*)from));
        BN_UNROLL for (int t = 0; t < T; t++) {
          const __m256 factor = _mm256_set1_ps(bn_group_factor(a, groups, token + t, g));
          __m256i total = sums[p].set[t][0][half];
          BN_UNROLL for (int s = 1; s < S; s++) { /* exact: set s has multiples of 4^s */
            total = _mm256_add_epi32(total, _mm256_srai_epi32(sums[p].set[t][s][half], 2 * s));
          }
          __m256* to = &out[p][t][half];
          *to = _mm256_fmadd_ps(_mm256_cvtepi32_ps(total), _mm256_mul_ps(weights, factor), *to);
        }
      }
    }
  }
  BN_UNROLL for (int p = 0; p < P; p++) {
    const int32_t panel = panels.first + p * panels.step;
    const uint32_t mask = bn_panel_mask(w, panel);
    BN_UNROLL for (int t = 0; t < T; t++) {
      const __m256 factor = _mm256_set1_ps(bn_row_factor(a, groups, token + t));
      float* to = bn_row(y, token + t) + BN_PANEL_ROWS * (int64_t)panel;
      BN_UNROLL for (int half = 0; half < 2; half++) {
        bn_store_rows_avxvnni(to + 8 * half, mask >> 8 * half,
                              _mm256_mul_ps(out[p][t][half], factor));
      }
    }
  }
}

/* A single token reads panels in streams, as bn_multiply_panels_avxvnni does. */
static void multiply_panels(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                            int32_t token, int32_t tokens, int32_t begin, int32_t end) {
  const bn_groups groups = bn_groups_of(w, a);
  int32_t p = begin;
  if (tokens == 1) {
    const int32_t step = (end - begin) / BN_STREAMS_AVXVNNI;
    for (int32_t i = 0; i < step; i++) {
      multiply(w, a, y, &groups, (bn_panels){begin + i, step}, token, BN_STREAMS_AVXVNNI, 1, 2);
    }
    p += step * BN_STREAMS_AVXVNNI;
  }
  for (; p < end; p++) {
    const bn_panels panel = {p, 1};
    switch (tokens) {
      case 1:
        multiply(w, a, y, &groups, panel, token, 1, 1, 2);
        break;
      case 2:
        multiply(w, a, y, &groups, panel, token, 1, 2, 1);
        break;
      case 3:
        multiply(w, a, y, &groups, panel, token, 1, 3, 1);
        break;
      case 4:
        multiply(w, a, y, &groups, panel, token, 1, 4, 1);
        break;
      case 5:
        multiply(w, a, y, &groups, panel, token, 1, 5, 1);
        break;
      default:
        multiply(w, a, y, &groups, panel, token, 1, 6, 1);
        break;
    }
  }
}

int32_t bn_group_product_avxvnni(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                 int32_t count, int32_t begin, int32_t end) {
  if (!bn_is_two_bit_by_groups(w, a)) {
    return BN_UNSUPPORTED;
  }
  const bn_portion once = {BN_TOKENS_AVXVNNI, 1, BN_CACHED_BYTES_AVXVNNI, BN_BLOCK_BYTES_2BIT};
  bn_ternary_product_by(multiply_panels, once, w, a, y, count, begin, end);
  return BN_OK;
}
