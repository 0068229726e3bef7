/* Two-bit panels: the product for few tokens, and the unpacker for many. */
#include "ternary_avx512.h"

/* How far ahead of the digits in use the next ones are asked for. */
#define PREFETCH_BYTES 2048
/* The most panels and tokens that share one pass. */
#define PANELS 2
#define TOKENS BN_GEMV_TOKENS_AVX512

/* The digits of field f where they stand: u * 4^f <= 128, which an unsigned byte holds. */
static inline __m512i field_in_place(__m512i x, int f) {
  return _mm512_and_si512(x, _mm512_set1_epi8((char)(3 << 2 * f)));
}

/* The digits of field f. Shifts of 16 bits do: the mask drops what comes from the next byte. */
static inline __m512i field(__m512i x, int f) {
  return _mm512_and_si512(_mm512_srli_epi16(x, 2 * (unsigned)f), _mm512_set1_epi8(3));
}

/*
 * The product of panels [panel, panel + P) and tokens [token, token + T). Each field has sums of
 * its own, so that the digits need no shift: field f's are 4^f times too large, at most
 * ceil(BN_MAX_COLUMNS / 4) * 128 * 128 < 2^30 in absolute value, and multiples of 4^f.
 */
BN_INLINE void product_in_place(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                int32_t token, int32_t panel, const int T, const int P) {
  const int64_t panel_bytes = 4 * (int64_t)bn_padded_columns(w);
  const uint8_t* digits = w->panels + panel * panel_bytes;
  const int8_t* q = a->values + token * a->stride;
  __m512i sums[PANELS][TOKENS][4];
  BN_UNROLL for (int p = 0; p < P; p++) {
    BN_UNROLL for (int t = 0; t < T; t++) {
      BN_UNROLL for (int f = 0; f < 4; f++) { sums[p][t][f] = _mm512_setzero_si512(); }
    }
  }
  for (int64_t at = 0; at < panel_bytes; at += 64) {
    __m512i x[PANELS];
    BN_UNROLL for (int p = 0; p < P; p++) {
      const uint8_t* block = digits + p * panel_bytes + at;
      _mm_prefetch((const char*)block + PREFETCH_BYTES, _MM_HINT_T0);
      x[p] = _mm512_load_si512(block);
    }
    BN_UNROLL for (int f = 0; f < 4; f++) {
      BN_UNROLL for (int t = 0; t < T; t++) {
        __m512i quad = bn_broadcast_quad(q + t * a->stride + at / 4 + 4 * f);
        BN_UNROLL for (int p = 0; p < P; p++) {
          sums[p][t][f] = _mm512_dpbusd_epi32(sums[p][t][f], field_in_place(x[p], f), quad);
        }
      }
    }
  }
  BN_UNROLL for (int p = 0; p < P; p++) {
    BN_UNROLL for (int t = 0; t < T; t++) {
      __m512i low = _mm512_add_epi32(sums[p][t][0], _mm512_srai_epi32(sums[p][t][1], 2));
      __m512i high = _mm512_add_epi32(_mm512_srai_epi32(sums[p][t][2], 4),
                                      _mm512_srai_epi32(sums[p][t][3], 6));
      bn_finish_avx512(w, a, y, token + t, BN_PANEL_ROWS * (int64_t)(panel + p),
                       bn_panel_mask(w, panel + p), _mm512_add_epi32(low, high));
    }
  }
}

/* The same with shifted digits, so that a token takes one register of sums for each panel. */
BN_INLINE void product_shifted(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                               int32_t panel, const int T, const int P) {
  const int64_t panel_bytes = 4 * (int64_t)bn_padded_columns(w);
  const uint8_t* digits = w->panels + panel * panel_bytes;
  __m512i sums[PANELS][TOKENS];
  BN_UNROLL for (int p = 0; p < P; p++) {
    BN_UNROLL for (int t = 0; t < T; t++) { sums[p][t] = _mm512_setzero_si512(); }
  }
  for (int64_t at = 0; at < panel_bytes; at += 64) {
    __m512i x[PANELS];
    BN_UNROLL for (int p = 0; p < P; p++) {
      const uint8_t* block = digits + p * panel_bytes + at;
      _mm_prefetch((const char*)block + PREFETCH_BYTES, _MM_HINT_T0);
      x[p] = _mm512_load_si512(block);
    }
    BN_UNROLL for (int f = 0; f < 4; f++) {
      __m512i u[PANELS];
      BN_UNROLL for (int p = 0; p < P; p++) { u[p] = field(x[p], f); }
      BN_UNROLL for (int t = 0; t < T; t++) {
        __m512i quad = bn_broadcast_quad(a->values + t * a->stride + at / 4 + 4 * f);
        BN_UNROLL for (int p = 0; p < P; p++) {
          sums[p][t] = _mm512_dpbusd_epi32(sums[p][t], u[p], quad);
        }
      }
    }
  }
  BN_UNROLL for (int p = 0; p < P; p++) {
    BN_UNROLL for (int t = 0; t < T; t++) {
      bn_finish_avx512(w, a, y, t, BN_PANEL_ROWS * (int64_t)(panel + p),
                       bn_panel_mask(w, panel + p), sums[p][t]);
    }
  }
}

void bn_gemv_2bit_avx512(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                         int32_t count, int32_t begin, int32_t end) {
  int32_t p = begin;
  for (; p + 2 <= end; p += 2) { /* two panels share the broadcasts and hide the latency */
    switch (count) {
      case 1:
        product_in_place(w, a, y, 0, p, 1, 2);
        break;
      case 2:
        product_in_place(w, a, y, 0, p, 2, 2);
        break;
      case 3:
        product_in_place(w, a, y, 0, p, 3, 2);
        break;
      case 4:
        product_shifted(w, a, y, p, 4, 2);
        break;
      case 5:
        product_shifted(w, a, y, p, 5, 2);
        break;
      case 6:
        product_shifted(w, a, y, p, 6, 2);
        break;
      case 7:
        product_shifted(w, a, y, p, 7, 2);
        break;
      case 8:
        product_shifted(w, a, y, p, 8, 2);
        break;
      default:
        break;
    }
  }
  if (p < end) {
    int32_t t = 0;
    for (; t + 4 <= count; t += 4) {
      product_in_place(w, a, y, t, p, 4, 1);
    }
    for (; t < count; t++) {
      product_in_place(w, a, y, t, p, 1, 1);
    }
  }
}

void bn_unpack_2bit_avx512(const uint8_t* panel, int32_t first, int32_t columns, uint8_t* quads) {
  const uint8_t* block = panel + 4 * (int64_t)first;
  for (int32_t k = 0; k < columns; k += 16) {
    __m512i x = _mm512_load_si512(block + 4 * k);
    BN_UNROLL for (int f = 0; f < 4; f++) {
      _mm512_store_si512(quads + 16 * k + BN_QUAD_BYTES * f, field(x, f));
    }
  }
}
