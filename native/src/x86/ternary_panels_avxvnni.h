/*
 * The product of ternary panels with 256-bit vpdpbusd, for any storage and any number of tokens.
 *
 * Compiled with -mavxvnni it is tier AVX-VNNI; the C tests compile it again with AVX-512 VL and
 * VNNI, whose vpdpbusd of 256 bits does the same, and run that twin where no CPU has AVX-VNNI.
 */
#ifndef BITNET_TERNARY_PANELS_AVXVNNI_H
#define BITNET_TERNARY_PANELS_AVXVNNI_H

#include <immintrin.h>
#include <string.h>

#include "common/kernels.h"
#include "common/ternary_panels.h"

/* The most tokens whose sums fit the registers. */
#define BN_TOKENS_AVXVNNI 6
/*
 * A single token is limited by memory, so panels are read in two streams, each a part of the
 * panels: on Zen 5 they come 1.2 to 1.4 times as fast as one. There are not enough registers for
 * more.
 */
#define BN_STREAMS_AVXVNNI 2
/* How far ahead of the digits in use the next ones of each stream are asked for. */
#define BN_PREFETCH_AVXVNNI 4096
/* Panels that stay in the L2 cache while more tokens than go at once are multiplied with them. */
#define BN_CACHED_BYTES_AVXVNNI (256 * 1024)

/*
 * Quad f, the digits of columns 4 * f .. 4 * f + 3 in a block of 16 columns by the 8 rows of a
 * half, times 4^(f % S): a field of two bits may stay where it is in its byte. S is 1, 2 or 4.
 */
typedef __m256i bn_quad_avxvnni(const uint8_t* block, const int half, const int f, const int S);

/* A quad of two-bit panels. Shifts of 16 bits will do, since the mask drops what crosses bytes. */
BN_INLINE __m256i bn_quad_2bit_avxvnni(const uint8_t* block, const int half, const int f,
                                       const int S) {
  const int field = f % S; /* where the digits are left */
  const __m256i x = _mm256_load_si256((const __m256i*)(block + 32 * half));
  return _mm256_and_si256(_mm256_srli_epi16(x, 2 * (f - field)),
                          _mm256_set1_epi8((char)(3 << 2 * field)));
}

/* Sums of a panel's halves with T tokens, in S sets: set s has quads f with f % S = s. */
typedef struct bn_sums_avxvnni {
  __m256i set[BN_TOKENS_AVXVNNI][4][2];
} bn_sums_avxvnni;

/* sum + the products of four unsigned bytes of u with four signed ones of q, in 32-bit lanes. */
BN_INLINE __m256i bn_dot_quads_avxvnni(__m256i sum, __m256i u, __m256i q) {
#if defined(__AVXVNNI__)
  sum = _mm256_dpbusd_avx_epi32(sum, u, q);
#else
  sum = _mm256_dpbusd_epi32(sum, u, q);
#endif
  __asm__("" : "+x"(sum)); /* or gcc reorders these until it has no registers left */
  return sum;
}

/* Four activations in every 32-bit lane. */
BN_INLINE __m256i bn_broadcast_quad_avxvnni(const int8_t* q) {
  int32_t quad;
  memcpy(&quad, q, sizeof quad);
  return _mm256_set1_epi32(quad);
}

/* Stores the rows in the mask's low 8 bits. */
BN_INLINE void bn_store_rows_avxvnni(float* to, uint32_t mask, __m256 out) {
  if ((mask & 0xff) == 0xff) { /* masked stores are slow */
    _mm256_storeu_ps(to, out);
  } else {
    const __m256i bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    const __m256i masks = _mm256_and_si256(_mm256_set1_epi32((int32_t)mask), bits);
    _mm256_maskstore_ps(to, _mm256_cmpeq_epi32(masks, bits), out);
  }
}

/*
 * Sums of q * u become sums of q * (u - 1), then outputs of the rows in the mask's low 8 bits, from
 * row on, and token t.
 */
BN_INLINE void bn_finish_avxvnni(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                 int32_t t, int64_t row, uint32_t mask, __m256i sums) {
  const __m256i products = _mm256_sub_epi32(sums, _mm256_set1_epi32(a->sums[t]));
  const __m256 weights =
      w->row_scales == NULL ? _mm256_set1_ps(w->scale) : _mm256_loadu_ps(w->row_scales + row);
  const __m256 scale = _mm256_mul_ps(weights, _mm256_set1_ps(a->scales[t]));
  const __m256 out = _mm256_mul_ps(_mm256_cvtepi32_ps(products), scale);
  bn_store_rows_avxvnni(bn_row(y, t) + row, mask, out);
}

/* Adds the products of a block of each of P panels, whose columns' activations start at q. */
BN_INLINE void bn_add_block_avxvnni(bn_quad_avxvnni* quad, bn_sums_avxvnni* sums,
                                    const uint8_t* block, int64_t apart, const int8_t* q,
                                    int64_t stride, const int P, const int T, const int S) {
  BN_UNROLL for (int p = 0; p < P; p++) {
    _mm_prefetch((const char*)block + p * apart + BN_PREFETCH_AVXVNNI, _MM_HINT_T0);
  }
  BN_UNROLL for (int f = 0; f < 4; f++) {
    BN_UNROLL for (int p = 0; p < P; p++) {
      const __m256i u0 = quad(block + p * apart, 0, f, S);
      const __m256i u1 = quad(block + p * apart, 1, f, S);
      BN_UNROLL for (int t = 0; t < T; t++) {
        const __m256i values = bn_broadcast_quad_avxvnni(q + t * stride + 4 * f);
        __m256i* sum = sums[p].set[t][f % S];
        sum[0] = bn_dot_quads_avxvnni(sum[0], u0, values);
        sum[1] = bn_dot_quads_avxvnni(sum[1], u1, values);
      }
    }
  }
}

/*
 * The product of P panels, in blocks of block_bytes, and tokens [token, token + T). A product u *
 * 4^s * q is at most 192 * 128 in absolute value. With four sets a sum has ceil(BN_MAX_COLUMNS / 4)
 * of them, and with fewer sets u * 4^s is at most 12: sums stay below 2^30.
 */
BN_INLINE void bn_multiply_avxvnni(bn_quad_avxvnni* quad, int64_t block_bytes, const bn_ternary* w,
                                   const bn_quantized* a, const bn_rows* y, bn_panels panels,
                                   int32_t token, const int P, const int T, const int S) {
  const int64_t blocks = bn_padded_columns(w) / BN_BLOCK_COLUMNS;
  const int64_t apart = block_bytes * blocks * panels.step;
  const uint8_t* block = w->panels + block_bytes * blocks * panels.first;
  const int8_t* q = a->values + token * a->stride;
  bn_sums_avxvnni sums[BN_STREAMS_AVXVNNI];
  BN_UNROLL for (int p = 0; p < P; p++) {
    BN_UNROLL for (int t = 0; t < T; t++) {
      BN_UNROLL for (int s = 0; s < S; s++) {
        sums[p].set[t][s][0] = sums[p].set[t][s][1] = _mm256_setzero_si256();
      }
    }
  }
  for (int64_t b = 0; b < blocks; b++, block += block_bytes, q += BN_BLOCK_COLUMNS) {
    bn_add_block_avxvnni(quad, sums, block, apart, q, a->stride, P, T, S);
  }
  BN_UNROLL for (int p = 0; p < P; p++) {
    const int32_t panel = panels.first + p * panels.step;
    const int64_t row = BN_PANEL_ROWS * (int64_t)panel;
    const uint32_t mask = bn_panel_mask(w, panel);
    BN_UNROLL for (int t = 0; t < T; t++) {
      BN_UNROLL for (int half = 0; half < 2; half++) {
        __m256i total = sums[p].set[t][0][half];
        BN_UNROLL for (int s = 1; s < S; s++) { /* exact: set s has multiples of 4^s */
          total = _mm256_add_epi32(total, _mm256_srai_epi32(sums[p].set[t][s][half], 2 * s));
        }
        bn_finish_avxvnni(w, a, y, token + t, row + 8 * half, mask >> 8 * half, total);
      }
    }
  }
}

/* Tokens [token, token + tokens), at most BN_TOKENS_AVXVNNI of them, and panels [begin, end). */
BN_INLINE void bn_multiply_panels_avxvnni(bn_quad_avxvnni* quad, int64_t block_bytes,
                                          const bn_ternary* w, const bn_quantized* a,
                                          const bn_rows* y, int32_t token, int32_t tokens,
                                          int32_t begin, int32_t end) {
  int32_t p = begin;
  if (tokens == 1) {
    const int32_t step = (end - begin) / BN_STREAMS_AVXVNNI;
    for (int32_t i = 0; i < step; i++) {
      bn_multiply_avxvnni(quad, block_bytes, w, a, y, (bn_panels){begin + i, step}, token,
                          BN_STREAMS_AVXVNNI, 1, 2);
    }
    p += step * BN_STREAMS_AVXVNNI;
  }
  for (; p < end; p++) {
    const bn_panels panel = {p, 1};
    switch (tokens) {
      case 1:
        bn_multiply_avxvnni(quad, block_bytes, w, a, y, panel, token, 1, 1, 4);
        break;
      case 2:
        bn_multiply_avxvnni(quad, block_bytes, w, a, y, panel, token, 1, 2, 2);
        break;
      case 3:
        bn_multiply_avxvnni(quad, block_bytes, w, a, y, panel, token, 1, 3, 2);
        break;
      case 4:
        bn_multiply_avxvnni(quad, block_bytes, w, a, y, panel, token, 1, 4, 1);
        break;
      case 5:
        bn_multiply_avxvnni(quad, block_bytes, w, a, y, panel, token, 1, 5, 1);
        break;
      default:
        bn_multiply_avxvnni(quad, block_bytes, w, a, y, panel, token, 1, 6, 1);
        break;
    }
  }
}

#endif
