#include <arm_neon.h>

#include "common/bounds.h"
#include "common/unroll.h"

/*
 * Panels are read in two streams, each of which reads half of them, one panel after the
 * other: a third panel's sums would not leave registers enough for the rest.
 */
#define STREAMS 2
/* How far ahead of the codes in use the next ones of each stream are asked for. */
#define PREFETCH_BYTES 2048

/* Sums of a panel's rows, four to a register, with both bytes. */
typedef struct panel_sums {
  int32x4_t high[4];
  int32x4_t low[4];
} panel_sums;

/*
 * Adds the products of a block with eight high and, where B is 2, eight low bytes. A sum has at
 * most BN_MAX_COLUMNS products of at most 15 * 128: below 2^28.
 */
BN_INLINE void add_block(panel_sums* sums, const uint8_t* block, int8x8_t high, int8x8_t low,
                         const int B) {
  BN_UNROLL for (int i = 0; i < 4; i++) {
    const uint8x16_t codes = vld1q_u8(block + 16 * i);
    const int8x16_t left = vreinterpretq_s8_u8(vandq_u8(codes, vdupq_n_u8(15)));
    const int8x16_t right = vreinterpretq_s8_u8(vshrq_n_u8(codes, 4));
    sums->high[i] = vdotq_lane_s32(sums->high[i], left, high, 0);
    sums->high[i] = vdotq_lane_s32(sums->high[i], right, high, 1);
    if (B == 2) {
      sums->low[i] = vdotq_lane_s32(sums->low[i], left, low, 0);
      sums->low[i] = vdotq_lane_s32(sums->low[i], right, low, 1);
    }
  }
}

/* Bounds of P panels, first, first + step, ..., by B bytes. */
BN_INLINE void bound_panels(const bn_low_bit* s, const bn_activation16* x, const bn_bounds* bounds,
                            int32_t first, int32_t step, const int P, const int B) {
  const int64_t blocks = bn_coarse_panel_bytes(s) / 64;
  const int64_t apart = 64 * blocks * step;
  const uint8_t* block = s->coarse + 64 * blocks * first;
  panel_sums sums[STREAMS];
  BN_UNROLL for (int p = 0; p < P; p++) {
    BN_UNROLL for (int i = 0; i < 4; i++) { sums[p].high[i] = sums[p].low[i] = vdupq_n_s32(0); }
  }
  for (int64_t b = 0; b < blocks; b++, block += 64) {
    const int8x8_t high = vld1_s8(x->high + BN_COARSE_COLUMNS * b);
    const int8x8_t low = vld1_s8(x->low + BN_COARSE_COLUMNS * b);
    BN_UNROLL for (int p = 0; p < P; p++) {
      __builtin_prefetch(block + p * apart + PREFETCH_BYTES);
      add_block(&sums[p], block + p * apart, high, low, B);
    }
  }
  BN_UNROLL for (int p = 0; p < P; p++) {
    const int32_t panel = first + p * step;
    int32_t* to = bounds->sums + 32 * (int64_t)panel;
    BN_UNROLL for (int i = 0; i < 4; i++) {
      vst1q_s32(to + 4 * i, sums[p].high[i]);
      vst1q_s32(to + 16 + 4 * i, sums[p].low[i]);
    }
    bn_bound_panel(s, x, bounds, panel);
  }
}

/* By both bytes, or by the high one if all low ones are zero. */
BN_INLINE void bound_panels_by_bytes(const bn_low_bit* s, const bn_activation16* x,
                                     const bn_bounds* bounds, int32_t first, int32_t step,
                                     const int P) {
  if (x->low_is_zero) {
    bound_panels(s, x, bounds, first, step, P, 1);
  } else {
    bound_panels(s, x, bounds, first, step, P, 2);
  }
}

int32_t bn_bound_logits_dotprod(const bn_low_bit* s, const bn_activation16* x,
                                const bn_bounds* bounds, int32_t count, int32_t begin,
                                int32_t end) {
  const int32_t step = (end - begin) / STREAMS;
  for (int32_t i = 0; i < step; i++) {
    for (int32_t t = 0; t < count; t++) { /* the panels stay in a cache */
      bound_panels_by_bytes(s, x + t, bounds + t, begin + i, step, STREAMS);
    }
  }
  for (int32_t panel = begin + step * STREAMS; panel < end; panel++) {
    for (int32_t t = 0; t < count; t++) {
      bound_panels_by_bytes(s, x + t, bounds + t, panel, 1, 1);
    }
  }
  return BN_OK;
}
