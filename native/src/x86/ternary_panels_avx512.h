/*
 * The product of ternary panels in tier AVX-512, for any storage and any number of tokens.
 *
 * A storage format contributes an inline function that decodes a quad. It is decoded in registers
 * again for every few tokens, which hides behind their multiplications: tiles unpacked in memory
 * were slower at every number of tokens (Zen 4), since sums then have to rest in memory too.
 */
#ifndef BITNET_TERNARY_PANELS_AVX512_H
#define BITNET_TERNARY_PANELS_AVX512_H

#include <immintrin.h>
#include <string.h>

#include "common/kernels.h"
#include "common/ternary_panels.h"

/*
 * The most tokens, and the panels, that are multiplied at a time. Each activation is loaded once
 * for both panels, so that loads leave vpdpbusd its full rate on CPUs that start two a cycle (Zen
 * 5: 93-97 % of it, against 86-90 % for one panel and 12 tokens).
 */
#define BN_TOKENS_AVX512 8
#define BN_PANELS_AVX512 2
/*
 * Up to this many tokens are limited by memory, so panels are read in streams: each reads a part
 * of the panels, one after the other. On Zen 5 four long streams come at 90-100 % of what a core
 * can read, one at 65-75 %, and streams that end with each panel at half.
 */
#define BN_FEW_TOKENS_AVX512 4
#define BN_STREAMS_AVX512 4
/* How far ahead of the digits in use the next ones of each stream are asked for. */
#define BN_PREFETCH_AVX512 2048
/* Panels that stay in the L2 cache while more tokens than go at once are multiplied with them. */
#define BN_CACHED_BYTES_AVX512 (256 * 1024)

/*
 * Quad f, the digits of columns 4 * f .. 4 * f + 3 in a block of 16 rows by Q quads of columns,
 * times 4^(f % S): a field of two bits may stay where it is in its byte. S is 1, 2 or 4.
 */
typedef __m512i bn_quad_avx512(const uint8_t* block, const int f, const int S);

/* A quad of two-bit panels. Shifts of 16 bits will do, since the mask drops what crosses bytes. */
BN_INLINE __m512i bn_quad_2bit_avx512(const uint8_t* block, const int f, const int S) {
  const int field = f % S; /* where the digits are left */
  const __m512i x = _mm512_load_si512(block);
  return _mm512_and_si512(_mm512_srli_epi16(x, (unsigned)(2 * (f - field))),
                          _mm512_set1_epi8((char)(3 << 2 * field)));
}

/* The sums of a panel's 16 rows with T tokens, in S sets: set s has quads f with f % S = s. */
typedef struct bn_sums_avx512 {
  __m512i set[BN_TOKENS_AVX512][4];
} bn_sums_avx512;

/* Four activations in every 32-bit lane. */
BN_INLINE __m512i bn_broadcast_quad_avx512(const int8_t* q) {
  int32_t quad;
  memcpy(&quad, q, sizeof quad);
  return _mm512_set1_epi32(quad);
}

/*
 * Adds the products of a block of each of P panels, which are that many bytes apart, and whose
 * columns' activations start at q; token t's are at q[t / 3] + t % 3 * stride, which takes few
 * registers. A product u * 4^s * q is at most 192 * 128 in absolute value. With four sets those of
 * s = 3 are of a quarter of BN_MAX_COLUMNS at most, and with fewer sets u * 4^s is at most 12: sums
 * stay below 2^30.
 */
BN_INLINE void bn_add_block_avx512(bn_quad_avx512* quad, bn_sums_avx512* sums, const uint8_t* block,
                                   int64_t apart, const int8_t* const* q, int64_t stride,
                                   const int P, const int T, const int S, const int Q) {
  BN_UNROLL for (int f = 0; f < Q; f++) {
    __m512i u[BN_STREAMS_AVX512];
    BN_UNROLL for (int p = 0; p < P; p++) { u[p] = quad(block + p * apart, f, S); }
    BN_UNROLL for (int t = 0; t < T; t++) {
      const __m512i values = bn_broadcast_quad_avx512(q[t / 3] + t % 3 * stride + 4 * f);
      BN_UNROLL for (int p = 0; p < P; p++) {
        __m512i* sum = &sums[p].set[t][f % S];
        *sum = _mm512_dpbusd_epi32(*sum, u[p], values);
        __asm__("" : "+v"(*sum)); /* or gcc reorders these until it has no registers left */
      }
    }
  }
}

/*
 * Sums of q * u become sums of q * (u - 1), then outputs of the rows in the mask, from row on, and
 * token t.
 */
BN_INLINE void bn_finish_avx512(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                int32_t t, int64_t row, uint32_t mask, __m512i sums) {
  const __m512i products = _mm512_sub_epi32(sums, _mm512_set1_epi32(a->sums[t]));
  const __m512 weights =
      w->row_scales == NULL ? _mm512_set1_ps(w->scale) : _mm512_loadu_ps(w->row_scales + row);
  const __m512 scale = _mm512_mul_ps(weights, _mm512_set1_ps(a->scales[t]));
  _mm512_mask_storeu_ps(bn_row(y, t) + row, (__mmask16)mask,
                        _mm512_mul_ps(_mm512_cvtepi32_ps(products), scale));
}

/*
 * The product of P panels and tokens [token, token + T), in blocks of block_bytes. U blocks at a
 * time have sums of their own, where P is 1: with P * T * S * U >= 8 the sums hide the latency of
 * vpdpbusd.
 */
BN_INLINE void bn_multiply_avx512(bn_quad_avx512* quad, const int Q, const bn_ternary* w,
                                  const bn_quantized* a, const bn_rows* y, bn_panels panels,
                                  int32_t token, const int P, const int T, const int S,
                                  const int U) {
  const int64_t blocks = bn_blocks(w, Q);
  const int64_t apart = BN_BLOCK_BYTES * blocks * panels.step;
  const uint8_t* block = w->panels + BN_BLOCK_BYTES * blocks * panels.first;
  const int8_t* q[(BN_TOKENS_AVX512 + 2) / 3];
  BN_UNROLL for (int t = 0; t < T; t += 3) { q[t / 3] = a->values + (token + t) * a->stride; }
  bn_sums_avx512 sums[BN_STREAMS_AVX512]; /* by panel, or by block */
  BN_UNROLL for (int i = 0; i < P * U; i++) {
    BN_UNROLL for (int t = 0; t < T; t++) {
      BN_UNROLL for (int s = 0; s < S; s++) { sums[i].set[t][s] = _mm512_setzero_si512(); }
    }
  }
  int64_t b = 0;
  for (; b + U <= blocks; b += U) {
    BN_UNROLL for (int i = 0; i < U; i++, block += BN_BLOCK_BYTES) {
      BN_UNROLL for (int p = 0; p < P; p++) {
        _mm_prefetch((const char*)block + p * apart + BN_PREFETCH_AVX512, _MM_HINT_T0);
      }
      bn_add_block_avx512(quad, &sums[i], block, apart, q, a->stride, P, T, S, Q);
      BN_UNROLL for (int t = 0; t < T; t += 3) { q[t / 3] += 4 * Q; }
    }
  }
  for (; b < blocks; b++, block += BN_BLOCK_BYTES) {
    bn_add_block_avx512(quad, &sums[0], block, apart, q, a->stride, P, T, S, Q);
    BN_UNROLL for (int t = 0; t < T; t += 3) { q[t / 3] += 4 * Q; }
  }
  BN_UNROLL for (int p = 0; p < P; p++) {
    const int32_t panel = panels.first + p * panels.step;
    BN_UNROLL for (int t = 0; t < T; t++) {
      __m512i total = _mm512_setzero_si512();
      BN_UNROLL for (int i = 0; i < U; i++) {
        BN_UNROLL for (int s = 0; s < S; s++) { /* exact: set s has multiples of 4^s */
          const __m512i part = _mm512_srai_epi32(sums[p + i].set[t][s], (unsigned)(2 * s));
          total = _mm512_add_epi32(total, part);
        }
      }
      bn_finish_avx512(w, a, y, token + t, BN_PANEL_ROWS * (int64_t)panel, bn_panel_mask(w, panel),
                       total);
    }
  }
}

/* Tokens [token, token + tokens), at most BN_FEW_TOKENS_AVX512 of them, and a panel a stream. */
BN_INLINE void bn_multiply_streams_avx512(bn_quad_avx512* quad, const int Q, const bn_ternary* w,
                                          const bn_quantized* a, const bn_rows* y, int32_t token,
                                          int32_t tokens, bn_panels panels) {
  const int P = BN_STREAMS_AVX512;
  switch (tokens) {
    case 1:
      bn_multiply_avx512(quad, Q, w, a, y, panels, token, P, 1, 4, 1);
      break;
    case 2:
      bn_multiply_avx512(quad, Q, w, a, y, panels, token, P, 2, 2, 1);
      break;
    case 3:
      bn_multiply_avx512(quad, Q, w, a, y, panels, token, P, 3, 1, 1);
      break;
    default:
      bn_multiply_avx512(quad, Q, w, a, y, panels, token, P, 4, 1, 1);
      break;
  }
}

/* The same with a single panel. */
BN_INLINE void bn_multiply_single_avx512(bn_quad_avx512* quad, const int Q, const bn_ternary* w,
                                         const bn_quantized* a, const bn_rows* y, int32_t token,
                                         int32_t tokens, int32_t panel) {
  const bn_panels panels = {panel, 1};
  switch (tokens) {
    case 1:
      bn_multiply_avx512(quad, Q, w, a, y, panels, token, 1, 1, 4, 2);
      break;
    case 2:
      bn_multiply_avx512(quad, Q, w, a, y, panels, token, 1, 2, 4, 2);
      break;
    case 3:
      bn_multiply_avx512(quad, Q, w, a, y, panels, token, 1, 3, 4, 1);
      break;
    default:
      bn_multiply_avx512(quad, Q, w, a, y, panels, token, 1, 4, 4, 1);
      break;
  }
}

/* Tokens [token, token + tokens), more than BN_FEW_TOKENS_AVX512, and panels [p, p + P). */
BN_INLINE void bn_multiply_many_avx512(bn_quad_avx512* quad, const int Q, const bn_ternary* w,
                                       const bn_quantized* a, const bn_rows* y, int32_t token,
                                       int32_t tokens, int32_t p, const int P) {
  const bn_panels panels = {p, 1};
  switch (tokens) {
    case 5:
      bn_multiply_avx512(quad, Q, w, a, y, panels, token, P, 5, 1, 1);
      break;
    case 6:
      bn_multiply_avx512(quad, Q, w, a, y, panels, token, P, 6, 1, 1);
      break;
    case 7:
      bn_multiply_avx512(quad, Q, w, a, y, panels, token, P, 7, 1, 1);
      break;
    default:
      bn_multiply_avx512(quad, Q, w, a, y, panels, token, P, 8, 1, 1);
      break;
  }
}

/* Tokens [token, token + tokens), at most BN_TOKENS_AVX512 of them, and panels [begin, end). */
BN_INLINE void bn_multiply_panels_avx512(bn_quad_avx512* quad, const int Q, const bn_ternary* w,
                                         const bn_quantized* a, const bn_rows* y, int32_t token,
                                         int32_t tokens, int32_t begin, int32_t end) {
  if (tokens <= BN_FEW_TOKENS_AVX512) {
    const int32_t step = (end - begin) / BN_STREAMS_AVX512;
    for (int32_t i = 0; i < step; i++) {
      const bn_panels panels = {begin + i, step};
      bn_multiply_streams_avx512(quad, Q, w, a, y, token, tokens, panels);
    }
    for (int32_t p = begin + step * BN_STREAMS_AVX512; p < end; p++) {
      bn_multiply_single_avx512(quad, Q, w, a, y, token, tokens, p);
    }
    return;
  }
  int32_t p = begin;
  for (; p + BN_PANELS_AVX512 <= end; p += BN_PANELS_AVX512) {
    bn_multiply_many_avx512(quad, Q, w, a, y, token, tokens, p, BN_PANELS_AVX512);
  }
  for (; p < end; p++) {
    bn_multiply_many_avx512(quad, Q, w, a, y, token, tokens, p, 1);
  }
}

#endif
