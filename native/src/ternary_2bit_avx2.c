/* Two-bit panels: the product for few tokens, and the unpacker for many. */
#include "ternary_avx2.h"

/* How far ahead of the digits in use the next ones are asked for. */
#define PREFETCH_BYTES 2048
#define TOKENS BN_GEMV_TOKENS_AVX2
/* Blocks of 16 columns between two widenings of the 16-bit sums. */
#define WORD_BLOCKS (BN_WORD_COLUMNS / 16)

/* The digits of field f. Shifts of 16 bits do: the mask drops what comes from the next byte. */
static inline __m256i field(__m256i x, int f) {
  return _mm256_and_si256(_mm256_srli_epi16(x, 2 * f), _mm256_set1_epi8(3));
}

/* The product of one panel and tokens [0, T), in two halves of eight rows. */
BN_INLINE void product(const bn_ternary* w, const bn_quantized* a, const bn_rows* y, int32_t panel,
                       const int T) {
  const int64_t blocks = bn_padded_columns(w) / 16;
  const uint8_t* digits = w->panels + 64 * blocks * panel;
  __m256i sums[2][TOKENS];
  BN_UNROLL for (int t = 0; t < T; t++) { sums[0][t] = sums[1][t] = _mm256_setzero_si256(); }
  for (int64_t first = 0; first < blocks; first += WORD_BLOCKS) {
    const int64_t end = blocks - first < WORD_BLOCKS ? blocks : first + WORD_BLOCKS;
    __m256i words[2][TOKENS]; /* bounded as BN_WORD_COLUMNS says */
    BN_UNROLL for (int t = 0; t < T; t++) { words[0][t] = words[1][t] = _mm256_setzero_si256(); }
    for (int64_t b = first; b < end; b++) {
      const uint8_t* block = digits + 64 * b;
      _mm_prefetch((const char*)block + PREFETCH_BYTES, _MM_HINT_T0);
      const __m256i x0 = _mm256_load_si256((const __m256i*)block);
      const __m256i x1 = _mm256_load_si256((const __m256i*)(block + 32));
      BN_UNROLL for (int f = 0; f < 4; f++) {
        const __m256i u0 = field(x0, f);
        const __m256i u1 = field(x1, f);
        BN_UNROLL for (int t = 0; t < T; t++) {
          const __m256i quad = bn_broadcast_quad(a->values + t * a->stride + 16 * b + 4 * f);
          words[0][t] = _mm256_add_epi16(words[0][t], _mm256_maddubs_epi16(u0, quad));
          words[1][t] = _mm256_add_epi16(words[1][t], _mm256_maddubs_epi16(u1, quad));
        }
      }
    }
    BN_UNROLL for (int t = 0; t < T; t++) {
      sums[0][t] = bn_widen_add(sums[0][t], words[0][t]);
      sums[1][t] = bn_widen_add(sums[1][t], words[1][t]);
    }
  }
  const uint32_t mask = bn_panel_mask(w, panel);
  const int64_t row = BN_PANEL_ROWS * (int64_t)panel;
  BN_UNROLL for (int t = 0; t < T; t++) {
    bn_finish_avx2(w, a, y, t, row, mask, sums[0][t]);
    bn_finish_avx2(w, a, y, t, row + 8, mask >> 8, sums[1][t]);
  }
}

void bn_gemv_2bit_avx2(const bn_ternary* w, const bn_quantized* a, const bn_rows* y, int32_t count,
                       int32_t begin, int32_t end) {
  for (int32_t p = begin; p < end; p++) {
    switch (count) {
      case 1:
        product(w, a, y, p, 1);
        break;
      case 2:
        product(w, a, y, p, 2);
        break;
      case 3:
        product(w, a, y, p, 3);
        break;
      case 4:
        product(w, a, y, p, 4);
        break;
      default:
        break;
    }
  }
}

void bn_unpack_2bit_avx2(const uint8_t* panel, int32_t first, int32_t columns, uint8_t* quads) {
  const uint8_t* block = panel + 4 * (int64_t)first;
  for (int64_t k = 0; k < columns; k += 16) {
    const __m256i x0 = _mm256_load_si256((const __m256i*)(block + 4 * k));
    const __m256i x1 = _mm256_load_si256((const __m256i*)(block + 4 * k + 32));
    BN_UNROLL for (int f = 0; f < 4; f++) {
      uint8_t* quad = quads + 16 * k + BN_QUAD_BYTES * f;
      _mm256_store_si256((__m256i*)quad, field(x0, f));
      _mm256_store_si256((__m256i*)(quad + 32), field(x1, f));
    }
  }
}
