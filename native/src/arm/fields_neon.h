/* Fields of two bits, four in a byte: ternary digits and the lower bits of low-bit copies. */
#ifndef BITNET_FIELDS_NEON_H
#define BITNET_FIELDS_NEON_H

#include <arm_neon.h>

#include "common/unroll.h"

/*
 * Field f of 16 bytes, times 4^(f % S): a field may stay where it is in its byte, or be moved
 * by the shift that others are moved by. S is 1, 2 or 3, so that no field is times 64, which would
 * reach -128 in a signed byte.
 */
BN_INLINE int8x16_t bn_field_neon(uint8x16_t x, const int f, const int S) {
  const int left = f % S; /* where the field is left */
  const uint8x16_t shifted = x >> 2 * (f - left);
  if (f == 3 && left == 0) { /* nothing is above it */
    return vreinterpretq_s8_u8(shifted);
  }
  return vreinterpretq_s8_u8(vandq_u8(shifted, vdupq_n_u8((uint8_t)(3 << 2 * left))));
}

#endif
