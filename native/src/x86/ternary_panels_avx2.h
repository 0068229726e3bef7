/*
 * The product of ternary panels in tier AVX2, for any storage and any number of tokens.
 *
 * A storage format contributes an inline function that decodes half a quad. It is decoded in
 * registers again for every 5 tokens; to unpack tiles in memory was no faster.
 */
#ifndef BITNET_TERNARY_PANELS_AVX2_H
#define BITNET_TERNARY_PANELS_AVX2_H

#include <immintrin.h>
#include <string.h>

#include "common/kernels.h"
#include "common/ternary_panels.h"

/* The most tokens whose 16-bit sums fit the registers. */
#define BN_TOKENS_AVX2 5
/*
 * A single token is limited by memory, so panels are read in two streams, each a part of the
 * panels; there are not enough registers for more.
 */
#define BN_STREAMS_AVX2 2
/* How far ahead of the digits in use the next ones of each stream are asked for. */
#define BN_PREFETCH_AVX2 2048
/* Panels that stay in the L2 cache while more tokens than go at once are multiplied with them. */
#define BN_CACHED_BYTES_AVX2 (128 * 1024)

/*
 * Quad f, the digits of columns 4 * f .. 4 * f + 3 in a block of 16 columns by the 8 rows of a
 * half, times 4^(f % S): a field of two bits may stay where it is in its byte. S is 1 or 2.
 */
typedef __m256i bn_quad_avx2(const uint8_t* block, const int half, const int f, const int S);

/* A quad of two-bit panels. Shifts of 16 bits will do, since the mask drops what crosses bytes. */
BN_INLINE __m256i bn_quad_2bit_avx2(const uint8_t* block, const int half, const int f,
                                    const int S) {
  const int field = f % S; /* where the digits are left */
  const __m256i x = _mm256_load_si256((const __m256i*)(block + 32 * half));
  return _mm256_and_si256(_mm256_srli_epi16(x, 2 * (f - field)),
                          _mm256_set1_epi8((char)(3 << 2 * field)));
}

/* Sums of a panel's halves with T tokens, in S sets: set s has quads f with f % S = s. */
typedef struct bn_sums_avx2 {
  __m256i set[BN_TOKENS_AVX2][2][2];
} bn_sums_avx2;

/* Four activations in every 32-bit lane. */
BN_INLINE __m256i bn_broadcast_quad_avx2(const int8_t* q) {
  int32_t quad;
  memcpy(&quad, q, sizeof quad);
  return _mm256_set1_epi32(quad);
}

/*
 * sum + pairs, where the compiler may not regroup a chain of such sums: there are not enough
 * registers for the pairs of more than one.
 */
BN_INLINE __m256i bn_add_in_order(__m256i sum, __m256i pairs) {
  sum = _mm256_add_epi16(sum, pairs);
  __asm__("" : "+x"(sum));
  return sum;
}

/*
 * S times the blocks whose pairs of products fit a 16-bit sum, in S sets. vpmaddubsw adds pairs u *
 * 4^s * q with -128 <= q <= 127, so a pair lies in 4^s * [-512, 508] if no u is larger than 2, and
 * in 4^s * [-768, 762] if some are 3. In a lane come together 4 / S pairs of a block. With 16 / S
 * blocks that is 64 pairs of s = 0, or 16 pairs of s = 1: from -32768 to 32512. With 10 / S blocks
 * it is 40 or 10 pairs, from -30720 to 30480.
 */
static inline int64_t bn_word_blocks_avx2(const bn_ternary* w) {
  return w->largest_digit < 3 ? 16 : 10;
}

/*
 * Adds the products of blocks that fit a 16-bit sum of each of P panels, which are `apart` bytes
 * apart, and whose columns' activations start at q.
 */
BN_INLINE void bn_add_blocks_avx2(bn_quad_avx2* quad, int64_t block_bytes, bn_sums_avx2* sums,
                                  const uint8_t* block, int64_t apart, const int8_t* q,
                                  int64_t stride, int64_t blocks, const int P, const int T,
                                  const int S) {
  bn_sums_avx2 words[BN_STREAMS_AVX2];
  BN_UNROLL for (int p = 0; p < P; p++) {
    BN_UNROLL for (int t = 0; t < T; t++) {
      BN_UNROLL for (int s = 0; s < S; s++) {
        words[p].set[t][s][0] = words[p].set[t][s][1] = _mm256_setzero_si256();
      }
    }
  }
  for (int64_t b = 0; b < blocks; b++, block += block_bytes, q += BN_BLOCK_COLUMNS) {
    BN_UNROLL for (int p = 0; p < P; p++) {
      _mm_prefetch((const char*)block + p * apart + BN_PREFETCH_AVX2, _MM_HINT_T0);
    }
    BN_UNROLL for (int f = 0; f < 4; f++) {
      __asm__ volatile("" : "+r"(block)); /* load the block again: no registers to keep it */
      BN_UNROLL for (int p = 0; p < P; p++) {
        const __m256i u0 = quad(block + p * apart, 0, f, S);
        const __m256i u1 = quad(block + p * apart, 1, f, S);
        BN_UNROLL for (int t = 0; t < T; t++) {
          const __m256i a = bn_broadcast_quad_avx2(q + t * stride + 4 * f);
          __m256i* sum = words[p].set[t][f % S];
          sum[0] = bn_add_in_order(sum[0], _mm256_maddubs_epi16(u0, a));
          sum[1] = bn_add_in_order(sum[1], _mm256_maddubs_epi16(u1, a));
        }
      }
    }
  }
  const __m256i ones = _mm256_set1_epi16(1);
  BN_UNROLL for (int p = 0; p < P; p++) {
    BN_UNROLL for (int t = 0; t < T; t++) {
      BN_UNROLL for (int s = 0; s < S; s++) {
        BN_UNROLL for (int half = 0; half < 2; half++) {
          const __m256i pairs = _mm256_madd_epi16(words[p].set[t][s][half], ones);
          __m256i* sum = &sums[p].set[t][s][half];
          *sum = _mm256_add_epi32(*sum, pairs);
        }
      }
    }
  }
}

/* Stores the rows in the mask's low 8 bits. */
BN_INLINE void bn_store_rows_avx2(float* to, uint32_t mask, __m256 out) {
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
static inline void bn_finish_avx2(const bn_ternary* w, const bn_quantized* a, const bn_rows* y,
                                  int32_t t, int64_t row, uint32_t mask, __m256i sums) {
  const __m256i products = _mm256_sub_epi32(sums, _mm256_set1_epi32(a->sums[t]));
  const __m256 weights =
      w->row_scales == NULL ? _mm256_set1_ps(w->scale) : _mm256_loadu_ps(w->row_scales + row);
  const __m256 scale = _mm256_mul_ps(weights, _mm256_set1_ps(a->scales[t]));
  const __m256 out = _mm256_mul_ps(_mm256_cvtepi32_ps(products), scale);
  bn_store_rows_avx2(bn_row(y, t) + row, mask, out);
}

/*
 * The product of P panels, in blocks of block_bytes, and tokens [token, token + T). The 32-bit
 * sums stay below BN_MAX_COLUMNS * 4 * 3 * 128 < 2^28.
 */
BN_INLINE void bn_multiply_avx2(bn_quad_avx2* quad, int64_t block_bytes, const bn_ternary* w,
                                const bn_quantized* a, const bn_rows* y, bn_panels panels,
                                int32_t token, const int P, const int T, const int S) {
  const int64_t blocks = bn_padded_columns(w) / BN_BLOCK_COLUMNS;
  const int64_t apart = block_bytes * blocks * panels.step;
  const uint8_t* digits = w->panels + block_bytes * blocks * panels.first;
  const int8_t* q = a->values + token * a->stride;
  bn_sums_avx2 sums[BN_STREAMS_AVX2];
  BN_UNROLL for (int p = 0; p < P; p++) {
    BN_UNROLL for (int t = 0; t < T; t++) {
      BN_UNROLL for (int s = 0; s < S; s++) {
        sums[p].set[t][s][0] = sums[p].set[t][s][1] = _mm256_setzero_si256();
      }
    }
  }
  const int64_t most = bn_word_blocks_avx2(w) / S;
  for (int64_t b = 0; b < blocks; b += most) {
    const int64_t n = blocks - b < most ? blocks - b : most;
    bn_add_blocks_avx2(quad, block_bytes, sums, digits + block_bytes * b, apart,
                       q + BN_BLOCK_COLUMNS * b, a->stride, n, P, T, S);
  }
  BN_UNROLL for (int p = 0; p < P; p++) {
    const int32_t panel = panels.first + p * panels.step;
    const int64_t row = BN_PANEL_ROWS * (int64_t)panel;
    const uint32_t mask = bn_panel_mask(w, panel);
    BN_UNROLL for (int t = 0; t < T; t++) {
      BN_UNROLL for (int half = 0; half < 2; half++) {
        __m256i total = sums[p].set[t][0][half];
        if (S == 2) { /* exact: set 1 has multiples of 4 */
          total = _mm256_add_epi32(total, _mm256_srai_epi32(sums[p].set[t][1][half], 2));
        }
        bn_finish_avx2(w, a, y, token + t, row + 8 * half, mask >> 8 * half, total);
      }
    }
  }
}

/* Tokens [token, token + tokens), at most BN_TOKENS_AVX2 of them, and panels [begin, end). */
BN_INLINE void bn_multiply_panels_avx2(bn_quad_avx2* quad, int64_t block_bytes, const bn_ternary* w,
                                       const bn_quantized* a, const bn_rows* y, int32_t token,
                                       int32_t tokens, int32_t begin, int32_t end) {
  int32_t p = begin;
  if (tokens == 1) {
    const int32_t step = (end - begin) / BN_STREAMS_AVX2;
    for (int32_t i = 0; i < step; i++) {
      bn_multiply_avx2(quad, block_bytes, w, a, y, (bn_panels){begin + i, step}, token,
                       BN_STREAMS_AVX2, 1, 2);
    }
    p += step * BN_STREAMS_AVX2;
  }
  for (; p < end; p++) {
    const bn_panels panel = {p, 1};
    switch (tokens) {
      case 1:
        bn_multiply_avx2(quad, block_bytes, w, a, y, panel, token, 1, 1, 2);
        break;
      case 2:
        bn_multiply_avx2(quad, block_bytes, w, a, y, panel, token, 1, 2, 1);
        break;
      case 3:
        bn_multiply_avx2(quad, block_bytes, w, a, y, panel, token, 1, 3, 1);
        break;
      case 4:
        bn_multiply_avx2(quad, block_bytes, w, a, y, panel, token, 1, 4, 1);
        break;
      default:
        bn_multiply_avx2(quad, block_bytes, w, a, y, panel, token, 1, 5, 1);
        break;
    }
  }
}

#endif
