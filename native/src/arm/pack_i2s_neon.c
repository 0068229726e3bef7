#include <arm_neon.h>

#include "common/pack_i2s.h"

/* (a & mask) | (b & ~mask). */
BN_INLINE uint8x16_t select_bits(uint8x16_t a, uint8x16_t b, uint8_t mask) {
  return vbslq_u8(vdupq_n_u8(mask), a, b);
}

/* 16 bytes of a row as words. */
BN_INLINE uint32x4_t words(const uint8_t* row) { return vreinterpretq_u32_u8(vld1q_u8(row)); }

/* The lower, or upper, halves of two vectors. */
BN_INLINE uint8x16_t lower(uint32x4_t a, uint32x4_t b) {
  return vreinterpretq_u8_u64(vzip1q_u64(vreinterpretq_u64_u32(a), vreinterpretq_u64_u32(b)));
}

BN_INLINE uint8x16_t upper(uint32x4_t a, uint32x4_t b) {
  return vreinterpretq_u8_u64(vzip2q_u64(vreinterpretq_u64_u32(a), vreinterpretq_u64_u32(b)));
}

/*
 * Weight 32 * g + 16 * h + 4 * f + j of a block, at bits 6 - 2 * g of its byte 16 * h + 4 * f + j,
 * goes to field f of panel block 2 * g + h, byte j of its row. So for each h the 32-bit words f of
 * four rows come together in d[f], and then the 4 x 4 two-bit fields of d[0..3] are transposed.
 */
static inline int pack_band(const uint8_t* const rows[BN_PANEL_ROWS], int32_t blocks,
                            uint8_t* out) {
  uint8x16_t threes = vdupq_n_u8(0);
  for (int part = 0; part < 8; part++) {
    const int h = part & 1;
    const int first = 2 * (part & 6); /* of four rows */
    const uint32x4_t r0 = words(rows[first] + 16 * h);
    const uint32x4_t r1 = words(rows[first + 1] + 16 * h);
    const uint32x4_t r2 = words(rows[first + 2] + 16 * h);
    const uint32x4_t r3 = words(rows[first + 3] + 16 * h);
    const uint32x4_t r01_low = vzip1q_u32(r0, r1);
    const uint32x4_t r01_high = vzip2q_u32(r0, r1);
    const uint32x4_t r23_low = vzip1q_u32(r2, r3);
    const uint32x4_t r23_high = vzip2q_u32(r2, r3);
    const uint8x16_t d0 = lower(r01_low, r23_low);
    const uint8x16_t d1 = upper(r01_low, r23_low);
    const uint8x16_t d2 = lower(r01_high, r23_high);
    const uint8x16_t d3 = upper(r01_high, r23_high);
    /* The lower of each two bits: set where both are. */
    threes = vorrq_u8(threes, vandq_u8(d0, vshrq_n_u8(d0, 1)));
    threes = vorrq_u8(threes, vandq_u8(d1, vshrq_n_u8(d1, 1)));
    threes = vorrq_u8(threes, vandq_u8(d2, vshrq_n_u8(d2, 1)));
    threes = vorrq_u8(threes, vandq_u8(d3, vshrq_n_u8(d3, 1)));
    const uint8x16_t low02 = select_bits(d0, vshlq_n_u8(d2, 4), 0x0f);
    const uint8x16_t high02 = select_bits(vshrq_n_u8(d0, 4), d2, 0x0f);
    const uint8x16_t low13 = select_bits(d1, vshlq_n_u8(d3, 4), 0x0f);
    const uint8x16_t high13 = select_bits(vshrq_n_u8(d1, 4), d3, 0x0f);
    const uint8x16_t packed[4] = {
        select_bits(vshrq_n_u8(high02, 2), high13, 0x33), /* bits 6 and 7: g = 0 */
        select_bits(high02, vshlq_n_u8(high13, 2), 0x33),
        select_bits(vshrq_n_u8(low02, 2), low13, 0x33),
        select_bits(low02, vshlq_n_u8(low13, 2), 0x33),
    };
    for (int g = 0; g < 4; g++) {
      if (2 * g + h < blocks) {
        vst1q_u8(out + 64 * (2 * g + h) + 4 * first, packed[g]);
      }
    }
  }
  return vmaxvq_u8(vandq_u8(threes, vdupq_n_u8(0x55))) != 0;
}

int32_t bn_pack_i2s_neon(const uint8_t* source, const bn_ternary* w, int32_t begin, int32_t end) {
  return bn_pack_i2s_by(pack_band, source, w, begin, end);
}
