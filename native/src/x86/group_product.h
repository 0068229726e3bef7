/*
 * Matrices with scales by groups, on 256-bit vectors: the sums of a group become floats before the
 * next group begins. A tier's file defines, before it includes this:
 *
 *   STREAMS, TOKENS    the most panels, and tokens, that are multiplied at a time
 *   group_sums         its integer sums of a panel: set[t][s][half]
 *   add_group          sums[p] = the products of P panels, group g, with T tokens, less the sums of
 *                      the activations, in S sets
 *   store_rows         stores the rows of half a panel that a mask names
 */
#ifndef BITNET_GROUP_PRODUCT_H
#define BITNET_GROUP_PRODUCT_H

#include <immintrin.h>

#include "common/kernels.h"
#include "common/ternary_panels.h"

/* Starts the sums of a group at less the sum of its q: sums of q * u become those of q * (u - 1).
 */
BN_INLINE void start_group(const bn_quantized* a, const bn_groups* groups, int64_t g, int32_t token,
                           group_sums* sums, const int P, const int T, const int S) {
  BN_UNROLL for (int t = 0; t < T; t++) {
    const __m256i less = _mm256_set1_epi32(-bn_group_sum(a, groups, token + t, g));
    BN_UNROLL for (int p = 0; p < P; p++) {
      sums[p].set[t][0][0] = sums[p].set[t][0][1] = less;
      BN_UNROLL for (int s = 1; s < S; s++) {
        sums[p].set[t][s][0] = sums[p].set[t][s][1] = _mm256_setzero_si256();
      }
    }
  }
}

BN_INLINE void add_group(const bn_ternary* w, const bn_quantized* a, const bn_groups* groups,
                         int64_t g, const uint8_t* digits, int64_t apart, int32_t token,
                         group_sums* sums, const int P, const int T, const int S);

/* P panels and tokens [token, token + T). */
BN_INLINE void multiply(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                        const bn_groups* groups, bn_panels panels, int32_t token, const int P,
                        const int T, const int S) {
  const int64_t blocks = bn_padded_columns(w) / BN_BLOCK_COLUMNS;
  const int64_t apart = BN_BLOCK_BYTES_2BIT * blocks * panels.step;
  const uint8_t* digits = w->panels + BN_BLOCK_BYTES_2BIT * blocks * panels.first;
  const int64_t scales_apart = BN_PANEL_ROWS * groups->count * panels.step;
  const uint16_t* scales = w->group_scales + BN_PANEL_ROWS * groups->count * panels.first;
  __m256 out[STREAMS][TOKENS][2];
  BN_UNROLL for (int p = 0; p < P; p++) {
    BN_UNROLL for (int t = 0; t < T; t++) { out[p][t][0] = out[p][t][1] = _mm256_setzero_ps(); }
  }
  for (int64_t g = 0; g < groups->count; g++, scales += BN_PANEL_ROWS) {
    group_sums sums[STREAMS];
    add_group(w, a, groups, g, digits, apart, token, sums, P, T, S);
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
        store_rows(to + 8 * half, mask >> 8 * half, _mm256_mul_ps(out[p][t][half], factor));
      }
    }
  }
}

/* A single token reads panels in streams, as products with one scale do. */
static void multiply_panels(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                            int32_t token, int32_t tokens, int32_t begin, int32_t end) {
  const bn_groups groups = bn_groups_of(w, a);
  int32_t p = begin;
  if (tokens == 1) {
    const int32_t step = (end - begin) / STREAMS;
    for (int32_t i = 0; i < step; i++) {
      multiply(w, a, y, &groups, (bn_panels){begin + i, step}, token, STREAMS, 1, 2);
    }
    p += step * STREAMS;
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
        multiply(w, a, y, &groups, panel, token, 1, TOKENS, 1);
        break;
    }
  }
}

#endif
