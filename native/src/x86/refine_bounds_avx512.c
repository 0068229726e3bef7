#include "bounds_avx512.h"
#include "common/unroll.h"

/* Panels whose rows are listed before any is added up, and the most rows of such a list. */
#define PANELS 32
#define ROWS (PANELS * BN_LOW_BIT_ROWS)
/*
 * Rows are read in streams: each reads a part of the list, one row after the other. They
 * share the loads of the bytes.
 */
#define STREAMS 4
/* How far ahead of the codes in use those of later rows are asked for. */
#define PREFETCH_BYTES 2048

/* Lists the rows of panels [begin, end) that reach the threshold, and says which as bit masks. */
static int32_t list_rows(const bn_low_bit* s, const bn_activation16* x, const bn_bounds* bounds,
                         int32_t begin, int32_t end, int32_t* list, __mmask16* masks) {
  int32_t count = 0;
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (int32_t panel = begin; panel < end; panel++) {
    const __mmask16 mask = bn_rows_to_refine_avx512(s, x, bounds, panel);
    const __m512i rows = _mm512_add_epi32(_mm512_set1_epi32(BN_LOW_BIT_ROWS * panel), lanes);
    /* Into a register first: to memory this instruction is slow on Zen 4. */
    _mm512_storeu_si512(list + count, _mm512_maskz_compress_epi32(mask, rows));
    count += __builtin_popcount(mask);
    masks[panel - begin] = mask;
  }
  return count;
}

/*
 * Adds up the codes of P rows of the list, which are step apart, times both bytes, into sums
 * [high, low] by row less first. Fields of two bits stay where they are in their bytes or are moved
 * there by four: a field of set s has 4^s times the code. A product is at most 12 * 128, and a lane
 * has at most BN_MAX_COLUMNS / 32 + 8 of them: sums stay below 2^23.
 */
BN_INLINE void add_rows(const bn_low_bit* s, const bn_activation16* x, const int32_t* list,
                        int32_t step, int32_t ahead, int32_t first, int32_t sums[2][ROWS],
                        const int P, const int B) {
  const int64_t row_bytes = bn_fine_row_bytes(s);
  const uint8_t* rows[STREAMS];
  const uint8_t* later[STREAMS];
  __m512i parts[STREAMS][2][2]; /* by row, byte and set */
  BN_UNROLL for (int p = 0; p < P; p++) {
    rows[p] = s->fine + row_bytes * list[p * step];
    later[p] = s->fine + row_bytes * list[p * step + ahead];
    BN_UNROLL for (int i = 0; i < 4; i++) { parts[p][i / 2][i % 2] = _mm512_setzero_si512(); }
  }
  for (int64_t b = 0; b < row_bytes; b += 64) {
    BN_UNROLL for (int half = 0; half < 2; half++) {
      const int8_t* high = x->high + 4 * b + 128 * half;
      const int8_t* low = x->low + 4 * b + 128 * half;
      BN_UNROLL for (int p = 0; p < P; p++) {
        if (half == 0) {
          _mm_prefetch((const char*)(later[p] + b), _MM_HINT_T0);
        }
        const __m512i codes = _mm512_srli_epi16(_mm512_load_si512(rows[p] + b), 4 * half);
        BN_UNROLL for (int f = 0; f < 2; f++) {
          const __m512i u = _mm512_and_si512(codes, _mm512_set1_epi8((char)(3 << 2 * f)));
          __m512i* part = &parts[p][0][f];
          *part = _mm512_dpbusd_epi32(*part, u, _mm512_load_si512(high + 64 * f));
          if (B == 2) {
            part = &parts[p][1][f];
            *part = _mm512_dpbusd_epi32(*part, u, _mm512_load_si512(low + 64 * f));
          }
        }
      }
    }
  }
  BN_UNROLL for (int p = 0; p < P; p++) {
    BN_UNROLL for (int d = 0; d < B; d++) {
      const __m512i sum = _mm512_add_epi32(parts[p][d][0], _mm512_srai_epi32(parts[p][d][1], 2));
      sums[d][list[p * step] - first] = _mm512_reduce_add_epi32(sum);
    }
  }
}

/* Adds up all rows of the list with B bytes: both, or the high one if all low ones are zero. */
BN_INLINE void add_list(const bn_low_bit* s, const bn_activation16* x, const int32_t* list,
                        int32_t count, int32_t first, int32_t sums[2][ROWS], const int B) {
  const int32_t ahead = (int32_t)(PREFETCH_BYTES / bn_fine_row_bytes(s)) + 1;
  const int32_t step = count / STREAMS;
  for (int32_t i = 0; i < step; i++) {
    const int32_t left = count - 1 - (i + step * (STREAMS - 1));
    add_rows(s, x, list + i, step, ahead < left ? ahead : left, first, sums, STREAMS, B);
  }
  for (int32_t i = step * STREAMS; i < count; i++) {
    add_rows(s, x, list + i, 0, 0, first, sums, 1, B);
  }
}

/* Refines panels [begin, end), at most PANELS, for one row of activations. */
static void refine_panels(const bn_low_bit* s, const bn_activation16* x, const bn_bounds* bounds,
                          int32_t begin, int32_t end) {
  if (bn_panels_reached(bounds, begin, end) == 0) {
    memset(bounds->panel_refined + begin, 0, (size_t)(end - begin) * sizeof(int32_t));
    return;
  }
  const int32_t first = BN_LOW_BIT_ROWS * begin;
  int32_t list[ROWS + BN_LOW_BIT_ROWS];
  __mmask16 masks[PANELS];
  _Alignas(64) int32_t sums[2][ROWS] = {{0}};
  const int32_t count = list_rows(s, x, bounds, begin, end, list, masks);
  if (x->low_is_zero) {
    add_list(s, x, list, count, first, sums, 1);
  } else {
    add_list(s, x, list, count, first, sums, 2);
  }
  for (int32_t panel = begin; panel < end; panel++) {
    const __mmask16 mask = masks[panel - begin];
    if (mask == 0) {
      bn_refine_panel(s, x, bounds, panel, 0, NULL, NULL);
      continue;
    }
    const int32_t* fine = sums[0] + BN_LOW_BIT_ROWS * (panel - begin);
    bn_refine_panel_avx512(s, x, bounds, panel, mask, _mm512_load_si512(fine),
                           _mm512_load_si512(fine + ROWS));
  }
}

/* Rows of activations take turns at as many panels as a cache holds. */
int32_t bn_refine_bounds_avx512(const bn_low_bit* s, const bn_activation16* x,
                                const bn_bounds* bounds, int32_t count, int32_t begin,
                                int32_t end) {
  for (int32_t from = begin; from < end; from += PANELS) {
    const int32_t to = end - from < PANELS ? end : from + PANELS;
    for (int32_t t = 0; t < count; t++) {
      refine_panels(s, x + t, bounds + t, from, to);
    }
  }
  return BN_OK;
}
