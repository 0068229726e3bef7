/* Matrices with scales by groups: the sums of a group become floats before the next begins. */
#include "ternary_panels_avx512.h"

/* Adds the products of the blocks of a group, from *block on, which is left behind them. */
BN_INLINE void add_group(bn_sums_avx512* sums, const uint8_t** block, int64_t apart,
                         const int8_t** q, int64_t stride, int64_t blocks, const int P, const int T,
                         const int S) {
  for (int64_t b = 0; b < blocks; b++, *block += BN_BLOCK_BYTES_2BIT) {
    BN_UNROLL for (int p = 0; p < P; p++) {
      _mm_prefetch((const char*)*block + p * apart + BN_PREFETCH_AVX512, _MM_HINT_T0);
    }
    bn_add_block_avx512(bn_quad_2bit_avx512, sums, *block, apart, q, stride, P, T, S,
                        BN_QUADS_2BIT);
    BN_UNROLL for (int t = 0; t < T; t += 3) { q[t / 3] += BN_BLOCK_COLUMNS; }
  }
}

/* P panels and tokens [token, token + T). */
BN_INLINE void multiply(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                        const bn_groups* groups, bn_panels panels, int32_t token, const int P,
                        const int T, const int S) {
  const int64_t blocks = bn_padded_columns(w) / BN_BLOCK_COLUMNS;
  const int64_t apart = BN_BLOCK_BYTES_2BIT * blocks * panels.step;
  const uint8_t* block = w->panels + BN_BLOCK_BYTES_2BIT * blocks * panels.first;
  const int64_t scales_apart = BN_PANEL_ROWS * groups->count * panels.step;
  const uint16_t* scales = w->group_scales + BN_PANEL_ROWS * groups->count * panels.first;
  const int8_t* q[(BN_TOKENS_AVX512 + 2) / 3];
  BN_UNROLL for (int t = 0; t < T; t += 3) { q[t / 3] = a->values + (token + t) * a->stride; }
  __m512 out[BN_STREAMS_AVX512][BN_TOKENS_AVX512];
  BN_UNROLL for (int p = 0; p < P; p++) {
    BN_UNROLL for (int t = 0; t < T; t++) { out[p][t] = _mm512_setzero_ps(); }
  }
  for (int64_t g = 0; g < groups->count; g++, scales += BN_PANEL_ROWS) {
    bn_sums_avx512 sums[BN_STREAMS_AVX512];
    BN_UNROLL for (int t = 0; t < T; t++) {
      /* Sums of q * u from less the sum of q on are those of q * (u - 1). */
      const __m512i less = _mm512_set1_epi32(-bn_group_sum(a, groups, token + t, g));
      BN_UNROLL for (int p = 0; p < P; p++) {
        sums[p].set[t][0] = less;
        BN_UNROLL for (int s = 1; s < S; s++) { sums[p].set[t][s] = _mm512_setzero_si512(); }
      }
    }
    add_group(sums, &block, apart, q, a->stride, bn_group_end(w, groups, g) - groups->blocks * g, P,
              T, S);
    BN_UNROLL for (int p = 0; p < P; p++) {
      const __m256i halves = _mm256_loadu_si256((const __m256i*)(scales + p * scales_apart));
      const __m512 weights = _mm512_cvtph_ps(halves);
      BN_UNROLL for (int t = 0; t < T; t++) {
        const __m512 factor = _mm512_set1_ps(bn_group_factor(a, groups, token + t, g));
        __m512i total = sums[p].set[t][0];
        BN_UNROLL for (int s = 1; s < S; s++) { /* exact: set s has multiples of 4^s */
          const __m512i part = _mm512_srai_epi32(sums[p].set[t][s], (unsigned)(2 * s));
          total = _mm512_add_epi32(total, part);
        }
        out[p][t] =
            _mm512_fmadd_ps(_mm512_cvtepi32_ps(total), _mm512_mul_ps(weights, factor), out[p][t]);
      }
    }
  }
  BN_UNROLL for (int p = 0; p < P; p++) {
    const int32_t panel = panels.first + p * panels.step;
    BN_UNROLL for (int t = 0; t < T; t++) {
      const __m512 factor = _mm512_set1_ps(bn_row_factor(a, groups, token + t));
      _mm512_mask_storeu_ps(bn_row(y, token + t) + BN_PANEL_ROWS * (int64_t)panel,
                            (__mmask16)bn_panel_mask(w, panel), _mm512_mul_ps(out[p][t], factor));
    }
  }
}

/* P panels and 1 to 4 tokens. */
BN_INLINE void multiply_few(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                            const bn_groups* groups, bn_panels panels, int32_t token,
                            int32_t tokens, const int P) {
  switch (tokens) {
    case 1:
      multiply(w, a, y, groups, panels, token, P, 1, 2);
      break;
    case 2:
      multiply(w, a, y, groups, panels, token, P, 2, 1);
      break;
    case 3:
      multiply(w, a, y, groups, panels, token, P, 3, 1);
      break;
    default:
      multiply(w, a, y, groups, panels, token, P, 4, 1);
      break;
  }
}

/* P panels and 5 to 8 tokens. */
BN_INLINE void multiply_many(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                             const bn_groups* groups, bn_panels panels, int32_t token,
                             int32_t tokens, const int P) {
  switch (tokens) {
    case 5:
      multiply(w, a, y, groups, panels, token, P, 5, 1);
      break;
    case 6:
      multiply(w, a, y, groups, panels, token, P, 6, 1);
      break;
    case 7:
      multiply(w, a, y, groups, panels, token, P, 7, 1);
      break;
    default:
      multiply(w, a, y, groups, panels, token, P, 8, 1);
      break;
  }
}

/* Few tokens read panels in streams, as bn_multiply_panels_avx512 does. */
static void multiply_panels(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                            int32_t token, int32_t tokens, int32_t begin, int32_t end) {
  const bn_groups groups = bn_groups_of(w, a);
  int32_t p = begin;
  if (tokens <= BN_FEW_TOKENS_AVX512) {
    const int32_t step = (end - begin) / BN_STREAMS_AVX512;
    for (; p < begin + step; p++) {
      multiply_few(w, a, y, &groups, (bn_panels){p, step}, token, tokens, BN_STREAMS_AVX512);
    }
    for (p = begin + step * BN_STREAMS_AVX512; p < end; p++) {
      multiply_few(w, a, y, &groups, (bn_panels){p, 1}, token, tokens, 1);
    }
    return;
  }
  for (; p + BN_PANELS_AVX512 <= end; p += BN_PANELS_AVX512) {
    multiply_many(w, a, y, &groups, (bn_panels){p, 1}, token, tokens, BN_PANELS_AVX512);
  }
  for (; p < end; p++) {
    multiply_many(w, a, y, &groups, (bn_panels){p, 1}, token, tokens, 1);
  }
}

int32_t bn_group_product_avx512(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                int32_t count, int32_t begin, int32_t end) {
  if (!bn_is_two_bit_by_groups(w, a)) {
    return BN_UNSUPPORTED;
  }
  const bn_portion once = {BN_TOKENS_AVX512, BN_PANELS_AVX512, BN_CACHED_BYTES_AVX512,
                           BN_QUADS_2BIT};
  bn_ternary_product_by(multiply_panels, once, w, a, y, count, begin, end);
  return BN_OK;
}
